"""What is wrong with branches that cannot be merged, and what would bring them together."""

from __future__ import annotations

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.base import Sources

_MOST_SHOWN = 6


def check_dimensions(word: str, sources: Sources) -> None:
    """Make sure that all branches have as many dimensions, which those of several inputs may not."""
    if any(source.dimensions != sources[0].dimensions for source in sources):
        raise disagreement(word, sources, [])


def _dimensions(sources: Sources) -> str:
    other = next(place for place, source in enumerate(sources) if source.dimensions != sources[0].dimensions)
    counts = f"{sources[0].dimensions} and {sources[other].dimensions}"
    return f"branches 1 and {other + 1} have {counts} spatial dimensions: write their inputs with as many"


def disagreement(word: str, sources: Sources, hints: list[str]) -> Fault:
    """Return the fault for branches whose volumes cannot be merged."""
    hints = hints or [_dimensions(sources)]
    first, shown = sources[0], list(enumerate(sources, 1))
    if len(shown) > _MOST_SHOWN:  # the first one, and those that differ from it
        shown = [(1, first), *[(number, source) for number, source in shown if source != first][: _MOST_SHOWN - 1]]
    volumes = ", ".join(f"branch {number} is {source}" for number, source in shown)
    sides_of = zip(*[source.spatial for source in sources], strict=False)
    changes = [(1, 1) if len(set(sides)) > 1 else (0, 0) for sides in sides_of]
    message = f"the branches of {word} do not match: {volumes}"
    return Fault("branches-differ", message, hints=hints, changes=tuple(changes))


def to_equal(sources: Sources, first: int, second: int, *, channels: bool = True) -> list[str]:
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
