"""Layers that only change the spatial size: ``pad``, ``crop``, ``upsample``."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments, Pair
from cnncalc.layers.base import MAX_WINDOWS, UNKNOWN_REACH, Layer, Reach, Sources
from cnncalc.layers.kernels import (
    AS_IT_ARRIVES,
    CHANNELS_FIRST,
    FORMAT,
    INPUTS,
    RAISED_ON_CPU,
    RAISED_ON_CUDA,
    Kernel,
    Kernels,
    order_of_images,
)
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module, padding
from cnncalc.layers.window import axis_name
from cnncalc.layers.written import Unsayable, flag, option, sides, words

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
        if len(written) > 2 * call.source.dimensions:
            return None
        pairs = [(written[place], written[place + 1]) for place in range(0, len(written), 2)]
        pads = (*[(0, 0)] * (call.source.dimensions - len(pairs)), *pairs[::-1])  # PyTorch's last dimension is first
        if mode != "constant":
            return cls.around(call, pads, mode)
        fill = float(call["value"] or 0.0)
        if fill not in (0.0, -inf):
            raise Unsayable(f"it pads with zeros, not with {fill:g}")
        return call.padded(pads, fill)

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


_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


@register("upsample")
@dataclass(eq=False, repr=False)
class Upsample(Layer):
    """``upsample x2``: repeats every value; with ``bilinear`` (1-D linear, 3-D trilinear) blends them.

    Blending takes corners as PyTorch does by default (``align_corners=False``).
    """

    factors: tuple[int, ...]
    mode: str

    kind = "upsample"
    role = "enlarging"
    output_is_free = True
    other_names = (("upsample", "", r"up ?sampl(?:e|ing)"),)
    examples = ("8x8x4: upsample x2", "4x4x4: upsample x2x3 bilinear", "8x4: upsample x2 linear")

    @property
    def repeats_exactly_on_cuda(self) -> bool:  # type: ignore[override]  # blending adds in any order
        return self.mode == "nearest"

    @classmethod
    def read(cls, arguments: Arguments) -> Upsample:
        dimensions = arguments.source.dimensions
        written = arguments.option("factor") or arguments.text("factor")
        if written is None:
            raise Fault("missing-size", "upsample needs its factor", hints=["write `upsample x2`"])
        factors = arguments.spread(arguments.whole_numbers(written, "factor", 1), "factor")
        mode = arguments.one_of("nearest", *_LINEAR.values()) or "nearest"
        if mode != "nearest" and mode != _LINEAR.get(dimensions):
            right = _LINEAR.get(dimensions, "nearest")
            message = f"`{mode}` is not for {dimensions} spatial dimension{'s' if dimensions > 1 else ''}"
            raise Fault("bad-option", message, about=mode, hints=[f"write `{right}`"])
        return cls(factors, mode)

    torch_calls = (
        "torch.nn.UpsamplingNearest2d torch.nn.UpsamplingBilinear2d(size=None, scale_factor=None)",
        "torch.nn.Upsample upsample(size=None, scale_factor=None, mode='nearest', align_corners=None)",
        "interpolate(size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None,"
        " antialias=False)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        """Read an enlargement by whole factors."""
        if call["antialias"]:
            raise Unsayable("it has no antialiasing")
        call, mode = call.settled(), call["mode"]
        cells = list(zip(call.made[2:], call.source.spatial, strict=True))
        factors = tuple([new // old for new, old in cells])
        if call["align_corners"] and any(factor > 1 for factor in factors):
            raise Unsayable("its upsample takes corners as align_corners=False does")
        if any(new % old or new < old for new, old in cells):
            raise Unsayable("it enlarges by whole factors")
        if mode not in ("nearest", *_LINEAR.values()):
            raise Unsayable(f"it has no `{mode}`")
        return call.sliding(words(cls.kind, option("x", "factor", factors, -1), flag(mode, mode != "nearest")))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("Upsample", scale_factor=tuple(map(float, self.factors)), mode=self.mode),)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        lies = order_of_images(len(self.factors))
        return (Kernel("upsample", self.output(sources).values, lies=lies, casts=RAISED_ON_CUDA),)

    def output(self, sources: Sources) -> Volume:
        cells = zip(sources[0].spatial, self.factors, strict=True)
        return sources[0].with_spatial([size * factor for size, factor in cells])

    def reach(self, source: Volume, axis: int) -> Reach | None:
        factor = self.factors[axis]
        if factor == 1:
            return None
        if factor > MAX_WINDOWS:
            return UNKNOWN_REACH
        if self.mode == "nearest":
            return Reach(((0, 0),) * factor, 1)
        # output o lies at (o + 1/2)/factor − 1/2 between two inputs, on one of them where that is whole
        places = [(2 * o + 1 - factor, 2 * factor) for o in range(factor)]
        return Reach(tuple([(n // d, -(-n // d)) for n, d in places]), 1)

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        return tuple([f"{size}·{factor}" for size, factor in zip(sources[0].spatial, self.factors, strict=True)])
