"""A layer window by window: what each of its outgoing units reads, in the input with its padding around it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import inf
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.layers.operations import Number
from cnncalc.layers.window import Windowed
from cnncalc.network import Node
from cnncalc.values.arrays import Numbers
from cnncalc.values.compute import Computation
from cnncalc.values.sums import UnitSum, unit_sum
from cnncalc.values.tape import Cell

MOST_STEPS = 400
"""Most windows that are walked through."""


_PADDING: dict[str, Number] = {"pool": -inf, "minpool": inf}
"""What stands around the input of the pools that choose a value."""


class WindowStep(NamedTuple):
    """One outgoing unit.

    Attributes:
        unit: its sum.
        grid: the input with its padding around it: channels, rows, columns.
        read: the places within a channel of the grid that the unit reads.

    """

    unit: UnitSum
    grid: Numbers
    read: frozenset[int]


def window_steps(computation: Computation, layer: str | int, channel: int = 0) -> Iterator[WindowStep]:
    """Yield the units of one channel of a layer, in the order of their positions.

    Raises:
        SpecError: for a layer that is not there, and for one with too many positions to walk through.

    """
    node = computation.reading_layer(layer).node
    positions = node.output.values // node.output.channels
    if positions > MOST_STEPS:
        message = f"`{node.name}` has {positions:,} positions, and at most {MOST_STEPS} are walked through"
        raise SpecError("too-large", message, hints=["take a smaller input, or --at for one of them"])
    slides = isinstance(node.layer, Windowed)
    pads = node.layer.needed_padding(node.sources[0]) if isinstance(node.layer, Windowed) else ()
    grid = _padded(computation, node, pads or ((0, 0),) * node.sources[0].dimensions)
    for place in product(*map(range, node.output.spatial)):
        unit = unit_sum(computation, node.index, (*place, channel))
        read = _by_window(node, place, grid) if slides else _by_cells(computation, node, unit)
        yield WindowStep(unit, grid, read)


def _padded(computation: Computation, node: Node, pads: tuple[tuple[int, int], ...]) -> Numbers:
    """Return the input of a layer with its padding around it: zeros, or what is never the largest or the smallest."""
    source = node.sources[0]
    cells = [cell.value for cell in computation.cells[node.inputs[0]]]
    sizes = [before + size + after for size, (before, after) in zip(source.spatial, pads, strict=True)]
    inner = {
        tuple([at + before for at, (before, _) in zip(place, pads, strict=True)]): number
        for number, place in enumerate(product(*map(range, source.spatial)))
    }
    each = source.values // source.channels
    flat = [
        cells[channel * each + inner[place]] if place in inner else _PADDING.get(node.layer.kind, 0)
        for channel in range(source.channels)
        for place in product(*map(range, sizes))
    ]
    return Numbers.of((source.channels, *sizes), flat)


def _by_window(node: Node, place: tuple[int, ...], grid: Numbers) -> frozenset[int]:
    assert isinstance(node.layer, Windowed)
    axes = [
        range(at * window.stride, min(at * window.stride + window.extent, size), window.dilation)
        for at, window, size in zip(place, node.layer.windows, grid.shape[1:], strict=True)
    ]
    return frozenset(_flat(taps, grid.shape[1:]) for taps in product(*axes))


def _flat(place: tuple[int, ...], sizes: tuple[int, ...]) -> int:
    found = 0
    for at, size in zip(place, sizes, strict=True):
        found = found * size + at
    return found


def _by_cells(computation: Computation, node: Node, unit: UnitSum) -> frozenset[int]:
    """Return the places that a unit was made of, through whatever lies between."""
    cells = computation.cells[node.inputs[0]]
    places = {id(cell): number for number, cell in enumerate(cells)}
    each = len(cells) // node.sources[0].channels
    found, waiting, seen = set(), [unit.cell], {id(unit.cell)}
    while waiting:
        for x, _ in waiting.pop().slopes():
            if not isinstance(x, Cell) or id(x) in seen:
                continue
            seen.add(id(x))
            if id(x) in places:
                found.add(places[id(x)] % each)
            elif id(x) not in unit.given:
                waiting.append(x)
    return frozenset(found)
