"""Merges of several branches into one volume: ``add``, ``concat``, ``mul``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.kernels import (
    ALL_LAST,
    CHANNELS_FIRST,
    NEW,
    NOTHING,
    OTHERS,
    PASSED,
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

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Function(self.function),)


@register("add")
class Add(Merge):
    """``add( A | B )``: the sum of equal volumes."""

    kind = "add"
    function = "add"
    output_is_free = True
    torch_calls = ("add iadd(other, alpha=1)", "sum(dim=None, keepdim=False, dtype=None)")
    other_names = (("add", "shortcut residual sum", ""),)
    examples = ("8x8x4: add( relu | )",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.name != "sum":
            if call["alpha"] != 1:
                raise Unsayable("its `add` has no factors")
            return call.merged_with(cls.kind, "other", 0)
        if not isinstance(call.first, list) or call["dim"] != 0 or call["keepdim"]:
            raise Unsayable("it adds volumes, not what is in them")
        return call.merged(cls.kind, call.first)

    def output(self, sources: Sources) -> Volume:
        if len(set(sources)) > 1:
            raise _disagreement(self.kind, sources, _to_equal(sources))
        return sources[0]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return folded("add", sources, NOTHING, PASSED)


@register("concat")
class Concat(Merge):
    """``concat( A | B )``: the channels of all branches behind each other."""

    kind = "concat"
    function = "cat"
    output_is_free = True
    torch_calls = ("cat concat concatenate(dim=0)",)
    other_names = (("concat", "cat concatenate route", ""),)
    examples = ("8x8x4: concat( relu | | slice 0:2 )",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.joined(cls.kind, call["dim"])

    def output(self, sources: Sources) -> Volume:
        if len({source.spatial for source in sources}) > 1:
            raise _disagreement(self.kind, sources, _to_equal(sources, channels=False))
        return sources[0].with_channels(sum(source.channels for source in sources))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        lies = ALL_LAST if sources[0].dimensions > 1 else CHANNELS_FIRST
        cat = Kernel("cat", self.output(sources).values, tuple(range(len(sources))), gradient=PASSED, lies=lies)
        return (cat._replace(casts=WIDENED),)


@register("mul")
class Multiply(Merge):
    """``mul( A | B )``: the product; a 1x1xC branch counts for every position (squeeze-and-excitation)."""

    kind = "mul"
    function = "mul"
    output_is_free = True
    torch_calls = ("mul imul multiply(other)",)
    examples = ("8x8x4: mul( | gap )",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.merged_with(cls.kind, "other", 1)

    def output(self, sources: Sources) -> Volume:
        largest = max(sources, key=lambda source: source.values)
        if any(source not in (largest, largest.vector(largest.channels)) for source in sources):
            hints = [f"every branch of mul is {largest} or {largest.vector(largest.channels)} here"]
            raise _disagreement(self.kind, sources, hints)
        return largest

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return folded("mul", sources, OTHERS, NEW)


_MOST_SHOWN = 6


def _disagreement(word: str, sources: Sources, hints: list[str]) -> Fault:
    first, shown = sources[0], list(enumerate(sources, 1))
    if len(shown) > _MOST_SHOWN:  # the first one, and those that differ from it
        shown = [(1, first), *[(number, source) for number, source in shown if source != first][: _MOST_SHOWN - 1]]
    volumes = ", ".join(f"branch {number} is {source}" for number, source in shown)
    changes = [(1, 1) if len(set(sides)) > 1 else (0, 0) for sides in zip(*[s.spatial for s in sources], strict=True)]
    message = f"the branches of {word} do not match: {volumes}"
    return Fault("branches-differ", message, hints=hints, changes=tuple(changes))


def _to_equal(sources: Sources, *, channels: bool = True) -> list[str]:
    """Return what would bring the first branch that differs from branch 1 to its volume."""
    first = sources[0]
    wanted = first if channels else first.spatial
    number, other = next(
        (number, source)
        for number, source in enumerate(sources, 1)
        if (source if channels else source.spatial) != wanted
    )
    hints = []
    if first.spatial != other.spatial:
        hints.append(_to_equal_size(first, other, number))
    if channels and first.channels != other.channels:
        hints.append(
            f"branch {number} needs {first.channels} channels, for example from `conv {_ones(first)}x{first.channels}`"
        )
    return hints


def _to_equal_size(first: Volume, other: Volume, number: int) -> str:
    larger, smaller, behind = (first, other, 1) if first.spatial > other.spatial else (other, first, number)
    strides = [-(-a // b) for a, b in zip(larger.spatial, smaller.spatial, strict=True)]
    fits = all(-(-a // s) == b for a, b, s in zip(larger.spatial, smaller.spatial, strides, strict=True))
    sizes = "x".join(map(str, larger.spatial)), "x".join(map(str, smaller.spatial))
    if fits and max(strides) > 1:
        stride = str(strides[0]) if len(set(strides)) == 1 else "x".join(map(str, strides))
        return f"bring branch {behind} from {sizes[0]} to {sizes[1]} with a stride of {stride}"
    pads = [a - b for a, b in zip(larger.spatial, smaller.spatial, strict=True)]
    shrunk = number if behind == 1 else 1
    if min(pads) >= 0:
        total = "x".join(map(str, pads)) if len(set(pads)) > 1 else str(pads[0])
        return f"branch {shrunk} is smaller by {total}: a padding that keeps its size is missing there"
    return f"bring both branches to {'x'.join(map(str, first.spatial))}"


def _ones(volume: Volume) -> str:
    return "x".join("1" for _ in volume.spatial)
