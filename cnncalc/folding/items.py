"""The structure of a network, as it is found in its list of layers: chains, branches that merge, blocks, repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cnncalc.folding.quiet import is_quiet
from cnncalc.network import Node


@dataclass(slots=True)
class Item:
    """A part of a chain.

    Attributes:
        first, last: the numbers of its first and last layer; it holds all between them.
        entry: the number of the layer whose output it reads; None for what reads several places.
        exit: the number of the layer whose output leaves it.
        likeness: equal for items that are alike: that are written with the same words in the same structure.
        depth: how deep forks nest in it.

    """

    first: int
    last: int
    entry: int | None
    exit: int
    likeness: int = field(default=0, kw_only=True)
    depth: int = field(default=0, kw_only=True)


@dataclass(slots=True)
class Leaf(Item):
    """A layer, with quiet layers (normalisation, activation, dropout) that share its box or row."""

    node: Node
    before: tuple[Node, ...] = ()
    after: tuple[Node, ...] = ()
    block: str = ""  # the block that holds nothing else

    @property
    def quiet(self) -> bool:
        """Whether it may share the box or row of another layer."""
        return is_quiet(self.node)


@dataclass(slots=True)
class Branch:
    """A branch of a merge.

    Attributes:
        items: what it holds; none for a branch that passes the volume on.
        origin: the number of the layer whose output it reads, where that is not the place at which the branches part.

    """

    items: list[Item]
    origin: int | None = None


@dataclass(slots=True)
class Fork(Item):
    """Branches that part at one place and merge."""

    branches: list[Branch]
    merge: Leaf


@dataclass(slots=True)
class BlockItem(Item):
    """A call of a block: its name in the names of layers, and how it is called."""

    name: str
    call: str
    body: list[Item]


@dataclass(slots=True)
class Repeat(Item):
    """The same items several times, one behind the other; ``body`` is the first time."""

    body: list[Item]
    times: int
    turns: Sequence[Sequence[Item]]
