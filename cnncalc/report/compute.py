"""The report of ``cnncalc compute``: every volume as a grid, and the sums behind a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isfinite, prod
from textwrap import wrap
from typing import Any, NamedTuple

from cnncalc.layers.operations import Number
from cnncalc.report.number_grids import grid_of, number_text, side_by_side
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Again, Column, Table
from cnncalc.report.value_sums import sum_lines
from cnncalc.values import Computation, ComputedLayer, Numbers
from cnncalc.values.sums import UnitSum


class ShownValues(NamedTuple):
    """What is shown of a computation.

    Attributes:
        computation: what was computed.
        digits: digits behind the point in place of fractions; None for fractions.
        sums: the sums that are written out.
        remarks: sentences below.

    """

    computation: Computation
    digits: int | None = None
    sums: tuple[UnitSum, ...] = ()
    remarks: tuple[str, ...] = ()


def compute_report(shown: ShownValues) -> Report:
    """Make the report of a computation."""
    digits = shown.digits
    columns = (
        Column("layer", "layer"),
        Column("tensor", "tensor"),
        Column("index", "index"),
        Column("value", "value", lambda number: number_text(number, digits), right=True),
        Column("decimal", "decimal", lambda number: f"{number:.10g}", right=True),
    )
    return Report(
        Table(columns, Again(lambda: _rows(shown.computation))),
        lambda: _data(shown),
        draw=lambda width: _drawn(shown, width),
    )


# ---- for people


def _drawn(shown: ShownValues, width: int) -> Iterator[str]:
    computation, digits = shown.computation, shown.digits
    yield f"input {computation.network.input}\n"
    yield from _volume_lines(computation.input, "channel", width, digits)
    for layer in computation.layers:
        yield f"\n{layer.name}: {layer.node.written} → {layer.node.output}\n"
        if layer.state:
            yield from _state_lines(layer, width, digits)
            yield "  output\n"
        yield from _volume_lines(layer.output, "channel", width, digits)
    for unit in shown.sums:
        yield from _sum(unit, width, digits)
    if shown.remarks:
        yield "\n"
        for remark in shown.remarks:
            yield from [line + "\n" for line in wrap(remark, max(20, width))]


def _volume_lines(numbers: Numbers, word: str, width: int, digits: int | None) -> Iterator[str]:
    """Yield the channels of a volume beside each other; what has one position is a row."""
    yield from [line + "\n" for line in side_by_side(_blocks(numbers, word, digits), width)]


def _blocks(numbers: Numbers, word: str, digits: int | None) -> list[tuple[str, list[list[str]]]]:
    if prod(numbers.shape[1:]) == 1:
        return [("", grid_of([numbers.flat], digits))]
    channels: list[tuple[tuple[int, ...], list[list[Number]]]]
    if len(numbers.shape) == 2:
        channels = [((number,), [row]) for number, row in enumerate(numbers.nested())]
    else:
        channels = list(numbers.grids())
    single = len(channels) == 1
    return [("" if single else f"{word} {_place(index)}", grid_of(grid, digits)) for index, grid in channels]


def _place(index: Sequence[int]) -> str:
    return ", ".join(map(str, index))


def _state_lines(layer: ComputedLayer, width: int, digits: int | None) -> Iterator[str]:
    """Yield the tensors of a layer: its kernels with their filters and channels, and rows of numbers."""
    for name, numbers in layer.state.items():
        yield f"  {name}\n"
        yield from [line + "\n" for line in side_by_side(tensor_blocks(numbers, digits), width, "    ")]


def tensor_blocks(numbers: Numbers, digits: int | None) -> list[tuple[str, list[list[str]]]]:
    """Return the grids of a tensor with their titles: a kernel for every filter and channel."""
    grids = list(numbers.grids())
    names = _titles(numbers.shape)
    return [(names(index) if len(grids) > 1 else "", grid_of(grid, digits)) for index, grid in grids]


def _titles(shape: Sequence[int]) -> Any:
    def title(index: Sequence[int]) -> str:
        if len(shape) < 4:
            return _place(index)
        filter_ = f"filter {index[0]}" if shape[0] > 1 else ""
        channel = f"channel {_place(index[1:])}" if prod(shape[1:-2]) > 1 else ""
        return ", ".join([part for part in (filter_, channel) if part])

    return title


def _sum(unit: UnitSum, width: int, digits: int | None) -> Iterator[str]:
    yield f"\n{unit.layer} at {place_text(unit.place)}\n"
    lines = list(sum_lines(unit, digits))
    margin = max(len(label) for label, _ in lines)
    for label, text in lines:
        pieces = wrap(text, max(20, width - margin - 4), break_long_words=False)
        yield f"  {label:<{margin}}  {pieces[0]}\n" if margin else f"  {pieces[0]}\n"
        yield from [" " * (margin + 4 if margin else 4) + piece + "\n" for piece in pieces[1:]]


_AXES = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def place_text(place: Sequence[int]) -> str:
    """Write a place: ``row 0, column 0, channel 0``."""
    dimensions = len(place) - 1
    names = (*_AXES.get(dimensions, [f"size {axis + 1}" for axis in range(dimensions)]), "channel")
    return ", ".join([f"{name} {number}" for name, number in zip(names, place, strict=True)])


# ---- for programs


def _rows(computation: Computation) -> Iterator[tuple[Any, ...]]:
    def rows(layer: str, tensor: str, numbers: Numbers) -> Iterator[tuple[Any, ...]]:
        for place, number in enumerate(numbers.flat):
            yield layer, tensor, _index(place, numbers.shape), exact_data(number), float(number)

    yield from rows("input", "values", computation.input)
    for layer in computation.layers:
        for name, numbers in layer.state.items():
            yield from rows(layer.name, name, numbers)
        yield from rows(layer.name, "values", layer.output)


def _index(place: int, shape: Sequence[int]) -> str:
    found = []
    for size in reversed(shape):
        place, own = divmod(place, size)
        found.append(str(own))
    return " ".join(reversed(found))


def exact_data(number: Number) -> Any:
    """Return a number as JSON has it: whole, a fraction as text, or a decimal."""
    if isinstance(number, Fraction):
        return str(number)
    return number if isinstance(number, int) or isfinite(number) else str(number)


def numbers_data(numbers: Numbers) -> dict[str, Any]:
    """Return an array as data: its shape, its exact numbers and the same as decimals."""
    exact = Numbers(numbers.shape, tuple([exact_data(number) for number in numbers.flat]))
    decimals = [float(number) if isfinite(number) else str(number) for number in numbers.flat]
    return {
        "shape": list(numbers.shape),
        "exact": exact.nested(),
        "decimal": Numbers(numbers.shape, tuple(decimals)).nested(),  # type: ignore[arg-type]  # or how they are called
    }


def _data(shown: ShownValues) -> dict[str, Any]:
    computation = shown.computation
    return {
        "schema": SCHEMA,
        "spec": computation.network.source.name,
        "input": {"volume": list(computation.network.input), "values": numbers_data(computation.input)},
        "layers": [_layer_data(layer) for layer in computation.layers],
        "sums": [_sum_data(unit, shown.digits) for unit in shown.sums],
        "remarks": list(shown.remarks),
    }


def _layer_data(layer: ComputedLayer) -> dict[str, Any]:
    node = layer.node
    return {
        "index": node.index,
        "name": node.name,
        "layer": node.written,
        "inputs": list(node.inputs),
        "output": list(node.output),
        "values": numbers_data(layer.output),
        "tensors": {name: numbers_data(numbers) for name, numbers in layer.state.items()},
    }


def _sum_data(unit: UnitSum, digits: int | None) -> dict[str, Any]:
    return {
        "layer": unit.layer,
        "place": list(unit.place),
        "parts": [
            {
                "channel": part.channel,
                "products": [[exact_data(x), exact_data(weight)] for x, weight in part.products],
                "sum": exact_data(part.result),
            }
            for part in unit.parts
        ],
        "bias": None if unit.bias is None else exact_data(unit.bias),
        "result": exact_data(unit.result),
        "decimal": float(unit.result),
        "text": [f"{label}: {text}" if label else text for label, text in sum_lines(unit, digits)],
    }
