"""Pooling: windows (``maxpool 3x3 s2 p1``), global (``gap``) and adaptive (``adaptiveavgpool 7x7``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import ClassVar

from cnncalc.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import MAX_WINDOWS, UNKNOWN_REACH, Layer, Reach, Sources
from cnncalc.layers.registry import register
from cnncalc.layers.window import Window, Windowed, Windows, read_windows
from cnncalc.volume import Volume


@dataclass(eq=False, repr=False)
class Pool(Windowed):
    """A pool over windows; the stride is the window unless it is written."""

    @classmethod
    def read(cls, arguments: Arguments) -> Pool:
        return cls(*cls.read_pool(arguments))

    @classmethod
    def read_pool(cls, arguments: Arguments, *, dilates: bool = False) -> Windows:
        """Read the window, the stride, the padding and the rounding."""
        if arguments.head:
            size: tuple[int, ...] = (arguments.whole_number(arguments.head, "size", 1),)
        else:
            size = arguments.size(f"`{arguments.word} 2x2` or `{arguments.word} 3x3 s2`")
        kernel = arguments.spread(size, "size")
        windows, rounding = read_windows(arguments, kernel, kernel)
        if not dilates and "dilation" in arguments.places:
            raise Fault("bad-option", f"{arguments.word} has no dilation", about="dilation")
        if "pad" in arguments.places:
            _check_padding(windows)
        return windows, rounding

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_spatial(self.spatial(sources[0]))


def _check_padding(windows: Sequence[Window]) -> None:
    """Refuse a written padding of more than half the kernel, as PyTorch does; dilation does not count."""
    for window in windows:
        half, most = window.kernel // 2, max(window.before, window.after)
        if most > half:
            raise Fault(
                "bad-option",
                f"the padding of a pool is at most half its kernel: {half}, not {most}",
                about="pad",
                hints=["more padding would make windows that see nothing but padding"],
            )


@register("pool", "maxpool", heads=r"\d+")
@dataclass(eq=False, repr=False)
class MaxPool(Pool):
    """``pool 2x2 s2``, ``maxpool 3x3 s2 p1``; ``pool2`` is 2x2 with stride 2."""

    kind: ClassVar[str] = "pool"

    @classmethod
    def read(cls, arguments: Arguments) -> MaxPool:
        return cls(*cls.read_pool(arguments, dilates=True))


@register("minpool", heads=r"\d+")
@dataclass(eq=False, repr=False)
class MinPool(Pool):
    """``minpool 2x2``: the smallest value of each window."""

    kind: ClassVar[str] = "minpool"

    @classmethod
    def read(cls, arguments: Arguments) -> MinPool:
        return cls(*cls.read_pool(arguments, dilates=True))


@register("avgpool", heads=r"\d+")
@dataclass(eq=False, repr=False)
class AveragePool(Pool):
    """``avgpool 2x2``; with ``nopad`` the padding is left out of the mean."""

    count_padding: bool

    kind: ClassVar[str] = "avgpool"

    @classmethod
    def read(cls, arguments: Arguments) -> AveragePool:
        windows, rounding = cls.read_pool(arguments)
        return cls(windows, rounding, not arguments.flag("nopad"))


@register("lppool", heads=r"\d+")
@dataclass(eq=False, repr=False)
class PowerPool(Pool):
    """``lppool 2x2 norm=2``: the p-norm of each window."""

    norm: float

    kind: ClassVar[str] = "lppool"

    @classmethod
    def read(cls, arguments: Arguments) -> PowerPool:
        norm = arguments.decimal("norm", 2)
        if norm <= 0:
            raise Fault("out-of-range", f"norm is larger than 0, not {norm:g}", about="norm")
        windows, rounding = cls.read_pool(arguments)
        return cls(windows, rounding, norm)


@dataclass(eq=False, repr=False)
class AdaptivePool(Layer):
    """A pool that makes a given output size; output i of n averages inputs ⌊i·W/n⌋ to ⌈(i+1)·W/n⌉ − 1."""

    size: tuple[int, ...]

    @classmethod
    def read(cls, arguments: Arguments) -> AdaptivePool:
        size = arguments.size(f"`{arguments.word} 7x7`: the size of the output")
        return cls(arguments.spread(size, "size"))

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_spatial(self.size)

    def reach(self, source: Volume, axis: int) -> Reach | None:
        inputs, outputs = source.spatial[axis], self.size[axis]
        common = gcd(inputs, outputs)
        period, shift = outputs // common, inputs // common
        if period == shift == 1:
            return None
        if period > MAX_WINDOWS:
            return UNKNOWN_REACH
        return Reach(tuple([(i * shift // period, -(-(i + 1) * shift // period) - 1) for i in range(period)]), shift)


@register("adaptiveavgpool")
@dataclass(eq=False, repr=False)
class AdaptiveAveragePool(AdaptivePool):
    """``adaptiveavgpool 7x7``"""

    kind: ClassVar[str] = "adaptiveavgpool"


@register("adaptivemaxpool")
@dataclass(eq=False, repr=False)
class AdaptiveMaxPool(AdaptivePool):
    """``adaptivemaxpool 7x7``"""

    kind: ClassVar[str] = "adaptivemaxpool"


@register("gap")
@dataclass(eq=False, repr=False)
class GlobalAveragePool(AdaptiveAveragePool):
    """``gap``: the mean over all positions."""

    kind: ClassVar[str] = "gap"

    @classmethod
    def read(cls, arguments: Arguments) -> GlobalAveragePool:
        return cls((1,) * arguments.source.dimensions)


@register("gmp")
@dataclass(eq=False, repr=False)
class GlobalMaxPool(AdaptiveMaxPool):
    """``gmp``: the maximum over all positions."""

    kind: ClassVar[str] = "gmp"

    @classmethod
    def read(cls, arguments: Arguments) -> GlobalMaxPool:
        return cls((1,) * arguments.source.dimensions)
