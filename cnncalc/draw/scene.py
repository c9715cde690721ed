"""What a picture shows: boxes in chains, branches side by side, frames around blocks that are opened.

A scene has no sizes and no places. It is what the styles lay out, and what a page lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Costs:
    """What the layers of a box cost together, for one image: parameters, multiplications, values of their outputs."""

    params: int = 0
    macs: int = 0
    values: int = 0


@dataclass(slots=True)
class Box:
    """A box of a picture.

    Attributes:
        role: the kind of layer, or ``block`` or ``input``.
        title: what it is.
        lines: what else is said of it.
        above: what happens first in it, said above the title.
        names: the names of the layers or blocks that it stands for.
        spans: the numbers of its layers, first and last of each run.
        exit: the number of the layer whose output leaves it; 0 for the input.
        output: the volume that leaves it, as it is written beside the line.
        times: how often it comes, one behind the other.
        costs: of all its layers, of all times.

    """

    role: str
    title: str
    lines: tuple[str, ...]
    names: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    exit: int
    output: str
    times: int = 1
    above: str = ""
    costs: Costs = field(default_factory=Costs)

    def boxes(self) -> Iterator[Box]:
        """Go through the boxes: this one."""
        yield self


@dataclass(slots=True)
class Path:
    """A branch: what it holds, and the number of the layer that it reads, where that is elsewhere.

    It is -1 for a branch that begins at one of several inputs.
    """

    chain: SceneChain
    origin: int | None = None


@dataclass(slots=True)
class SceneFork:
    """Branches side by side, and the box in which they merge."""

    paths: list[Path]
    merge: Box

    @property
    def exit(self) -> int:
        """The number of the layer whose output leaves it."""
        return self.merge.exit

    @property
    def output(self) -> str:
        """The volume that leaves it."""
        return self.merge.output

    def boxes(self) -> Iterator[Box]:
        """Go through the boxes, branch by branch."""
        for path in self.paths:
            yield from path.chain.boxes()
        yield self.merge


@dataclass(slots=True)
class Frame:
    """A block that is opened, or parts that repeat: its title, and what it holds."""

    title: str
    body: SceneChain
    names: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    exit: int
    output: str
    times: int = 1

    def boxes(self) -> Iterator[Box]:
        """Go through the boxes in it."""
        return self.body.boxes()


Part = Box | SceneFork | Frame


@dataclass(slots=True)
class SceneChain:
    """Parts one behind the other.

    Attributes:
        parts: from first to last.
        origins: for each part the number of the layer that it reads, where that is not the part before it; -1 for
            branches that all read elsewhere, and for what begins at one of several inputs.
        output: the volume that leaves it; that which enters it, if it is empty.

    """

    parts: list[Part]
    origins: list[int | None]
    output: str

    def boxes(self) -> Iterator[Box]:
        """Go through the boxes in order."""
        for part in self.parts:
            yield from part.boxes()


@dataclass(slots=True)
class Detail:
    """What is inside a block that the picture shows closed: the call that is shown, and what goes in."""

    title: str
    note: str
    input: str
    body: SceneChain


@dataclass(slots=True)
class Scene:
    """A whole picture.

    Attributes:
        name: of the network.
        chain: the network, from its input on.
        details: blocks that stand closed in the chain.
        marks: letters for layers that are read from elsewhere, by the number of the layer.
        totals: of the network.
        outputs: numbers of the layers whose volumes leave the network, where it has several outputs.

    """

    name: str
    chain: SceneChain
    details: list[Detail]
    marks: dict[int, str]
    totals: Costs
    outputs: set[int] = field(default_factory=set)

    def boxes(self) -> Iterator[Box]:
        """Go through all boxes."""
        yield from self.chain.boxes()
        for detail in self.details:
            yield from detail.body.boxes()
