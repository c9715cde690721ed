"""Layers that work on the channels: ``shuffle 2``, ``slice 0:{C/2}``, ``scale 1e-6``."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.given import factor_tokens, read_factors
from cnncalc.layers.kernels import (
    CHANNELS_FIRST,
    FLOAT,
    FORMAT,
    INPUTS,
    NOTHING,
    PART,
    PART_WITH_GAPS,
    RESULT_RAISED,
    SAME,
    Kernel,
    Kernels,
)
from cnncalc.layers.operations import Box, Operations, State, StateTensor, channels_of, exact, scaled
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Factor, Function, OwnModule, Steps
from cnncalc.layers.written import Token, Words, flag, literal, of_float32, size, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("shuffle")
@dataclass(eq=False, repr=False)
class Shuffle(Layer):
    """``shuffle 2``: mixes the channels of several groups (ShuffleNet)."""

    groups: int

    kind = "shuffle"
    takes_vectors = True
    examples = ("8x8x4: shuffle 2",)

    @classmethod
    def read(cls, arguments: Arguments) -> Shuffle:
        return cls(arguments.groups("shuffle 2"))

    torch_calls = ("torch.nn.ChannelShuffle channel_shuffle(groups)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.channelwise(words(cls.kind, size((call["groups"],), "groups")))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        split = Function("unflatten", (1, (self.groups, sources[0].channels // self.groups)))
        # [N, g, C/g, …] → [N, C/g, g, …], and back to one dimension of channels
        return split, Function("movedim", (1, 2)), Function("flatten", (1, 2))

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        apart = len(channels) // self.groups
        return [value for first in range(apart) for channel in channels[first::apart] for value in channel]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        if self.groups in (1, sources[0].channels):  # the order stays: a view
            return ()
        return (Kernel("copy", sources[0].values, lies=CHANNELS_FIRST),)


@register("slice")
@dataclass(eq=False, repr=False)
class Slice(Layer):
    """``slice 0:{C/2}``: the channels from the first number up to, but without, the second.

    ``slice 0:64:2`` is every second one of them.
    """

    start: int
    stop: int
    step: int

    kind = "slice"
    takes_vectors = True
    examples = ("8x8x4: slice 1:3", "8x8x4: slice 1:4:2", "1x1x6: slice 0:6:2")

    @classmethod
    def read(cls, arguments: Arguments) -> Slice:
        text = arguments.text("size")
        if text is None or ":" not in text:
            hints = ["write `slice 0:32` for the first 32 channels"]
            raise Fault("missing-size", "slice needs its range of channels", about="size", hints=hints)
        first, _, rest = text.partition(":")
        last, stepped, every = rest.partition(":")
        start = arguments.whole_number(first, "size", 0)
        stop = arguments.whole_number(last, "size", 0)
        step = arguments.whole_number(every, "size", 1) if stepped else 1
        channels = arguments.channels
        if not start < stop <= channels:
            message = f"there are no channels {start}:{stop} in {channels} channels"
            raise Fault("out-of-range", message, about="size", hints=[f"the whole range is 0:{channels}"])
        return cls(start, stop, step)

    @classmethod
    def words(cls, start: int, stop: int, step: int = 1) -> Words:
        """Write a range of channels."""
        numbers = (start, stop) if step == 1 else (start, stop, step)
        return Words(cls.kind, (Token("", numbers, ("cut", "cut", "")[: len(numbers)], ":"),))

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_channels(len(range(self.start, self.stop, self.step)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        if self.step > 1 and self.output(sources).channels > 1:
            return (Function("every", (self.start, self.stop, self.step)),)
        return (Function("narrow", (1, self.start, self.output(sources).channels)),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        return [value for channel in channels[self.start : self.stop : self.step] for value in channel]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values = self.output(sources).values
        lies = PART if self.step == 1 else PART_WITH_GAPS
        lies = SAME if values == sources[0].values else lies
        return (Kernel("narrow", values, overwrites=True, lies=lies),)  # its gradient is one of all channels


@register("scale")
@dataclass(eq=False, repr=False)
class Scale(Layer):
    """``scale 1e-6``: a learned factor per channel that starts at this value (ConvNeXt's layer scale).

    With ``one`` it is a single learned number for all of them (ReZero).
    """

    start: float
    one: bool
    factors: tuple[float, ...] = ()
    fixed: bool = False

    kind = "scale"
    role = "normalisation"
    takes_vectors = True
    examples = (
        "8x8x4: scale 0.1",
        "1x1x6: scale",
        "8x8x4: scale 0 one",
        "1x1x6: scale one",
        "8x8x4: scale 0.5 fixed",
        "8x8x3: scale fixed kernel=[0.5 2 -1]",
        "1x1x3: scale kernel=[0.5 2 -1]",
        "1x1x6: scale 2 one fixed",
    )

    @classmethod
    def read(cls, arguments: Arguments) -> Scale:
        start, one = arguments.number("start", 1.0), arguments.flag("one")
        factors = read_factors(arguments, 1 if one else arguments.channels)
        if factors and "start" in arguments.places:
            hints = ["leave out the number, or leave out the list"]
            raise Fault("bad-option", "`kernel` sets what the number sets", about="kernel", hints=hints)
        return cls(start, one, factors, arguments.flag("fixed"))

    def is_fixed(self) -> bool:
        return self.fixed

    torch_calls = (
        "cnncalc.model.initialise.LearnedFactor(shape, start)",
        "cnncalc.model.modules.GivenFactor(learned)",
        "mul imul multiply(other)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.name == "GivenFactor":
            return call.channelwise(words(cls.kind, factor_tokens(call, "weight")))
        if call.name == "LearnedFactor":
            one = prod(call.learned("weight") or ()) == 1
            return call.channelwise(words(cls.kind, literal("", call["start"], 1.0), flag("one", one)))
        numbers = call.factor("other")
        if not numbers:
            return None
        value = call.common_value("other")
        start = 1.0 if value is None else of_float32(value)
        return call.elementwise(words(cls.kind, literal("", start, 1.0), flag("one", numbers == 1)))

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return () if self.fixed else (1,) if self.one else (sources[0].channels,)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        shape = (1,) if self.one else (sources[0].channels, *(() if vector else (1,) * sources[0].dimensions))
        if self.factors or self.fixed:
            return (OwnModule("GivenFactor", (shape, self.factors or (self.start,)), {"learned": not self.fixed}),)
        return (Factor(shape, self.start),)

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        ones = () if max(sources[0].spatial) == 1 else (1,) * sources[0].dimensions
        shape = (1,) if self.one else (sources[0].channels, *ones)
        start = self.factors or (self.start,)
        return (StateTensor("weight", shape, tuple(map(exact, start)), learned=not self.fixed),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        factors = state["weight"] * (len(channels) if self.one else 1)
        return [v for values, factor in zip(channels, factors, strict=True) for v in scaled(use, values, factor, None)]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values = sources[0].values  # the factors' gradient is computed for every value, then summed
        scale = Kernel("scale", values, keeps=INPUTS, parameters=self.tensors(sources), casts=RESULT_RAISED)
        scale = scale._replace(lies=FORMAT)
        if self.fixed:  # the gradient of what arrives needs the factors alone
            return (scale._replace(keeps=NOTHING, buffers=(FLOAT * (1 if self.one else sources[0].channels),)),)
        return (scale._replace(scratch=values),)
