"""Merges of several branches into one volume: ``add``, ``concat``, ``mul``, ``sub``, ``max``, ``min``, ``mean``."""

from __future__ import annotations

from functools import reduce
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
from cnncalc.layers.operations import Box, Operations, State, Value, channels_of
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

    def merged(self, values: Box, use: Operations) -> Value:
        """Return the one value of the branches at a position, of one channel."""
        raise NotImplementedError

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        made = self.output(sources)
        spread = [_spread_values(values, source, made) for values, source in zip(arriving, sources, strict=True)]
        return [self.merged(list(values), use) for values in zip(*spread, strict=True)]

    def disagreement(self, sources: Sources, first: int, second: int) -> Fault:
        """Return the fault for two branches that cannot be merged, by their places."""
        from cnncalc.layers.disagreeing import disagreement, to_equal  # only on the way to an error

        return disagreement(self.kind, sources, to_equal(sources, first, second))

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


def _spread_values(values: Box, source: Volume, made: Volume) -> Box:
    """Return the values of a branch at every place of the result, channels first."""
    if source == made:
        return values
    found: Box = [values]
    for size, wanted in zip((source.channels, *source.spatial), (made.channels, *made.spatial), strict=True):
        apart = [part for block in found for part in channels_of(block, size)]
        found = [part for part in apart for _ in range(wanted)] if size == 1 else apart
    return [value for block in found for value in block]


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

    def merged(self, values: Box, use: Operations) -> Value:
        return use.total(values)

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

    def merged(self, values: Box, use: Operations) -> Value:
        return use.weighted(values, (1, *[-1] * (len(values) - 1)))

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

    def merged(self, values: Box, use: Operations) -> Value:
        return reduce(lambda one, other: use.largest((one, other), shared=True), values)

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

    def merged(self, values: Box, use: Operations) -> Value:
        return reduce(lambda one, other: use.smallest((one, other), shared=True), values)


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

    def merged(self, values: Box, use: Operations) -> Value:
        return use.mean(values)

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
            from cnncalc.layers.disagreeing import disagreement, to_equal  # only on the way to an error

            raise disagreement(self.kind, sources, to_equal(sources, 0, different[0], channels=False))
        return sources[0].with_channels(sum(source.channels for source in sources))

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        return [value for values in arriving for value in values]

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

    def merged(self, values: Box, use: Operations) -> Value:
        return reduce(use.product, values)

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
        from cnncalc.layers.disagreeing import disagreement  # only on the way to an error

        return disagreement(self.kind, sources, hints)
