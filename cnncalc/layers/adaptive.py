"""Pools that make a given size: global (``gap``) and adaptive (``adaptiveavgpool 7x7``)."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import MAX_WINDOWS, UNKNOWN_REACH, Layer, Reach, Sources, Texts
from cnncalc.layers.captions import sizes
from cnncalc.layers.constants import Times
from cnncalc.layers.kernels import INPUTS, NOTHING, Kernels, max_pooled, order_of_pool, pooled
from cnncalc.layers.operations import Box, Operations, State, Value, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Steps, module
from cnncalc.layers.taps import places
from cnncalc.layers.written import Unsayable, Words, size, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@dataclass(eq=False, repr=False)
class AdaptivePool(Layer):
    """A pool that makes a given output size; output i of n averages inputs ⌊i·W/n⌋ to ⌈(i+1)·W/n⌉ − 1."""

    size: tuple[int, ...]

    role = "pooling"
    windows_vary = True
    called = ""
    whole = ""  # the word of the pool that is global
    torch_name = ""

    def caption(self) -> str:
        return f"{self.called} to {sizes(self.size)}" if self.called else self.kind

    @classmethod
    def read(cls, arguments: Arguments) -> AdaptivePool:
        size = arguments.size("`{0} 7x7`: the size of the output")
        return cls(arguments.spread(size, "size"))

    @property
    def output_is_free(self) -> bool:  # type: ignore[override]  # PyTorch's 1-D pool is a view of a 2-D one
        return len(self.size) > 1

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_spatial(self.size)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        def written(sizes: tuple[int, ...]) -> Words:
            return Words(cls.whole) if max(sizes) == 1 else words(cls.kind, size(sizes, "size"))

        if call.name in ("mean", "sum", "amax", "max"):
            return call.over_positions(written)
        _refuse_places(call)
        call, wanted = call.settled(), call["output_size"]
        wanted = wanted if isinstance(wanted, tuple | list) else (wanted,) * call.source.dimensions
        sizes = [old if new is None else int(new) for new, old in zip(wanted, call.source.spatial, strict=True)]
        return call.sliding(written(tuple(sizes)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module(self.torch_name, self.size, dimensions=sources[0].dimensions),)

    def pooled(self, window: Box, use: Operations) -> Value:
        """Return the one value of a window."""
        raise NotImplementedError

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        cells = zip(sources[0].spatial, self.size, strict=True)
        axes = [[range(i * size // n, -(-(i + 1) * size // n)) for i in range(n)] for size, n in cells]
        windows = list(places(axes, sources[0].spatial))
        channels = channels_of(arriving[0], sources[0].channels)
        return [self.pooled([channel[place] for place in window], use) for channel in channels for window in windows]

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
class AdaptiveAveragePool(AdaptivePool):
    """``adaptiveavgpool 7x7``"""

    kind = "adaptiveavgpool"
    called = "avg pool"
    whole = "gap"
    torch_name = "AdaptiveAvgPool"
    torch_calls = (
        "torch.nn.AdaptiveAvgPool{n}d adaptive_avg_pool{n}d(output_size)",
        "mean sum(dim=None, keepdim=False, dtype=None)",
    )
    examples: ClassVar[Texts] = ("8x8x4: adaptiveavgpool 3x3", "8x4: adaptiveavgpool 2")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        mean = super().from_torch(call)
        if call.name != "sum":
            return mean
        return call.behind(mean).elementwise(Times.words(prod(call.arriving) / prod(call.made)))

    def pooled(self, window: Box, use: Operations) -> Value:
        return use.mean(window)

    @property
    def repeats_exactly_on_cuda(self) -> bool:  # type: ignore[override]  # a mean over everything does
        return max(self.size) == 1

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        keeps = NOTHING if max(self.size) == 1 else INPUTS  # PyTorch takes a mean over all positions
        pool = pooled("adaptive_avg_pool", sources, self.output(sources).values)
        return (pool._replace(keeps=keeps, lies=order_of_pool(len(self.size))),)


@register("adaptivemaxpool")
class AdaptiveMaxPool(AdaptivePool):
    """``adaptivemaxpool 7x7``"""

    kind = "adaptivemaxpool"
    called = "max pool"
    whole = "gmp"
    torch_name = "AdaptiveMaxPool"
    torch_calls = (
        "torch.nn.AdaptiveMaxPool{n}d adaptive_max_pool{n}d(output_size, return_indices=False)",
        "amax max(dim=None, keepdim=False)",
    )
    repeats_exactly_on_cuda = False
    examples: ClassVar[Texts] = ("8x8x4: adaptivemaxpool 3x3",)

    def pooled(self, window: Box, use: Operations) -> Value:
        return use.largest(window)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        largest = super().from_torch(call)
        return [largest, None] if call.name == "max" else largest  # torch.max also says where they are

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        pool = max_pooled("adaptive_max_pool", sources, self.output(sources).values)
        return (pool._replace(lies=order_of_pool(len(self.size))),)


@register("gap")
class GlobalAveragePool(AdaptiveAveragePool):
    """``gap``: the mean over all positions."""

    kind = "gap"
    called = ""
    other_names = (
        ("gap", "globalavgpool globalaveragepooling2d adaptiveavgpool2d", r"global av(?:era)?ge? ?pool(?:ing)?"),
    )
    examples = ("8x8x4: gap",)

    @classmethod
    def read(cls, arguments: Arguments) -> GlobalAveragePool:
        return cls((1,) * arguments.dimensions)


@register("gmp")
class GlobalMaxPool(AdaptiveMaxPool):
    """``gmp``: the maximum over all positions."""

    kind = "gmp"
    called = ""
    other_names = (("gmp", "", r"global max(?:imum)? ?pool(?:ing)?"),)
    examples = ("8x8x4: gmp",)

    @classmethod
    def read(cls, arguments: Arguments) -> GlobalMaxPool:
        return cls((1,) * arguments.dimensions)


def _refuse_places(call: TorchCall) -> None:
    """Refuse a max pool of PyTorch that returns where the maxima were."""
    if call["return_indices"]:
        raise Unsayable("it returns where the maxima were")
