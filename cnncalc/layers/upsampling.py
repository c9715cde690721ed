"""Enlarging by values between those that arrive: ``upsample x2``, ``upsample 25x25 bilinear``, ``upsample @enc1``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, floor, gcd
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import MAX_WINDOWS, UNKNOWN_REACH, Layer, Reach, Sources
from cnncalc.layers.captions import sizes as joined
from cnncalc.layers.kernels import RAISED_ON_CUDA, Kernel, Kernels, order_of_images
from cnncalc.layers.number_lists import read_number
from cnncalc.layers.operations import Box, Number, Operations, State, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Steps, module
from cnncalc.layers.written import Token, Tokens, Unsayable, flag, option, short, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall

_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}
_MODES = ("nearest", *_LINEAR.values(), "bicubic")


@register("upsample")
@dataclass(eq=False, repr=False)
class Upsample(Layer):
    """``upsample x2``, ``upsample 25x25``: repeats values; with ``bilinear`` or ``bicubic`` blends them.

    Corners are taken as PyTorch does by default (``align_corners=False``), unless ``aligncorners`` is written. The
    sizes are those of the output; ``factors`` are empty where a size is written.
    """

    sizes: tuple[int, ...]
    factors: tuple[float, ...]
    mode: str
    corners: bool

    kind = "upsample"
    windows_vary = True
    role = "enlarging"
    output_is_free = True
    other_names = (("upsample", "resize interpolate", r"(?:up ?sampl(?:e|ing)|interpolat(?:e|ion))"),)
    examples = (
        *("8x8x4: upsample x2", "4x4x4: upsample x2x3 bilinear", "8x4: upsample x2 linear", "4x4x4: upsample x1.5"),
        *("8x8x4: upsample 25x9", "5x5x4: upsample 9x12 bilinear aligncorners", "5x5x4: upsample 7x7 bicubic"),
        *("8x8x4: upsample 3x5 shrink bilinear", "8x4: upsample size=11", "3x3x3x2: upsample 5x4x3 trilinear"),
    )

    @property
    def repeats_exactly_on_cuda(self) -> bool:  # type: ignore[override]  # blending adds in any order
        return self.mode == "nearest"

    @classmethod
    def read(cls, arguments: Arguments) -> Upsample:
        sizes, factors = _sizes_and_factors(arguments)
        mode = arguments.one_of(*_MODES) or "nearest"
        _check_mode(mode, arguments.dimensions)
        corners = arguments.flag("aligncorners")
        if corners and mode == "nearest":
            hints = [f"write `{_LINEAR.get(arguments.dimensions, 'linear')} aligncorners`"]
            raise Fault(
                "bad-option", "`aligncorners` is for values that are blended", about="aligncorners", hints=hints
            )
        return cls(sizes, factors, mode, corners)

    torch_calls = (
        "torch.nn.UpsamplingNearest2d torch.nn.UpsamplingBilinear2d(size=None, scale_factor=None)",
        "torch.nn.Upsample upsample(size=None, scale_factor=None, mode='nearest', align_corners=None)",
        "interpolate(size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None,"
        " antialias=False)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call["antialias"]:
            raise Unsayable("it has no antialiasing")
        call, mode = call.settled(), call["mode"]
        if mode not in _MODES:
            raise Unsayable(f"it has no `{mode}`")
        if call.made[2:] == call.source.spatial:
            return call.unchanged()
        size, corners = _size_of(call), bool(call["align_corners"]) and mode != "nearest"
        written = words(cls.kind, size, flag(mode, mode != "nearest"), flag("aligncorners", corners))
        return call.sliding(written)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        corners = {"align_corners": True} if self.corners else {}
        if self.factors:
            return (module("Upsample", scale_factor=tuple(map(float, self.factors)), mode=self.mode, **corners),)
        return (module("Upsample", size=self.sizes, mode=self.mode, **corners),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        source = sources[0]
        cells = enumerate(zip(source.spatial, self.sizes, strict=True))
        axes = [[self._blend(axis, unit, size, made) for unit in range(made)] for axis, (size, made) in cells]
        found = [
            ([place for place, _ in blend], [share for _, share in blend])
            for blend in (_crossed(along, source.spatial) for along in product(*axes))
        ]
        return [
            use.weighted([channel[place] for place in reads], shares)
            for channel in channels_of(arriving[0], source.channels)
            for reads, shares in found
        ]

    def _blend(self, axis: int, unit: int, size: int, made: int) -> Blend:
        """Return the places that an outgoing unit is blended of, along one dimension, each with its share."""
        step = 1 / _ratio(self.factors[axis]) if self.factors else Fraction(size, made)
        if self.mode == "nearest":
            return [(min(floor(unit * step), size - 1), 1)]
        if self.corners:
            place = unit * Fraction(size - 1, made - 1) if made > 1 else Fraction(0)
        else:
            place = (unit + Fraction(1, 2)) * step - Fraction(1, 2)
        if self.mode == "bicubic":
            first, apart = floor(place) - 1, place - floor(place)
            shares = [_cubic(apart + 1), _cubic(apart), _cubic(1 - apart), _cubic(2 - apart)]
        else:
            place = max(place, Fraction(0))
            first, apart = floor(place), place % 1
            shares = [1 - apart, apart]
        blend = [(min(max(first + number, 0), size - 1), share) for number, share in enumerate(shares)]
        return [(at, share) for at, share in blend if share]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        lies = order_of_images(sources[0].dimensions)
        return (Kernel("upsample", self.output(sources).values, lies=lies, casts=RAISED_ON_CUDA),)

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_spatial(self.sizes)

    def caption(self) -> str:
        if self.factors:
            factors = self.factors[:1] if len(set(self.factors)) == 1 else self.factors
            return f"{self.kind} ×{'×'.join(map(short, factors))}"
        return f"{self.kind} to {joined(self.sizes)}"

    def remarks(self) -> tuple[str, ...]:
        return (self.mode,) if self.mode != "nearest" else ()

    def reach(self, source: Volume, axis: int) -> Reach | None:
        arriving, made = source.spatial[axis], self.sizes[axis]
        factor = _ratio(self.factors[axis]) if self.factors else Fraction(made, arriving)
        if factor == 1:
            return None
        if arriving == 1:
            return Reach(((0, 0),) * made, 1) if made <= MAX_WINDOWS else UNKNOWN_REACH
        period, shift = factor.numerator, factor.denominator
        if self.corners and made > 1:
            common = gcd(made - 1, arriving - 1)
            period, shift = (made - 1) // common, (arriving - 1) // common
        if period > MAX_WINDOWS:
            return UNKNOWN_REACH
        return Reach(tuple([self._window(Fraction(shift, period), unit) for unit in range(period)]), shift)

    def _window(self, step: Fraction, unit: int) -> tuple[int, int]:
        """Return the units that one looks at, where ``step`` is how far neighbours lie apart in what arrives."""
        if self.mode == "nearest":
            return floor(unit * step), floor(unit * step)
        place = unit * step if self.corners else (unit + Fraction(1, 2)) * step - Fraction(1, 2)
        around = self.mode == "bicubic" and place.denominator > 1
        return floor(place) - around, ceil(place) + around

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        if not self.factors:
            return tuple(map(str, self.sizes))
        cells = zip(sources[0].spatial, self.sizes, self.factors, strict=True)
        return tuple([_size_sum(size, made, factor) for size, made, factor in cells])


Sizes = tuple[int, ...]
Blend = list[tuple[int, Number]]
"""Places, and by what the value at each is multiplied."""


def _ratio(factor: float) -> Fraction:
    """Return the fraction that a factor is meant to be: 5/3 for 1.6666666666666667."""
    return Fraction(factor).limit_denominator(10**9)


def _size_sum(size: int, made: int, factor: float) -> str:
    """Write the product that a size is: with ten digits, as a fraction or with all digits, where these decide."""
    if factor.is_integer():
        return f"{size}·{short(factor)}"
    ways = [text for text in (short(factor), str(_ratio(factor))) if floor(Fraction(text) * size) == made]
    return f"⌊{size}·{ways[0] if ways else f'{factor:.17g}'}⌋"


def _cubic(distance: Fraction) -> Fraction:
    """Return the share of a value at a distance of up to 2 (Keys, 1981, with a = −3/4, as PyTorch has it)."""
    if distance <= 1:
        return (Fraction(5, 4) * distance - Fraction(9, 4)) * distance**2 + 1
    return Fraction(-3, 4) * (((distance - 5) * distance + 8) * distance - 4)


def _crossed(along: Sequence[Blend], sizes: Sizes) -> Blend:
    """Return the blend in all dimensions from those along each."""
    found: Blend = [(0, 1)]
    for blend, size in zip(along, sizes, strict=True):
        found = [(place * size + at, share * own) for place, share in found for at, own in blend]
    return found


def _sizes_and_factors(arguments: Arguments) -> tuple[Sizes, tuple[float, ...]]:
    """Read ``x2``, ``2`` or ``x1.5x2`` as factors, ``25x25``, ``size=25`` or a label as sizes."""
    shrinks, label, size = arguments.flag("shrink"), arguments.label(), arguments.option("size")
    factor, bare = arguments.option("factor"), arguments.text("size")
    given = [each for each in (label, size, factor, bare) if each is not None]
    if not given:
        hints = ["write `upsample x2`, or `upsample 25x25` for a size"]
        raise Fault("missing-size", "upsample needs its factor or its size", hints=hints)
    if len(given) > 1:
        raise Fault("bad-option", "upsample takes one size or one factor", about="size")
    spatial = arguments.source.spatial
    if label is not None:
        if label.volume.dimensions != len(spatial):
            message = f"the label's volume {label.volume} has other dimensions than {arguments.source}"
            raise Fault("bad-size", message, about="label")
        return _checked(label.volume.spatial, spatial, shrinks, "label"), ()
    if size is not None or (bare is not None and "x" in bare):
        text = size or bare or ""
        sizes = arguments.spread(arguments.whole_numbers(text, "size", 1), "size")
        return _checked(sizes, spatial, shrinks, "size"), ()
    about = "factor" if factor is not None else "size"
    factors = _factors(arguments, factor or bare or "", about)
    sizes = tuple([floor(side * number) for number, side in zip(factors, spatial, strict=True)])  # as PyTorch rounds
    if min(sizes) < 1:
        raise Fault("too-large", f"nothing is left of {arguments.source} with this factor", about=about)
    return sizes, factors


def _factors(arguments: Arguments, text: str, about: str) -> tuple[float, ...]:
    if "." not in text:
        return tuple(map(float, arguments.spread(arguments.whole_numbers(text, about, 1), about)))
    numbers = [read_number(part, about) for part in text.split("x")]
    if min(numbers) <= 0:
        raise Fault("out-of-range", f"a factor is larger than 0, not {min(numbers):g}", about=about)
    if len(numbers) == 1:
        numbers *= arguments.dimensions
    elif len(numbers) != arguments.dimensions:
        message = f"upsample has {len(numbers)} factors, but the input is {arguments.source}"
        raise Fault("bad-size", message, about=about, hints=["write one for all dimensions, or one for each"])
    return tuple(numbers)


def _checked(sizes: Sizes, spatial: Sizes, shrinks: bool, about: str) -> Sizes:
    """Refuse sizes that are smaller than what arrives, unless that is said."""
    if not shrinks and any(size < side for size, side in zip(sizes, spatial, strict=True)):
        wanted, here = "x".join(map(str, sizes)), "x".join(map(str, spatial))
        hints = [f"write `upsample x{wanted}` for factors", "write `shrink` after it to make it smaller"]
        hints = hints if about == "size" else hints[1:]
        raise Fault("bad-size", f"{wanted} is smaller than its input {here}", about=about, hints=hints)
    return sizes


def _check_mode(mode: str, dimensions: int) -> None:
    fits = mode == "nearest" or mode == _LINEAR.get(dimensions) or (mode == "bicubic" and dimensions == 2)
    if not fits:
        right = _LINEAR.get(dimensions, "nearest")
        message = f"`{mode}` is not for {dimensions} spatial dimension{'s' if dimensions > 1 else ''}"
        raise Fault("bad-option", message, about=mode, hints=[f"write `{right}`"])


def _size_of(call: TorchCall) -> Tokens:
    """Write the size of a call of PyTorch: factors where they are whole, or where it computes with them."""
    made, arriving = call.made[2:], call.source.spatial
    cells = list(zip(made, arriving, strict=True))
    if all(new % old == 0 for new, old in cells):
        return option("x", "factor", tuple([new // old for new, old in cells]), -1)
    scale = None if call["recompute_scale_factor"] or call["align_corners"] else call["scale_factor"]
    if scale is not None:
        numbers = tuple(map(float, scale)) if isinstance(scale, tuple | list) else (float(scale),) * len(made)
        texts = tuple([short(number) if float(short(number)) == number else repr(number) for number in numbers])
        return (Token("x", texts, ("",) * len(texts)),)
    shrinks = flag("shrink", any(new < old for new, old in cells))
    prefix = "size=" if len(made) == 1 else ""
    return (Token(prefix, tuple(made), ("size",) * len(made)), *shrinks)
