"""Layers of a package that is not this one; `tests/layers/test_own_layers.py` installs it for a while."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers import Arguments, Layer, Reach
from cnncalc.layers.base import Sources, Texts
from cnncalc.layers.kernels import INPUTS, LOWERED, Extra, Kernel, Kernels, order_of_images
from cnncalc.layers.operations import Box, Number, Operations, State, exact
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Module, Steps, fixed, module
from cnncalc.layers.window import Window, Windowed
from cnncalc.layers.written import each, literal, option, size, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("softshrink")
@dataclass(eq=False, repr=False)
class Softshrink(Layer):
    """``softshrink 0.5``: every value moves towards 0 by so much, and a smaller one becomes 0."""

    distance: float

    kind: ClassVar[str] = "softshrink"
    role: ClassVar[str] = "activation"
    takes_vectors: ClassVar[bool] = True
    examples: ClassVar[Texts] = ("8x8x4: softshrink", "8x4: softshrink 0.1", "1x1x6: softshrink")
    torch_calls: ClassVar[Texts] = ("torch.nn.Softshrink softshrink(lambd=0.5)",)

    @classmethod
    def read(cls, arguments: Arguments) -> Softshrink:
        distance = arguments.number("distance", 0.5)
        if distance < 0:
            raise Fault("out-of-range", f"a distance is at least 0, not {distance:g}", about="distance")
        return cls(distance)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.elementwise(words(cls.kind, literal("", call["lambd"], 0.5)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("Softshrink", self.distance),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        distance = exact(self.distance)

        def curve(x: Number) -> tuple[Number, Number]:
            return (0, 0) if abs(x) <= distance else (x - distance if x > 0 else x + distance, 1)

        return [use.mapped(self.kind, value, curve) for value in arriving[0]]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("softshrink", sources[0].values, keeps=INPUTS),)


@register("blur")
@dataclass(eq=False, repr=False)
class Blur(Windowed):
    """``blur 3 s2``: a fixed binomial filter for each channel (Zhang, 2019)."""

    kind: ClassVar[str] = "blur"
    role: ClassVar[str] = "pooling"
    examples: ClassVar[Texts] = ("8x8x4: blur 3 s2", "9x4: blur 5", "4x4x4x2: blur 3")
    torch_calls: ClassVar[Texts] = ("conv{n}d(weight, bias=None, stride=1, padding=0, dilation=1, groups=1)",)

    @classmethod
    def read(cls, arguments: Arguments) -> Blur:
        sides = arguments.spread(arguments.size("`blur 3`: the side of the filter"), "size")
        strides = arguments.per_dimension("stride", (1,) * len(sides))
        windows = [Window(side, stride, side // 2, side // 2) for side, stride in zip(sides, strides, strict=True)]
        return cls(tuple(windows), "floor")

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_spatial(self.spatial(sources[0]))

    def mac_factors(self, sources: Sources) -> tuple[int, ...]:
        return (*self.output(sources), *self.setting("kernel"))

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        inner = values = call.fixed("weight")
        sides = []
        while isinstance(inner, tuple):
            sides.append(len(inner))
            inner = inner[0]
        kernel = tuple(sides[2:])
        if values is None or values != ((binomial(kernel),),) * call.source.channels:
            return None
        stride = option("s", "stride", each(call["stride"], len(kernel)), 1)
        return call.sliding(words(cls.kind, size(kernel, "size"), stride))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        channels, sides = sources[0].channels, self.setting("kernel")
        settings = {"stride": self.setting("stride"), "padding": self.setting("before"), "groups": channels}
        return (fixed(f"conv{len(sides)}d", binomial(sides), (channels, 1, *sides), **settings),)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values = sources[0].channels * prod(self.setting("kernel"))
        filters = Kernel("convolution", self.output(sources).values, keeps=INPUTS, buffers=(4 * values,), casts=LOWERED)
        lies = order_of_images(sources[0].dimensions)
        return (filters._replace(extras=(Extra(fixed=values, lowered=True),), lies=lies),)


def binomial(sides: tuple[int, ...]) -> Any:
    """Return the filter, whose sum is 1, as tuples in tuples."""
    if not sides:
        return 1.0
    count = sides[0] - 1
    return tuple([scaled(binomial(sides[1:]), comb(count, place) / 2**count) for place in range(sides[0])])


def scaled(values: Any, factor: float) -> Any:
    return tuple([scaled(value, factor) for value in values]) if isinstance(values, tuple) else values * factor


@register("separable")
@dataclass(eq=False, repr=False)
class Separable(Layer):
    """``separable 3x8``: a depthwise convolution of this side that keeps the size, and a 1x1 convolution."""

    side: int
    filters: int

    kind: ClassVar[str] = "separable"
    role: ClassVar[str] = "convolution"
    output_is_free: ClassVar[bool] = True
    examples: ClassVar[Texts] = ("8x8x4: separable 3x6",)

    @classmethod
    def read(cls, arguments: Arguments) -> Separable:
        return cls(*arguments.size("`separable 3x8`: the side, and the number of filters"))

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_channels(self.filters)

    def tensors(self, sources: Sources) -> tuple[int, ...]:
        channels = sources[0].channels
        return channels * self.side**2, channels * self.filters

    def weights(self, sources: Sources) -> int:
        return sum(self.tensors(sources))

    def macs(self, sources: Sources) -> int:
        return prod(sources[0].spatial) * self.weights(sources)

    def reach(self, source: Volume, axis: int) -> Reach:
        return Reach(((-(self.side // 2), self.side - 1 - self.side // 2),), 1)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        channels, pad = sources[0].channels, self.side // 2
        settings = {"padding": pad, "groups": channels, "bias": False}
        return (
            Module("Conv2d", (channels, channels, self.side), settings, label="depthwise"),
            Module("Conv2d", (channels, self.filters, 1), {"bias": False}, label="pointwise"),
        )

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        first, second = self.tensors(sources)
        depthwise = Kernel("convolution", sources[0].values, keeps=INPUTS, parameters=(first,), casts=LOWERED)
        pointwise = Kernel("convolution", self.output(sources).values, keeps=INPUTS, parameters=(second,))
        return depthwise, pointwise._replace(casts=LOWERED)
