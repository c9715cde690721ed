"""How windows are written: stride, padding, dilation and rounding of a kernel."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.window import Window, keeping

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
    return tuple([Window(k, s, *p, d) for k, s, p, d in zip(kernel, strides, pads, dilations, strict=True)]), rounding
