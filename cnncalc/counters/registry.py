"""The counters by their names."""

from __future__ import annotations

from cnncalc.counters.counter import ForeignCounter
from cnncalc.counters.fvcore import Fvcore
from cnncalc.counters.ptflops import Ptflops
from cnncalc.counters.thop import Thop
from cnncalc.counters.torchinfo import Torchinfo

COUNTERS: dict[str, ForeignCounter] = {counter.name: counter for counter in (Fvcore(), Thop(), Ptflops(), Torchinfo())}
"""In the order in which they are listed."""
