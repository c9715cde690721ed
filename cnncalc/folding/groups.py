"""The blocks and repeats of a network as ranges of its layers, one inside the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cnncalc.folding.items import BlockItem, Fork, Item, Repeat
from cnncalc.folding.rows import FEW, folded_rows, name_of, short_call, words_of
from cnncalc.folding.simplify import structure
from cnncalc.network import Network


class LayerGroup(NamedTuple):
    """A block or a repeat.

    Attributes:
        first, last: the numbers of its first and last layer.
        name: that of a block; of a repeat those of its first and last part.
        layer: the call of a block, or what is repeated, as a spec writes it.
        times: how often it is repeated; 1 for a block.
        opened: whether a table shows its inside at first.

    """

    first: int
    last: int
    name: str
    layer: str
    times: int
    opened: bool


def groups_of(network: Network) -> list[LayerGroup]:
    """Return the blocks and repeats, each before those that it holds; of few layers only the blocks, opened."""
    few = len(network) <= FEW
    items = [] if few else structure(network, fold=True)
    opened = {(row.first, row.last, row.layer) for row in folded_rows(network, items) or () if not row.spans}
    found = [(place, name, short_call(network.blocks[name]), 1) for name, place in _blocks(network).items()]
    found += [((item.first, item.last), name_of(item), words_of(item), item.times) for item in _repeats(items)]
    found.sort(key=lambda group: (group[0][0], -group[0][1], group[3], len(group[1])))
    return [
        LayerGroup(*place, name, layer, times, few or (*place, layer) in opened) for place, name, layer, times in found
    ]


def _blocks(network: Network) -> dict[str, tuple[int, int]]:
    """Return the first and last layers of the calls of blocks, by their names, the outer ones first."""
    found: dict[str, tuple[int, int]] = {}
    for node in network.layers:
        at = node.name.find(".")
        while at >= 0:
            name = node.name[:at]
            if name in network.blocks:
                found[name] = found.get(name, (node.index, 0))[0], node.index
            at = node.name.find(".", at + 1)
    return found


def _repeats(items: Iterable[Item]) -> Iterator[Repeat]:
    for item in items:
        if type(item) is Repeat:
            yield item
            for turn in item.turns:
                yield from _repeats(turn)
        elif type(item) is BlockItem:
            yield from _repeats(item.body)
        elif type(item) is Fork:
            for branch in item.branches:
                yield from _repeats(branch.items)
