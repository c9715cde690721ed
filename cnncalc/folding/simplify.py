"""From the structure of a network to what is shown of it: quiet layers share boxes and rows, repeats are folded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from typing import Any

from cnncalc.folding.chains import chain_of
from cnncalc.folding.items import BlockItem, Branch, Fork, Item, Leaf, Repeat
from cnncalc.folding.quiet import leads
from cnncalc.network import Network, Node

LONGEST_PERIOD = 8
"""Most items of a repeat that is found."""

SO_MANY = 8
"""So many turns are folded although each makes a smaller volume; of fewer ones all volumes are shown."""


def structure(network: Network, *, fold: bool) -> list[Item]:
    """Return the items of a network, with repeats folded or not."""
    items = chain_of(network)
    return _Simplifying(network, items, fold=fold).chain(items)


def leaps(items: list[Item]) -> Iterator[int]:
    """Go through the numbers of the layers that are read from elsewhere in a structure."""
    before: int | None = None
    for place, item in enumerate(items):
        if place and item.entry is not None and item.entry != before:
            yield item.entry
        before = item.exit
        yield from _INSIDE[type(item)](item)


def _of_fork(item: Fork) -> Iterator[int]:
    for branch in item.branches:
        if branch.origin is not None:
            yield branch.origin
        yield from leaps(branch.items)


_INSIDE: dict[type, Callable[[Any], Iterator[int]]] = {
    Leaf: lambda item: iter(()),
    Fork: _of_fork,
    BlockItem: lambda item: leaps(item.body),
    Repeat: lambda item: leaps(item.body),
}


class _Simplifying:
    def __init__(self, network: Network, items: list[Item], *, fold: bool) -> None:
        self.fold = fold
        self.layers = network.layers
        self.leapt = sorted(set(leaps(items)))
        self.readers = [0] * (len(network) + 1)
        for node in network.layers:
            for source in node.inputs:
                self.readers[source] += 1
        for index in network.ends:
            self.readers[index] += 1
        self.numbers: dict[Hashable, int] = {}

    def chain(self, items: list[Item]) -> list[Item]:
        """Return a chain made simple, from the inside out."""
        inner = [_SIMPLER[type(item)](self, item) for item in items]
        joined = self._joined(inner)
        for place, item in enumerate(joined):
            broken = bool(place) and item.entry != joined[place - 1].exit
            alone = broken or self._is_leapt(item)
            item.likeness = self._number(("alone", item.first) if alone else _LIKENESS[type(item)](item))
        return self._folded(joined) if self.fold else joined

    def _leaf(self, item: Leaf) -> Item:
        return item

    def _fork(self, item: Fork) -> Item:
        branches = [Branch(self.chain(branch.items), branch.origin) for branch in item.branches]
        return replace(item, branches=branches)

    def _block(self, item: BlockItem) -> Item:
        body = self.chain(item.body)
        if len(body) == 1 and type(body[0]) is Leaf and body[0].exit == item.exit:
            return replace(body[0], entry=item.entry, block=item.name)
        return replace(item, body=body)

    def _number(self, key: Hashable) -> int:
        return self.numbers.setdefault(key, len(self.numbers) + 1)

    # ---- quiet layers

    def _joined(self, items: list[Item]) -> list[Item]:
        """Let quiet layers share the box of the layer before them, and leading ones that of the layer behind."""
        result: list[Item] = []
        for item in items:
            before = result[-1] if result else None
            follows = before is not None and item.entry == before.exit and self._private(before.exit)
            if follows and type(item) is Leaf and (joined := _JOINS[type(before)](before, item)):
                result[-1] = joined
            else:
                result.append(item)
        return result

    def _private(self, index: int) -> bool:
        return self.readers[index] == 1

    def _is_leapt(self, item: Item) -> bool:
        """Say whether something elsewhere reads a layer of an item, which then is like no other."""
        place = bisect_left(self.leapt, item.first)
        return place < len(self.leapt) and self.leapt[place] <= item.last

    # ---- repeats

    def _folded(self, items: list[Item]) -> list[Item]:
        result: list[Item] = []
        at = 0
        while at < len(items):
            period, turns = self._best(items, at)
            if turns == 1:
                result.append(items[at])
                at += 1
                continue
            end = at + period * turns
            runs = [items[start : start + period] for start in range(at, end, period)]
            whole = Repeat(
                items[at].first, items[end - 1].last, items[at].entry, items[end - 1].exit, runs[0], turns, runs
            )
            whole.likeness = self._number(("repeat", turns, tuple([item.likeness for item in runs[0]])))
            result.append(whole)
            at = end
        return result

    def _best(self, items: list[Item], at: int) -> tuple[int, int]:
        """Return the period and the turns of the repeat that holds most from here on; of two, the shorter period."""
        best = 1, 1
        for period in range(1, min(LONGEST_PERIOD, (len(items) - at) // 2) + 1):
            turns = self._turns(items, at, period)
            if turns > 1 and period * turns > best[0] * best[1]:
                best = period, turns
        return best

    def _turns(self, items: list[Item], at: int, period: int) -> int:
        end = at + period
        while end < len(items) and items[end].likeness == items[end - period].likeness:
            end += 1
        turns = (end - at) // period
        sizes = [self._size(items[at + (turn + 1) * period - 1]) for turn in range(turns)]
        same = next((turn for turn in range(turns) if sizes[turn] != sizes[0]), turns)
        return turns if turns >= SO_MANY else same

    def _size(self, item: Item) -> tuple[int, ...]:
        """Return the spatial sizes of what leaves an item."""
        return self.layers[item.exit - 1].output.spatial


_SIMPLER: dict[type, Callable[[_Simplifying, Any], Item]] = {
    Leaf: _Simplifying._leaf,
    Fork: _Simplifying._fork,
    BlockItem: _Simplifying._block,
}


def _words(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple([node.written for node in nodes])


def _like_leaf(item: Leaf) -> Hashable:
    return ("leaf", *_words((*item.before, item.node, *item.after)))


def _like_fork(item: Fork) -> Hashable:
    branches = tuple([(tuple([inner.likeness for inner in b.items]), b.origin) for b in item.branches])
    return ("fork", item.merge.node.written, _words(item.merge.after), branches)


def _like_block(item: BlockItem) -> Hashable:
    return ("block", item.call.split("(", 1)[0], tuple([inner.likeness for inner in item.body]))


_LIKENESS: dict[type, Callable[[Any], Hashable]] = {
    Leaf: _like_leaf,
    Fork: _like_fork,
    BlockItem: _like_block,
}


def _join_leaf(before: Leaf, item: Leaf) -> Item | None:
    if item.quiet:
        return replace(before, after=(*before.after, item.node), last=item.last, exit=item.exit)
    if leads(before.node) and all(leads(node) for node in before.after):
        leading = (*before.before, before.node, *before.after, *item.before)
        return replace(item, before=leading, first=before.first, entry=before.entry)
    return None


def _join_fork(before: Fork, item: Leaf) -> Item | None:
    if not item.quiet:
        return None
    merge = replace(before.merge, after=(*before.merge.after, item.node), last=item.last, exit=item.exit)
    return replace(before, merge=merge, last=item.last, exit=item.exit)


_JOINS: dict[type, Callable[[Any, Leaf], Item | None]] = {
    Leaf: _join_leaf,
    Fork: _join_fork,
    BlockItem: lambda before, item: None,
}
