"""Merges of several branches into one volume: ``add``, ``concat``, ``mul``, ``sub``, ``max``, ``min``, ``mean``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.constants import Times
from cnncalc.layers.kernels import (
    ALL_LAST,
    CHANNELS_FIRST,
    INPUTS,
    OTHERS,
    PASSED,
    PASSED_TO_FIRST,
    PASSED_TO_WHOLE,
    SUMMED,
    WIDENED,
    Kernel,
    Kernels,
    folded,
)
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps
from cnncalc.layers.written import Unsayable

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


class Merge(Layer):
    """A layer with several sources."""

    merges = True
    role = "merge"
    takes_vectors = True
    function = ""
    output_is_free = True
    chains: ClassVar[bool] = True
    """Whether merging two branches, and then the result with a third, merges all three."""
    ordered: ClassVar[bool] = False
    """Whether another order of the branches is another result."""

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Function(self.function),)


class ElementWise(Merge):
    """A merge position by position, channel by channel.

    Its branches are equal or 1 in a dimension where others are not: what is 1 counts everywhere there.
    """

    kernel: ClassVar[Kernel]
    """What merging two branches does to memory, with its scratch for a result of one value."""

    def output(self, sources: Sources) -> Volume:
        merged = sources[0]
        for source in sources[1:]:
            if source != merged:
                merged = _spread(self, merged, source, sources)
        return merged

    def disagreement(self, sources: Sources, first: int, second: int) -> Fault:
        """Return the fault for two branches that cannot be merged, by their places."""
        return _disagreement(self.kind, sources, _to_equal(sources, first, second))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        merged, makes = sources[0], []
        for source in sources[1:]:
            merged = self.output((merged, source))
            makes.append(merged.values)
        return folded(self.kernel, sources, makes)


def _spread(layer: ElementWise, merged: Volume, source: Volume, sources: Sources) -> Volume:
    """Return the volume that two volumes are spread to, or raise `Fault`."""
    if _agree(merged, source):
        return Volume(map(max, zip(merged, source, strict=True)))
    second = sources.index(source)
    first = next(place for place, other in enumerate(sources) if not _agree(other, source))
    raise layer.disagreement(sources, min(first, second), max(first, second))


def _agree(one: Volume, other: Volume) -> bool:
    return all(1 in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True))


@register("add")
class Add(ElementWise):
    """``add( A | B )``: the sum."""

    kind = "add"
    function = "add"
    kernel = Kernel("add", 1, gradient=PASSED_TO_WHOLE)
    torch_calls = ("add iadd(other, alpha=1)", "sum(dim=None, keepdim=False, dtype=None)")
    other_names = (("add", "shortcut residual sum", ""),)
    examples = ("8x8x4: add( relu | )", "8x8x4: add( relu | gap )")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.name != "sum":
            if call["alpha"] != 1:
                return call.merged(cls.kind, (call.first, _times(call, "alpha")))
            return call.merged_with(cls.kind, "other", 0)
        if not isinstance(call.first, list) or call["dim"] != 0 or call["keepdim"]:
            raise Unsayable("it adds volumes, not what is in them")
        return call.merged(cls.kind, call.first)


def _times(call: TorchCall, factor: str) -> Any:
    """Return another argument, which is a volume, times a number."""
    return call.behind(call["other"]).elementwise(Times.words(call[factor]))


@register("sub")
class Subtract(ElementWise):
    """``sub( A | B )``: the first branch minus all others."""

    kind = "sub"
    function = "sub"
    ordered = True
    kernel = Kernel("sub", 1, gradient=PASSED_TO_FIRST)
    torch_calls = ("sub isub subtract(other, alpha=1)",)
    other_names = (("sub", "subtract minus difference", ""),)
    examples = ("8x8x4: sub( relu | )", "8x8x4: sub( | gap )")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call["alpha"] != 1:
            return call.merged(cls.kind, (call.first, _times(call, "alpha")))
        if isinstance(call.first, int | float):
            raise Unsayable("it subtracts volumes from volumes")
        return call.merged_with(cls.kind, "other", 0)


class Extreme(ElementWise):
    """The largest or the smallest value of the branches."""

    kernel = Kernel("maximum", 1, keeps=INPUTS, gradient=SUMMED, scratch=2, scratch_bytes=2)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.merged_with(cls.kind, "other", None)


@register("max")
class Maximum(Extreme):
    """``max( A | B )``: the largest value of the branches (maxout)."""

    kind = "max"
    function = "maximum"
    torch_calls = ("maximum max(other)", "abs")
    other_names = (("max", "maximum", ""),)
    examples = ("8x8x4: max( relu | )", "8x8x4: max( | gap | tanh )")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.name == "abs":
            return call.merged(cls.kind, (call.first, call.elementwise(Times.words(-1.0))))
        return super().from_torch(call)


@register("min")
class Minimum(Extreme):
    """``min( A | B )``: the smallest value of the branches."""

    kind = "min"
    function = "minimum"
    torch_calls = ("minimum min(other)",)
    other_names = (("min", "minimum", ""),)
    examples = ("8x8x4: min( relu | )",)


@register("mean")
class Mean(ElementWise):
    """``mean( A | B )``: the sum divided by the number of branches."""

    kind = "mean"
    function = "add"
    chains = False
    kernel = Kernel("add", 1, gradient=PASSED_TO_WHOLE)
    torch_calls = ("mean(dim=None, keepdim=False, dtype=None)", "div idiv truediv itruediv true_divide(other)")
    other_names = (("mean", "average", ""),)
    examples = ("8x8x4: mean( relu | )", "8x8x4: mean( | gap | tanh )")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.name == "mean":
            stacked = isinstance(call.first, list) and call["dim"] == 0 and not call["keepdim"]
            return call.merged(cls.kind, call.first) if stacked else None
        return call.merged_sum(cls.kind, Add.kind, call["other"])

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return Function("add"), Function("div", (len(sources),))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return *super().kernels(sources, overwrites), Kernel("div", self.output(sources).values)


@register("concat")
class Concat(Merge):
    """``concat( A | B )``: the channels of all branches behind each other."""

    kind = "concat"
    function = "cat"
    chains = False
    ordered = True
    torch_calls = ("cat concat concatenate(dim=0)",)
    other_names = (("concat", "cat concatenate route", ""),)
    examples = ("8x8x4: concat( relu | | slice 0:2 )",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.joined(cls.kind, call["dim"])

    def output(self, sources: Sources) -> Volume:
        first = sources[0]
        if different := [place for place, source in enumerate(sources) if source.spatial != first.spatial]:
            raise _disagreement(self.kind, sources, _to_equal(sources, 0, different[0], channels=False))
        return sources[0].with_channels(sum(source.channels for source in sources))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        lies = ALL_LAST if sources[0].dimensions > 1 else CHANNELS_FIRST
        cat = Kernel("cat", self.output(sources).values, tuple(range(len(sources))), gradient=PASSED, lies=lies)
        return (cat._replace(casts=WIDENED),)


HIGHEST_POWER = 4
"""Highest power that an import writes as a product."""


@register("mul")
class Multiply(ElementWise):
    """``mul( A | B )``: the product; a 1x1xC branch is a factor for every position (squeeze-and-excitation)."""

    kind = "mul"
    function = "mul"
    kernel = Kernel("mul", 1, keeps=OTHERS, gradient=SUMMED)
    torch_calls = ("mul imul multiply(other)", "square(exponent=2)", "pow(exponent)")
    examples = ("8x8x4: mul( | gap )",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.name in ("square", "pow"):
            power = call["exponent"]
            if power not in range(1, HIGHEST_POWER + 1):
                raise Unsayable(f"it has powers up to {HIGHEST_POWER}, which are products of a volume with itself")
            return call.merged(cls.kind, [call.first] * int(power)) if power > 1 else call.unchanged()
        return call.merged_with(cls.kind, "other", 1)

    def disagreement(self, sources: Sources, first: int, second: int) -> Fault:
        largest = max(sources, key=lambda source: source.values)
        maps = largest.with_channels(1)
        hints = [
            f"every branch of mul is {largest}, or 1 in some dimensions: {largest.vector(largest.channels)}, {maps}"
        ]
        return _disagreement(self.kind, sources, hints)


_MOST_SHOWN = 6


def _disagreement(word: str, sources: Sources, hints: list[str]) -> Fault:
    first, shown = sources[0], list(enumerate(sources, 1))
    if len(shown) > _MOST_SHOWN:  # the first one, and those that differ from it
        shown = [(1, first), *[(number, source) for number, source in shown if source != first][: _MOST_SHOWN - 1]]
    volumes = ", ".join(f"branch {number} is {source}" for number, source in shown)
    changes = [(1, 1) if len(set(sides)) > 1 else (0, 0) for sides in zip(*[s.spatial for s in sources], strict=True)]
    message = f"the branches of {word} do not match: {volumes}"
    return Fault("branches-differ", message, hints=hints, changes=tuple(changes))


def _to_equal(sources: Sources, first: int, second: int, *, channels: bool = True) -> list[str]:
    """Return what would bring one of two branches, which are given by their places, to the volume of the other."""
    one, other = sources[first], sources[second]
    hints = []
    if one.spatial != other.spatial:
        hints.append(_to_equal_size(one, other, first + 1, second + 1))
    if channels and one.channels != other.channels:
        wanted = f"`conv {_ones(one)}x{one.channels}`"
        hints.append(f"branch {second + 1} needs {one.channels} channels, for example from {wanted}")
    return hints


def _to_equal_size(one: Volume, other: Volume, first: int, second: int) -> str:
    larger, smaller, behind = (one, other, first) if one.spatial > other.spatial else (other, one, second)
    strides = [-(-a // b) for a, b in zip(larger.spatial, smaller.spatial, strict=True)]
    fits = all(-(-a // s) == b for a, b, s in zip(larger.spatial, smaller.spatial, strides, strict=True))
    sizes = "x".join(map(str, larger.spatial)), "x".join(map(str, smaller.spatial))
    if fits and max(strides) > 1:
        stride = str(strides[0]) if len(set(strides)) == 1 else "x".join(map(str, strides))
        return f"bring branch {behind} from {sizes[0]} to {sizes[1]} with a stride of {stride}"
    pads = [a - b for a, b in zip(larger.spatial, smaller.spatial, strict=True)]
    shrunk = second if behind == first else first
    if min(pads) >= 0:
        total = "x".join(map(str, pads)) if len(set(pads)) > 1 else str(pads[0])
        return f"branch {shrunk} is smaller by {total}: a padding that keeps its size is missing there"
    return f"bring both branches to {'x'.join(map(str, one.spatial))}"


def _ones(volume: Volume) -> str:
    return "x".join("1" for _ in volume.spatial)
