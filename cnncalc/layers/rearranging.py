"""Layers that put the same values elsewhere: ``pixelshuffle 2``, ``pixelunshuffle 2``, ``reshape 7x7x256``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import MAX_WINDOWS, UNKNOWN_REACH, Layer, Reach, Sources, Texts
from cnncalc.layers.captions import sizes
from cnncalc.layers.dimension_names import axis_name
from cnncalc.layers.kernels import CHANNELS_FIRST, FORMAT, PASSED, ROWS, Kernel, Kernels
from cnncalc.layers.operations import Box, Operations, State, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module
from cnncalc.layers.written import Token, Words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


def _factor(arguments: Arguments) -> int:
    """Read one factor, for two spatial dimensions."""
    source, word = arguments.source, arguments.word
    size = arguments.size(f"`{word} 2`: the factor")
    if len(size) != 1:
        raise Fault("bad-size", f"{word} takes one factor", about="size")
    if source.dimensions != 2:
        message = f"{word} works in 2 spatial dimensions; the input {source} has {source.dimensions}"
        raise Fault("bad-size", message, about="size")
    return size[0]


@register("pixelshuffle")
@dataclass(eq=False, repr=False)
class PixelShuffle(Layer):
    """``pixelshuffle 2``: r·r channels become r x r positions (2-D only, as PyTorch's)."""

    factor: int

    kind = "pixelshuffle"
    windows_vary = True
    role = "enlarging"
    examples = ("8x8x8: pixelshuffle 2",)

    @classmethod
    def read(cls, arguments: Arguments) -> PixelShuffle:
        source, factor = arguments.source, _factor(arguments)
        square = factor**2
        if source.channels % square:
            raise Fault(
                "bad-groups",
                f"pixelshuffle {factor} needs channels that {factor}·{factor} divides, not {source.channels}",
                about="size",
                detail=f"{source.channels}/{square} = {source.channels // square} remainder {source.channels % square}",
                hints=[f"fits with: {-(-source.channels // square) * square} channels"],
            )
        return cls(factor)

    torch_calls = ("torch.nn.PixelShuffle pixel_shuffle(upscale_factor)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.sliding(Words(cls.kind, (Token("", (call["upscale_factor"],), ("size",)),)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("PixelShuffle", self.factor),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        (height, width), factor = sources[0].spatial, self.factor
        channels = channels_of(arriving[0], sources[0].channels)
        return [
            channels[(c * factor + row % factor) * factor + column % factor][row // factor * width + column // factor]
            for c in range(len(channels) // factor**2)
            for row in range(height * factor)
            for column in range(width * factor)
        ]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("copy", sources[0].values, lies=FORMAT),)

    def output(self, sources: Sources) -> Volume:
        sizes = [size * self.factor for size in sources[0].spatial]
        return Volume.of(sizes, sources[0].channels // self.factor**2)

    def reach(self, source: Volume, axis: int) -> Reach | None:
        if self.factor == 1:
            return None
        return Reach(((0, 0),) * self.factor, 1) if self.factor <= MAX_WINDOWS else UNKNOWN_REACH

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        return tuple([f"{size}·{self.factor}" for size in sources[0].spatial])


@register("pixelunshuffle")
@dataclass(eq=False, repr=False)
class PixelUnshuffle(Layer):
    """``pixelunshuffle 2``: r x r positions become r·r channels (2-D only, as PyTorch's): space to depth."""

    factor: int

    kind = "pixelunshuffle"
    other_names = (("pixelunshuffle", "spacetodepth space_to_depth reorg passthrough", r"space[- ]to[- ]depth"),)
    examples = ("8x8x4: pixelunshuffle 2", "9x6x2: pixelunshuffle 3")

    @classmethod
    def read(cls, arguments: Arguments) -> PixelUnshuffle:
        factor = _factor(arguments)
        for axis, size in enumerate(arguments.source.spatial):
            if size % factor:
                name, low = axis_name(axis, 2), size - size % factor
                raise Fault(
                    "bad-size",
                    f"pixelunshuffle {factor} needs a {name} that {factor} divides, not {size}",
                    about="size",
                    detail=f"{size}/{factor} = {size // factor} remainder {size % factor}",
                    hints=[f"fits with: a {name} of {' or '.join([str(fit) for fit in (low, low + factor) if fit])}"],
                )
        return cls(factor)

    torch_calls = ("torch.nn.PixelUnshuffle pixel_unshuffle(downscale_factor)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.sliding(Words(cls.kind, (Token("", (call["downscale_factor"],), ("size",)),)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("PixelUnshuffle", self.factor),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        (height, width), factor = sources[0].spatial, self.factor
        return [
            channel[row * width + column]
            for channel in channels_of(arriving[0], sources[0].channels)
            for first in range(factor)
            for second in range(factor)
            for row in range(first, height, factor)
            for column in range(second, width, factor)
        ]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("copy", sources[0].values, lies=CHANNELS_FIRST),)

    def output(self, sources: Sources) -> Volume:
        sizes = [size // self.factor for size in sources[0].spatial]
        return Volume.of(sizes, sources[0].channels * self.factor**2)

    def reach(self, source: Volume, axis: int) -> Reach | None:
        return None if self.factor == 1 else Reach(((0, self.factor - 1),), self.factor)

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        return tuple([f"{size}/{self.factor}" for size in sources[0].spatial])


@register("reshape")
@dataclass(eq=False, repr=False)
class Reshape(Layer):
    """``reshape 7x7x256``: the same values as another volume, in PyTorch's order (channels first in memory)."""

    volume: Volume

    kind = "reshape"
    windows_vary = True
    takes_vectors = True
    makes_volumes = True
    other_names = (("reshape", "view", ""),)
    examples: ClassVar[Texts] = (
        "1x1x64: reshape 4x4x4",
        "4x4x6: reshape 2x4x12",
        "8x4: reshape 16x2",
        "4x4x2: reshape 1x1x32",
    )

    def caption(self) -> str:
        return f"{self.kind} {sizes(self.volume)}"

    @classmethod
    def read(cls, arguments: Arguments) -> Reshape:
        source = arguments.source
        volume = Volume(arguments.size(f"`reshape {source}`: the volume"))
        if volume.dimensions != source.dimensions:
            message = f"reshape takes {source.dimensions + 1} sizes here, as its input {source} has, not {volume}"
            raise Fault("bad-size", message, about="size")
        if volume.values != source.values:
            message = f"{volume} has {volume.values:,} values, and the input {source} has {source.values:,}"
            raise Fault("bad-size", message, about="size", hints=_that_fit(volume, source))
        return cls(volume)

    def output(self, sources: Sources) -> Volume:
        return self.volume

    def reach(self, source: Volume, axis: int) -> Reach | None:
        size = source.spatial[axis]
        if source == self.volume:
            return None
        if max(source.spatial) == 1:  # every position is made of the one there is
            count = self.volume.spatial[axis]
            return Reach(((0, 0),) * count, 1) if count <= MAX_WINDOWS else UNKNOWN_REACH
        if max(self.volume.spatial) == 1:
            return None if size == 1 else Reach(((0, size - 1),), size)
        return UNKNOWN_REACH

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        shape = Function("unflatten", (1, (self.volume.channels, *self.volume.spatial)))
        return (shape,) if vector else (Function("flatten", (1,)), shape)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        return arriving[0]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        view = Kernel("view", sources[0].values, overwrites=True, gradient=PASSED, lies=CHANNELS_FIRST, needs=ROWS)
        return (view,)


def _that_fit(volume: Volume, source: Volume) -> list[str]:
    """Return a hint at the volume with as many channels as the values leave, where that is a whole number."""
    positions = volume.values // volume.channels
    if source.values % positions:
        return []
    fitting = volume.with_channels(source.values // positions)
    return [f"with {fitting.channels:,} channels it fits: `reshape {fitting}`"]


@register("padchannels")
@dataclass(eq=False, repr=False)
class PadChannels(Layer):
    """``padchannels 0:16``: channels of zeros in front of and behind those that arrive (ResNet's option A)."""

    before: int
    after: int

    kind = "padchannels"
    takes_vectors = True
    examples: ClassVar[Texts] = ("8x8x4: padchannels 0:4", "8x4: padchannels 2", "1x1x6: padchannels 1:0")

    @classmethod
    def read(cls, arguments: Arguments) -> PadChannels:
        text = arguments.text("size")
        if text is None:
            hints = ["write `padchannels 0:16` for 16 channels of zeros after those of the input"]
            raise Fault("missing-size", "padchannels needs the numbers of channels before and after", hints=hints)
        before, colon, after = text.partition(":")
        first = arguments.whole_number(before, "size", 0)
        return cls(first, arguments.whole_number(after, "size", 0) if colon else first)

    @classmethod
    def words(cls, before: int, after: int) -> Words:
        """Write the numbers of channels before and after."""
        return Words(cls.kind, (Token("", (before, after), ("", ""), ":"),))

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_channels(sources[0].channels + self.before + self.after)

    torch_calls = ("pad(pad, mode='constant', value=None)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        written = tuple(call["pad"])
        if not call.channels_last and len(written) != 2 * len(call.arriving) - 2:
            return None
        # PyTorch's last dimension is first
        ends, others = (written[:2], written[2:]) if call.channels_last else (written[-2:], written[:-2])
        if call["mode"] != "constant" or call["value"] or any(others) or min(ends) < 0:
            return None
        return call.widened(cls.words(*ends), sum(ends))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        spatial = () if vector else (0, 0) * sources[0].dimensions
        return (Function("pad", ((*spatial, self.before, self.after),)),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        positions = len(arriving[0]) // sources[0].channels
        return [*[0] * (self.before * positions), *arriving[0], *[0] * (self.after * positions)]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("pad", self.output(sources).values, lies=FORMAT),)
