"""What other tools counted, as ``benchmarks/counters.py`` wrote it, and the small networks among it."""

from __future__ import annotations

import csv
from pathlib import Path

import cnncalc
from cnncalc.layers import layers
from tests.layers.helpers import example

EXAMPLES = [text for layer in layers() for text in layer.examples]


def table(name: str) -> list[dict[str, str]]:
    """Read a table below its line of versions."""
    versions, *lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    assert versions.startswith("# torch ")
    return list(csv.DictReader(lines))


def behind_a_convolution(text: str) -> cnncalc.Network:
    """Return an example of a layer behind a convolution, or alone where it does not fit there."""
    try:
        return example(text, "conv {ones}8 - {}")
    except cnncalc.SpecError:
        return example(text)
