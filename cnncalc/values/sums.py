"""How one value came about: the sum behind an outgoing unit, or behind a gradient, product by product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.core.errors import ArgumentError
from cnncalc.core.volume import Volume
from cnncalc.layers.operations import Number, Value
from cnncalc.values.compute import Computation
from cnncalc.values.tape import Cell, Products, number_of


class SumPart(NamedTuple):
    """Products that belong together: those of a channel.

    Attributes:
        channel: the channel of what arrives; None where there is one part alone.
        products: pairs of a value and what it is multiplied by.
        result: their sum.

    """

    channel: int | None
    products: tuple[tuple[Number, Number], ...]
    result: Number


class UnitSum(NamedTuple):
    """The sum of one outgoing unit.

    Attributes:
        layer: its name.
        place: row, column, … and at last channel, counted from 0.
        parts: the products, channel by channel; () for a unit that is no sum of products with weights.
        bias: what is added; None for nothing.
        cell: the unit as a value that knows what it was made of.
        given: which cells the layer read: those of its inputs and of its tensors, by their ids.
        result: its value.

    """

    layer: str
    place: tuple[int, ...]
    parts: tuple[SumPart, ...]
    bias: Number | None
    cell: Cell
    given: frozenset[int]
    result: Number


def place_of(volume: Volume, at: Sequence[int]) -> tuple[int, ...]:
    """Return a whole place in a volume: the channel is 0 where it is not said, and positions where there is one.

    Raises:
        ArgumentError: for a place outside, and for another number of sizes.

    """
    if len(at) == 1 and max(volume.spatial) == 1:
        at = (*[0] * volume.dimensions, *at)
    elif len(at) == volume.dimensions:
        at = (*at, 0)
    example = ",".join("0" * volume.dimensions)
    if len(at) != len(volume):
        message = f"a place in {volume} is written {example}, or {example},0 with its channel, not {_joined(at)}"
        raise ArgumentError("bad-size", message)
    if any(not 0 <= number < size for number, size in zip(at, volume, strict=True)):
        last = _joined([size - 1 for size in volume])
        raise ArgumentError("out-of-range", f"there is no place {_joined(at)} in {volume}: places go up to {last}")
    return tuple(at)


def _joined(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def flat_place(volume: Volume, place: Sequence[int]) -> int:
    """Return where the value of a place lies among the values of a volume, channels first."""
    found = place[-1]
    for number, size in zip(place[:-1], volume.spatial, strict=True):
        found = found * size + number
    return found


def unit_sum(computation: Computation, layer: str | int, at: Sequence[int]) -> UnitSum:
    """Return the sum of one outgoing unit of a layer.

    Args:
        computation: what was computed.
        layer: the layer's name or number.
        at: row and column (as many as there are dimensions) and perhaps the channel, counted from 0.

    Raises:
        SpecError: where there is no such layer or no such unit.

    """
    node = computation.layer(layer).node
    place = place_of(node.output, at)
    cell: Cell = computation.cells[node.index][flat_place(node.output, place)]
    parts: tuple[SumPart, ...] = ()
    bias = None
    if isinstance(cell, Products) and node.layer.mac_factors(node.sources):
        channels = _channels(computation.cells[node.inputs[0]], node.sources[0].channels)
        parts = tuple(_parts(cell, channels))
        bias = number_of(cell.plus) if isinstance(cell.plus, Cell) else None
    tensors = computation.tensors[computation.network.weights_of.get(node.index, node.index)]
    read = [*[computation.cells[index] for index in node.inputs], *tensors.values()]
    given = frozenset([id(value) for box in read for value in box])
    return UnitSum(node.name, place, parts, bias, cell, given, cell.value)


def _channels(cells: Sequence[Value], channels: int) -> dict[int, int]:
    """Return the channel of every cell of a volume."""
    size = len(cells) // channels
    return {id(cell): number // size for number, cell in enumerate(cells)}


def _parts(cell: Products, channels: dict[int, int]) -> list[SumPart]:
    """Part the products by the channels, which stand behind each other."""
    read = list(dict.fromkeys([channels[id(x)] for x in cell.xs if id(x) in channels]))
    pairs = [(number_of(x), number_of(weight)) for x, weight in zip(cell.xs, cell.weights, strict=True)]
    if len(read) < 2 or len(pairs) % len(read) or len(read) == len(pairs):
        return [SumPart(None, tuple(pairs), sum([x * weight for x, weight in pairs]))]
    size = len(pairs) // len(read)
    found = []
    for place, channel in enumerate(read):
        own = pairs[place * size : (place + 1) * size]
        found.append(SumPart(channel, tuple(own), sum([x * weight for x, weight in own])))
    return found
