"""Exact numbers for convolutional networks that are written as a few lines of text.

    >>> import cnncalc
    >>> net = cnncalc.load("conv 5x5x10 s1 p2", input="32x32x3")
    >>> net.output, net.params, net.macs
    (Volume(32x32x10), 760, 768000)

Importing this package imports no torch. `build`, which makes a PyTorch module of a network, does, and so does
`from_torch`, the way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncalc.analysis import Counts, count
    from cnncalc.core.errors import (
        ArgumentError,
        ArgumentTypeError,
        CnncalcError,
        DataError,
        DeviceError,
        RunError,
        SpecError,
        WriteError,
    )
    from cnncalc.core.volume import Volume
    from cnncalc.library import build, compute, from_torch, largest_batch, load, predict_mcu, predict_memory
    from cnncalc.network import Network, Node
    from cnncalc.runs import load_run, train_network
    from cnncalc.times import bound_time, measure_time

__version__ = "0.1.0"
__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CnncalcError",
    "Counts",
    "DataError",
    "DeviceError",
    "Network",
    "Node",
    "RunError",
    "SpecError",
    "Volume",
    "WriteError",
    "bound_time",
    "build",
    "compute",
    "count",
    "from_torch",
    "largest_batch",
    "load",
    "load_run",
    "measure_time",
    "predict_mcu",
    "predict_memory",
    "train_network",
]

_WHERE = {
    "cnncalc.analysis": ("Counts", "count"),
    "cnncalc.core.errors": (
        "ArgumentError",
        "ArgumentTypeError",
        "CnncalcError",
        "DataError",
        "DeviceError",
        "RunError",
        "SpecError",
        "WriteError",
    ),
    "cnncalc.core.volume": ("Volume",),
    "cnncalc.library": ("build", "compute", "from_torch", "largest_batch", "load", "predict_mcu", "predict_memory"),
    "cnncalc.network": ("Network", "Node"),
    "cnncalc.runs": ("load_run", "train_network"),
    "cnncalc.times": ("bound_time", "measure_time"),
}
"""The names of each module, which is imported when one of them is asked for.

A program that imports a part of the package, as the command line does to handle Ctrl-C first, loads no other.
"""


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    from importlib import import_module

    module = next((module for module, names in _WHERE.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(module), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
