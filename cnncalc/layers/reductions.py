"""Layers that make one value of all channels at each position: ``channelmean``, ``channelmax``, ``channelsum``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.volume import Volume
from cnncalc.layers.base import Layer, Sources, Texts
from cnncalc.layers.kernels import BOTH, CHANNELS_FIRST, PASSED, RAISED_ON_CUDA, Kernel, Kernels
from cnncalc.layers.operations import Box, Operations, State, Value, at_positions
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps
from cnncalc.layers.written import Unsayable, Words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@dataclass(eq=False, repr=False)
class ChannelReduction(Layer):
    """A layer that makes one value of all channels at each position."""

    role = "pooling"
    takes_vectors = True
    function = ""

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_channels(1)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return cls.of(call, cls.words_of)

    @classmethod
    def of(cls, call: TorchCall, words_of: Callable[[str, int], Words | None]) -> Any:
        """Read a reduction over an axis; ``words_of`` says which layer it is for what the axis runs over."""
        axis = call["dim"]
        axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
        if len(axes) != 1 or not isinstance(axes[0], int):
            raise Unsayable("it works over the channels alone")
        what, size = call.along(axes[0])
        if what == "one":
            return call.without(axes[0], bool(call["keepdim"]))
        found = words_of(what, size)
        return call.reduced(found, axes[0], bool(call["keepdim"])) if found else None

    @classmethod
    def words_of(cls, what: str, size: int) -> Words | None:
        """Return the layer for what an axis runs over."""
        return Words(cls.kind) if what == "channels" else None

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Function(self.function, (1,), {"keepdim": True}),)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel(self.function, prod(sources[0].spatial), lies=CHANNELS_FIRST),)

    @classmethod
    def reduced(cls, values: Box, use: Operations) -> Value:
        """Return the one value of several."""
        raise NotImplementedError

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        return [self.reduced(across, use) for across in at_positions(arriving[0], sources[0].channels)]


@register("channelmean")
class ChannelMean(ChannelReduction):
    """``channelmean``: the mean of the channels at each position (CBAM)."""

    kind = "channelmean"
    function = "mean"
    torch_calls = ("mean(dim=None, keepdim=False, dtype=None)",)
    examples: ClassVar[Texts] = ("8x8x4: channelmean", "8x4: channelmean", "1x1x6: channelmean")

    @classmethod
    def reduced(cls, values: Box, use: Operations) -> Value:
        return use.mean(values)


@register("channelsum")
class ChannelSum(ChannelReduction):
    """``channelsum``: the sum of the channels at each position."""

    kind = "channelsum"
    function = "sum"
    torch_calls = ("sum(dim=None, keepdim=False, dtype=None)",)
    examples: ClassVar[Texts] = ("8x8x4: channelsum", "4x4x4x2: channelsum", "1x1x6: channelsum")

    @classmethod
    def reduced(cls, values: Box, use: Operations) -> Value:
        return use.total(values)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        (total,) = super().kernels(sources, overwrites)
        return (total._replace(casts=RAISED_ON_CUDA, gradient=PASSED),)


@register("channelmax")
class ChannelMax(ChannelReduction):
    """``channelmax``: the largest of the channels at each position (CBAM)."""

    kind = "channelmax"
    function = "amax"
    torch_calls = ("amax(dim=None, keepdim=False)", "max(dim=None, keepdim=False)")
    examples: ClassVar[Texts] = ("8x8x4: channelmax", "8x4: channelmax", "1x1x6: channelmax")

    @classmethod
    def of(cls, call: TorchCall, words_of: Callable[[str, int], Words | None]) -> Any:
        largest = super().of(call, words_of)
        return [largest, None] if largest and call.name == "max" else largest  # torch.max also says where they are

    @classmethod
    def reduced(cls, values: Box, use: Operations) -> Value:
        return use.largest(values, shared=True)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        (largest,) = super().kernels(sources, overwrites)
        # backward, a mask says where the maxima are, and a count (int64) how many of them share the gradient
        values, positions = sources[0].values, prod(sources[0].spatial)
        return (largest._replace(keeps=BOTH, scratch=positions, scratch_bytes=values + 8 * positions),)
