"""How windows are written: stride, padding, dilation and rounding of a kernel."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments, Pair
from cnncalc.layers.window import Window

Windows = tuple[tuple[Window, ...], str]
"""One window per dimension, and how to round where they do not fit."""


def read_windows(arguments: Arguments, kernel: Sequence[int], stride: Sequence[int], pad: str = "0") -> Windows:
    """Read stride, dilation, padding and rounding for a kernel that is known already.

    ``stride`` and ``pad`` are what holds where nothing is written. ``same`` fits by its definition, even
    where a window smaller than its stride leaves the last values unread.
    """
    strides = arguments.per_dimension("stride", stride)
    dilations = arguments.per_dimension("dilation", (1,) * len(kernel))
    mode = arguments.one_of("same", "valid")
    rounding = arguments.one_of("strict", "floor", "ceil") or ("floor" if mode == "same" else arguments.rounding)
    pads = arguments.padding("pad", pad)
    if mode and "pad" in arguments.places:
        hints = [f"leave out `{mode}`, or leave out the padding"]
        raise Fault("bad-option", f"`{mode}` sets the padding itself", about="pad", hints=hints)
    if mode == "valid":
        pads = ((0, 0),) * len(kernel)
    if mode == "same":
        cells = zip(kernel, strides, dilations, arguments.source.spatial, strict=True)
        pads = tuple([keeping(*cell) for cell in cells])
    return _windows(list(zip(kernel, strides, pads, dilations, strict=True))), rounding


def _windows(cells: Sequence[tuple[int, int, Pair, int]]) -> tuple[Window, ...]:
    """Return the windows of kernels, strides, paddings and dilations; equal ones, as most are, are one object."""
    several = 1 if cells.count(cells[0]) == len(cells) else len(cells)
    windows = tuple([Window(k, s, before, after, d) for k, s, (before, after), d in cells[:several]])
    return windows * (len(cells) // several)


def keeping(kernel: int, stride: int, dilation: int, size: int) -> tuple[int, int]:
    """Return the padding for ``same``: output = ceil(size/stride), the odd value after (TensorFlow)."""
    outputs = -(-size // stride)
    total = max(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, total - total // 2
