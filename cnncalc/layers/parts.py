"""Layers across parts of the channels, position by position: ``groupsum 2``, ``groupmax 2``, ``maxout 2``, ``glu``."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources, Texts
from cnncalc.layers.constants import Times
from cnncalc.layers.kernels import BOTH, CHANNELS_FIRST, INPUTS, NEW, PASSED, RAISED_ON_CUDA, Kernel, Kernels
from cnncalc.layers.operations import Box, Operations, State, Value, channels_of
from cnncalc.layers.reductions import ChannelMax, ChannelMean, ChannelSum
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module
from cnncalc.layers.written import Words, size, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@dataclass(eq=False, repr=False)
class PartReduction(Layer):
    """A layer that makes one value of several channels at each position, and as many fewer channels."""

    count: int

    role = "pooling"
    takes_vectors = True
    function = ""
    axis = 1
    over = "groups"

    def caption(self) -> str:
        return f"{self.kind} {self.count}"

    @classmethod
    def read(cls, arguments: Arguments) -> PartReduction:
        return cls(arguments.groups(f"{arguments.word} 2"))

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_channels(sources[0].channels // self.count)

    @classmethod
    def words_of(cls, what: str, count: int) -> Words | None:
        """Return the layer for what an axis runs over."""
        return words(cls.kind, size((count,), "groups")) if what == cls.over else None

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        apart = sources[0].channels // self.count
        parts = (self.count, apart) if self.axis == 1 else (apart, self.count)
        return Function("unflatten", (1, parts)), Function(self.function, (self.axis,))

    @classmethod
    def reduced(cls, values: Box, use: Operations) -> Value:
        """Return the one value of several."""
        return use.total(values)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        apart = len(channels) // self.count
        made = [
            channels[place::apart] if self.axis == 1 else channels[place * self.count : (place + 1) * self.count]
            for place in range(apart)
        ]
        return [self.reduced(list(values), use) for own in made for values in zip(*own, strict=True)]


@register("groupsum")
class GroupSum(PartReduction):
    """``groupsum 2``: the sum of the first, the second, … channel of each of 2 equal parts (ResNeSt, SKNet)."""

    kind = "groupsum"
    function = "sum"
    torch_calls = (*ChannelSum.torch_calls, *ChannelMean.torch_calls)
    examples: ClassVar[Texts] = ("8x8x4: groupsum 2", "8x6: groupsum 3", "1x1x6: groupsum 2")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        total = ChannelSum.of(call.groups_first(call["dim"]), cls.words_of)
        if call.name != "mean" or total is None:
            return total
        return call.behind(total).elementwise(Times.words(prod(call.made) / prod(call.arriving)))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        total = Kernel("sum", self.output(sources).values, lies=CHANNELS_FIRST, casts=RAISED_ON_CUDA)
        # its gradient repeats the one that arrives; so it is a view, unless the parts have to stand in one dimension
        return (total._replace(gradient=PASSED if self.count in (1, sources[0].channels) else NEW),)


class PartMax(PartReduction):
    """The largest of several channels at each position."""

    function = "amax"

    @classmethod
    def reduced(cls, values: Box, use: Operations) -> Value:
        return use.largest(values, shared=True)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return ChannelMax.of(call, cls.words_of)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values, makes = sources[0].values, self.output(sources).values
        largest = Kernel("amax", makes, keeps=BOTH, lies=CHANNELS_FIRST)
        return (largest._replace(scratch=makes, scratch_bytes=values + 8 * makes),)


@register("groupmax")
class GroupMax(PartMax):
    """``groupmax 2``: the largest of the first, the second, … channel of each of 2 equal parts (max feature map)."""

    kind = "groupmax"
    torch_calls = ChannelMax.torch_calls
    examples: ClassVar[Texts] = ("8x8x4: groupmax 2", "8x6: groupmax 3", "1x1x6: groupmax 2")


@register("maxout")
class Maxout(PartMax):
    """``maxout 2``: the largest of every 2 channels that are neighbours (Goodfellow et al., 2013)."""

    kind = "maxout"
    role = "activation"
    axis = 2
    over = "neighbours"
    torch_calls = ChannelMax.torch_calls
    examples: ClassVar[Texts] = ("8x8x4: maxout 2", "8x6: maxout 3", "1x1x6: maxout 2")


@register("glu")
@dataclass(eq=False, repr=False)
class GatedLinearUnit(Layer):
    """``glu``: the first half of the channels, times the sigmoid of the second half (Dauphin et al., 2017)."""

    kind = "glu"
    role = "activation"
    takes_vectors = True
    output_is_free = True
    torch_calls = ("torch.nn.GLU glu(dim=-1)",)
    examples: ClassVar[Texts] = ("8x8x4: glu", "8x6: glu", "1x1x6: glu")

    @classmethod
    def read(cls, arguments: Arguments) -> GatedLinearUnit:
        channels = arguments.channels
        if channels % 2:
            hints = [f"fits with: {channels - 1 or 2} or {channels + 1} channels"]
            raise Fault("bad-groups", f"glu halves the channels, and {channels} are not an even number", hints=hints)
        return cls()

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_channels(sources[0].channels // 2)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.halved(Words(cls.kind), call["dim"])

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("GLU", dim=1),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        from cnncalc.layers.curves import sigmoid  # only values need it

        half = len(arriving[0]) // 2
        gates = [use.mapped("sigmoid", value, sigmoid) for value in arriving[0][half:]]
        return list(map(use.product, arriving[0][:half], gates))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("glu", self.output(sources).values, keeps=INPUTS, lies=CHANNELS_FIRST),)
