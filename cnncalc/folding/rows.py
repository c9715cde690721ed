"""The rows of a table that folds: a block, a repeat or a layer in each, which stands for all layers of its spans."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cnncalc.core.words import shorten
from cnncalc.folding.depth import MANY, deepest
from cnncalc.folding.items import BlockItem, Fork, Item, Leaf, Repeat
from cnncalc.folding.simplify import structure
from cnncalc.network import Network, Node

FEW = 20
"""So many layers are shown one by one."""
LONGEST = 44
"""Characters of what a row says that its layers are."""


class FoldedRow(NamedTuple):
    """A row of a folded table.

    Attributes:
        level: how many opened blocks and repeats it lies in.
        name: that of the layer or the block; of a repeat those of the first and of the last.
        layer: what it is, as a spec writes it.
        times: how often it is repeated; its numbers are those of all times together.
        first, last: the numbers of its first and last layer, of all times together.
        spans: the first and last numbers of the layers that it stands for; () for the head of an opened block.
        exit: the number of the layer whose output leaves it; of a repeat that of the last time.

    """

    level: int
    name: str
    layer: str
    times: int
    first: int
    last: int
    spans: tuple[tuple[int, int], ...]
    exit: int


@dataclass(frozen=True)
class _Opening:
    """How deep blocks are opened; in the innermost level all of them, or only those that hold a repeat.

    Where room is short, merges of labels ``share`` the row of the layer before them.
    """

    depth: int
    every: bool = True
    share: bool = False

    def opens(self, item: Item) -> bool:
        return self.depth > 1 or (self.depth == 1 and (self.every or _holds_repeat(item)))

    def inside(self) -> _Opening:
        return replace(self, depth=self.depth - 1)


class _Place(NamedTuple):
    """Where rows are made: inside which block, how deep, and how far the other turns of its repeats lie behind."""

    opening: _Opening
    prefix: str = ""
    level: int = 0
    offsets: tuple[int, ...] = (0,)


def folded_rows(network: Network, items: list[Item] | None = None) -> list[FoldedRow] | None:
    """Return the rows of a network, with blocks opened as far as there are not too many rows.

    Args:
        network: what the rows are of.
        items: its structure with repeats folded, where that is known already.

    Returns:
        None where nothing folds: where there are few layers, or neither blocks nor repeats.

    """
    if len(network) <= FEW:
        return None
    items = structure(network, fold=True) if items is None else items
    if not network.blocks and not any(type(item) is Repeat for item in _every(items)):
        return None
    depth = deepest(lambda depth: _size(items, _Opening(depth)), MANY)
    further = _Opening(depth + 1, every=False)
    opening = further if _size(items, further) <= MANY else _Opening(depth)
    if _size(items, opening) > MANY:
        opening = replace(opening, share=True)
    return list(_rows(items, _Place(opening)))


def _size(items: Sequence[Item], opening: _Opening) -> int:
    return sum(1 for _ in _rows(items, _Place(opening)))


def _every(items: Sequence[Item]) -> Iterator[Item]:
    """Go through items and what is in their branches."""
    for item in items:
        yield item
        if type(item) is Fork:
            for branch in item.branches:
                yield from _every(branch.items)


# ---- rows


def _rows(items: Sequence[Item], place: _Place) -> Iterator[FoldedRow]:
    for item in items:
        yield from _ROWS[type(item)](item, place)


def _of_leaf(item: Leaf, place: _Place) -> Iterator[FoldedRow]:
    yield _row(item, place, item.block or item.node.name)


def _of_block(item: BlockItem, place: _Place) -> Iterator[FoldedRow]:
    if not place.opening.opens(item):
        yield _row(item, place, item.name)
        return
    yield _head(item, place, item.name)
    yield from _rows(item.body, _within(place, f"{item.name}."))


def _of_fork(item: Fork, place: _Place) -> Iterator[FoldedRow]:
    """Yield the rows of branches and of the merge; branches that are written in its brackets may fold with it."""
    if _is_inline(item):
        if not place.opening.opens(item):
            yield _row(item, place, name_of(item))
            return
        place = place._replace(opening=place.opening.inside())
    branches = sorted([branch.items for branch in item.branches if branch.items], key=lambda items: items[0].first)
    inner = [step for branch in branches for step in branch]
    merge, before = item.merge, inner[-1] if inner else None
    if place.opening.share and type(before) is Leaf and before.last + 1 == merge.first:
        after = (*before.after, merge.node, *merge.after)
        yield from _rows([*inner[:-1], replace(before, after=after, last=merge.last, exit=merge.exit)], place)
        return
    yield from _rows(inner, place)
    yield _row(merge, place, merge.node.name)


def _of_repeat(item: Repeat, place: _Place) -> Iterator[FoldedRow]:
    turns = [turn[0].first - item.first for turn in item.turns]
    offsets = tuple([offset + turn for offset in place.offsets for turn in turns])
    all_turns = place._replace(offsets=offsets)
    first = item.body[0]
    if len(item.body) == 1 and type(first) is Leaf:
        yield _row(first, all_turns, name_of(item))
        return
    once = _once(item)
    if not place.opening.opens(item):
        yield _row(once, all_turns, name_of(item))
        return
    yield _head(once, all_turns, name_of(item))._replace(last=item.last)
    alone = first if len(item.body) == 1 and type(first) is BlockItem else None
    prefix = f"{alone.name}." if alone else place.prefix
    yield from _rows(alone.body if alone else item.body, _within(all_turns, prefix))


def _once(item: Repeat) -> Repeat:
    return Repeat(item.first, item.body[-1].last, None, item.body[-1].exit, item.body, 1, ())


_ROWS: dict[type, Callable[[Any, _Place], Iterator[FoldedRow]]] = {
    Leaf: _of_leaf,
    BlockItem: _of_block,
    Fork: _of_fork,
    Repeat: _of_repeat,
}


def _within(place: _Place, prefix: str) -> _Place:
    return _Place(place.opening.inside(), prefix, place.level + 1, place.offsets)


def _row(item: Item, place: _Place, name: str) -> FoldedRow:
    spans = tuple([(item.first + offset, item.last + offset) for offset in place.offsets])
    return _head(item, place, name)._replace(spans=spans, exit=item.exit + place.offsets[-1], last=spans[-1][1])


def _head(item: Item, place: _Place, name: str) -> FoldedRow:
    short = " … ".join([part.removeprefix(place.prefix) for part in name.split(" … ")])
    times = len(place.offsets)
    return FoldedRow(place.level, short, shorten(_written(item), LONGEST), times, item.first, item.last, (), item.exit)


# ---- names


def name_of(item: Item) -> str:
    """Return the name of an item: that of its first part and, where it has several, of its last."""
    first, last = _FIRST[type(item)](item), _LAST[type(item)](item)
    return first if first == last else f"{first} … {last}"


def _name(item: Fork) -> str:
    return item.merge.node.name


_FIRST: dict[type, Callable[[Any], str]] = {
    Leaf: lambda item: item.block or (*item.before, item.node)[0].name,
    BlockItem: lambda item: item.name,
    Fork: lambda item: next((_FIRST[type(b.items[0])](b.items[0]) for b in item.branches if b.items), _name(item)),
    Repeat: lambda item: _FIRST[type(item.body[0])](item.body[0]),
}
_LAST: dict[type, Callable[[Any], str]] = {
    Leaf: lambda item: item.block or item.node.name,
    BlockItem: lambda item: item.name,
    Fork: _name,
    Repeat: lambda item: _LAST[type(item.turns[-1][-1])](item.turns[-1][-1]),
}


# ---- what a row says


def short_call(call: str) -> str:
    """Return a call of a block, without brackets where there is nothing in them."""
    return shorten(call.removesuffix("()"), LONGEST)


def words_of(item: Repeat) -> str:
    """Return what is repeated, as a spec writes it."""
    return shorten(_written(_once(item)), LONGEST)


def _written(item: Item) -> str:
    """Write an item as a spec would, with ``×`` in the place of ``*``."""
    return _WRITTEN[type(item)](item)


def _chain(items: Sequence[Item]) -> str:
    return " - ".join(map(_written, items))


def _words(nodes: Sequence[Node]) -> str:
    return " - ".join([node.written for node in nodes])


def _written_fork(item: Fork) -> str:
    branches = " | ".join([_chain(branch.items) for branch in item.branches])
    after = "".join([f" - {node.written}" for node in item.merge.after])
    return f"{item.merge.node.written}({branches}){after}"


def _written_repeat(item: Repeat) -> str:
    body = _chain(item.body)
    if item.times == 1:
        return body
    return (
        f"{body} ×{item.times}"
        if len(item.body) == 1 and type(item.body[0]) is BlockItem
        else f"({body}) ×{item.times}"
    )


_WRITTEN: dict[type, Callable[[Any], str]] = {
    Leaf: lambda item: _words((*item.before, item.node, *item.after)),
    BlockItem: lambda item: item.call.removesuffix("()"),
    Fork: _written_fork,
    Repeat: _written_repeat,
}


# ---- which items may be opened


def _holds_repeat(item: Item) -> bool:
    """Say whether a repeat stands directly in a block, or in the block that is repeated."""
    if type(item) is Repeat:
        return type(item.body[0]) is BlockItem and _holds_repeat(item.body[0])
    return type(item) is BlockItem and any(type(inner) is Repeat for inner in item.body)


def _is_inline(item: Fork) -> bool:
    """Say whether the brackets of a merge hold its branches, and not a label that skips what is written before it."""
    merge = item.merge.node
    scope = merge.name.rpartition(".")[0]
    written = merge.origin
    return all(
        written.start <= inner.node.origin.start and inner.node.origin.end <= written.end
        for branch in item.branches
        for inner in branch.items
        if type(inner) is Leaf and inner.node.name.rpartition(".")[0] == scope
    )
