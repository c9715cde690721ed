"""Layers that add values around a volume, or take them away: ``pad``, ``crop``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isinf, isnan
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments, Pair
from cnncalc.layers.base import Layer, Reach, Sources
from cnncalc.layers.constants import Plus
from cnncalc.layers.dimension_names import axis_name
from cnncalc.layers.kernels import (
    AS_IT_ARRIVES,
    CHANNELS_FIRST,
    FORMAT,
    INPUTS,
    RAISED_ON_CPU,
    Kernel,
    Kernels,
    order_of_images,
)
from cnncalc.layers.operations import Box, Operations, State, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, padding
from cnncalc.layers.taps import OUTSIDE, places
from cnncalc.layers.written import Unsayable, flag, sides, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


def _sides(arguments: Arguments) -> tuple[Pair, ...]:
    text = arguments.text("size")
    if text is None:
        message = f"{arguments.word} needs its size"
        hints = [f"write `{arguments.word} 1`, or `{arguments.word} 0:1x0:1` for before:after"]
        raise Fault("missing-size", message, hints=hints)
    return arguments.pairs(text, "size")


_MODES = {"Reflection": "reflect", "Replication": "replicate", "Circular": "circular"}


@register("pad")
@dataclass(eq=False, repr=False)
class Pad(Layer):
    """``pad 1``, ``pad 0:1x0:1``: zeros around the volume, or its own values.

    These are mirrored (``reflect``), those at the border (``replicate``), or those of the other end (``circular``).
    """

    sides: tuple[Pair, ...]
    mode: str

    kind = "pad"
    other_names = (("pad", "zeropad zeropad2d padding", r"zero ?pad(?:ding)?"),)
    examples = (
        "8x8x4: pad 1",
        "8x8x4: pad 0:1x2:0",
        "8x8x4: pad 1 reflect",
        "8x4: pad 1 replicate",
        "8x8x4: pad 1:2x0:1 circular",
    )

    @property
    def repeats_exactly_on_cuda(self) -> bool:  # type: ignore[override]  # zeros get no gradient
        return self.mode == "zeros"

    @classmethod
    def read(cls, arguments: Arguments) -> Pad:
        sides = _sides(arguments)
        mode = arguments.one_of("reflect", "replicate", "circular") or "zeros"
        for axis, (size, pair) in enumerate(zip(arguments.source.spatial, sides, strict=True)):
            if mode == "reflect" and max(pair) >= size:
                name = axis_name(axis, len(sides))
                message = f"a reflected padding is smaller than the {name} {size}, not {max(pair)}"
                raise Fault("out-of-range", message, about="size")
            if mode == "circular" and max(pair) > size:
                name = axis_name(axis, len(sides))
                message = f"a circular padding is at most the {name} {size}, not {max(pair)}"
                raise Fault("out-of-range", message, about="size")
        return cls(sides, mode)

    torch_calls = (
        "torch.nn.ZeroPad{n}d torch.nn.ReflectionPad{n}d torch.nn.ReplicationPad{n}d torch.nn.CircularPad{n}d(padding)",
        "torch.nn.ConstantPad{n}d(padding, value)",
        "pad(pad, mode='constant', value=None)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        by_function = call.name == "pad"
        written = tuple(call["pad" if by_function else "padding"])
        mode = call["mode"] if by_function else _MODES.get(call.name[: -len("Pad2d")], "constant")
        dimensions = len(call.arriving) - 2
        if len(written) > 2 * dimensions or (call.channels_last and any(written[:2])):
            return None
        pairs = [(written[place], written[place + 1]) for place in range(0, len(written), 2)]
        pads = (*[(0, 0)] * (dimensions - len(pairs)), *pairs[::-1])  # PyTorch's last dimension is first
        if mode != "constant":
            return cls.around(call, pads, mode)
        fill = float(call["value"] or 0.0)
        if fill in (0.0, -inf):
            return call.padded(pads, fill)
        if isinf(fill) or isnan(fill):
            raise Unsayable(f"it pads with numbers, not with {fill:g}")
        less = call.behind(call.settled().elementwise(Plus.words(-fill)))  # what is added is 0 there
        return call.behind(less.padded(pads, 0.0)).settled().elementwise(Plus.words(fill))

    @classmethod
    def around(cls, call: TorchCall, pads: tuple[Pair, ...], mode: str) -> Any:
        """Say that a call begins with a padding with values of the volume itself."""
        if mode not in _MODES.values():
            raise Unsayable(f"it pads with zeros, `reflect`, `replicate` or `circular`, not {mode!r}")
        call = call.settled()
        spatial = [size + sum(pair) for size, pair in zip(call.source.spatial, pads, strict=True)]
        return call.sliding(words(cls.kind, sides("", pads), flag(mode)), call.source.with_spatial(spatial))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        mode = {} if self.mode == "zeros" else {"mode": self.mode}
        return (Function("pad", (padding(self.sides),), mode),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        cells = zip(sources[0].spatial, self.sides, strict=True)
        axes = [[[_SOURCES[self.mode](at, size)] for at in range(-b, size + a)] for size, (b, a) in cells]
        reads = [place for (place,) in places(axes, sources[0].spatial)]
        channels = [[*channel, 0] for channel in channels_of(arriving[0], sources[0].channels)]  # 0 is outside
        return [channel[place] for channel in channels for place in reads]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        makes = self.output(sources).values
        lies = order_of_images(len(self.sides))
        if self.mode == "zeros":
            return (Kernel("pad", makes, lies=lies),)
        if self.mode == "circular":  # what is written over the ends is a gradient of its own, in the whole volume
            return (Kernel("pad_circular", makes, lies=CHANNELS_FIRST, scratch=2 * makes - sources[0].values),)
        casts = AS_IT_ARRIVES if self.mode == "reflect" and len(self.sides) == 3 else RAISED_ON_CPU
        return (Kernel(f"{self.mode}_pad{len(self.sides)}d", makes, keeps=INPUTS, lies=lies, casts=casts),)

    def output(self, sources: Sources) -> Volume:
        cells = zip(sources[0].spatial, self.sides, strict=True)
        return sources[0].with_spatial([size + before + after for size, (before, after) in cells])

    def reach(self, source: Volume, axis: int) -> Reach | None:
        before = self.sides[axis][0]
        return Reach(((-before, -before),), 1) if before else None

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        cells = zip(sources[0].spatial, self.sides, strict=True)
        return tuple([f"{size} + {before} + {after}" for size, (before, after) in cells])


def _mirrored(at: int, size: int) -> int:
    return -at if at < 0 else 2 * (size - 1) - at if at >= size else at


_SOURCES: dict[str, Callable[[int, int], int]] = {
    "zeros": lambda at, size: at if 0 <= at < size else OUTSIDE,
    "reflect": _mirrored,
    "replicate": lambda at, size: min(max(at, 0), size - 1),
    "circular": lambda at, size: at % size,
}
"""Which value of a dimension of that size stands at a place, which may lie outside of it."""


@register("crop")
@dataclass(eq=False, repr=False)
class Crop(Layer):
    """``crop 1``, ``crop 0:1x0:1``: takes rows and columns away at the borders."""

    sides: tuple[Pair, ...]

    kind = "crop"
    examples = ("8x8x4: crop 1", "8x8x4: crop 0:1x2:0")

    @classmethod
    def read(cls, arguments: Arguments) -> Crop:
        return cls(_sides(arguments))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Function("pad", (padding(tuple([(-before, -after) for before, after in self.sides])),)),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        cells = zip(sources[0].spatial, self.sides, strict=True)
        axes = [[[at] for at in range(before, size - after)] for size, (before, after) in cells]
        reads = [place for (place,) in places(axes, sources[0].spatial)]
        return [channel[place] for channel in channels_of(arriving[0], sources[0].channels) for place in reads]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("pad", self.output(sources).values, lies=FORMAT),)

    def output(self, sources: Sources) -> Volume:
        cells = zip(sources[0].spatial, self.sides, strict=True)
        sizes = [size - before - after for size, (before, after) in cells]
        for axis, size in enumerate(sizes):
            if size < 1:
                name = axis_name(axis, len(sizes))
                message = f"nothing is left after this crop: the {name} {sources[0][axis]} is too small"
                detail = f"{self.size_sums(sources)[axis]} = {size}"
                raise Fault("too-large", message, about="size", detail=detail)
        return sources[0].with_spatial(sizes)

    def reach(self, source: Volume, axis: int) -> Reach | None:
        before = self.sides[axis][0]
        return Reach(((before, before),), 1) if before else None

    def dropped(self, source: Volume) -> tuple[int, ...]:
        return tuple([before + after for before, after in self.sides])

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        cells = zip(sources[0].spatial, self.sides, strict=True)
        return tuple([f"{size} − {before} − {after}" for size, (before, after) in cells])
