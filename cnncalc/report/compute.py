"""The report of ``cnncalc compute``: every volume as a grid, and the sums behind a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from cnncalc.layers.operations import Number
from cnncalc.report.number_grids import number_text
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Again, Column, Table
from cnncalc.report.value_sums import sum_lines
from cnncalc.report.values_drawn import Learning, ShownValues, drawn
from cnncalc.report.values_latex import latex_pieces
from cnncalc.values import Computation, ComputedLayer, Numbers
from cnncalc.values.arrays import decimal_of
from cnncalc.values.gradients import GradientSum
from cnncalc.values.learning import Loss
from cnncalc.values.sums import UnitSum


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
        Table(columns, Again(lambda: _rows(shown))),
        lambda: _data(shown),
        draw=lambda width: drawn(shown, width),
        marks=bool(shown.windows),
        latex=lambda: latex_pieces(shown),
    )


# ---- for programs


def _rows(shown: ShownValues) -> Iterator[tuple[Any, ...]]:
    for layer, tensor, numbers in _arrays(shown):
        for place, number in enumerate(numbers.flat):
            yield layer, tensor, _index(place, numbers.shape), exact_data(number), decimal_of(number)


def _arrays(shown: ShownValues) -> Iterator[tuple[str, str, Numbers]]:
    """Yield every array with its layer and what it is."""
    computation = shown.computation
    if computation.input.flat:
        yield "input", "values", computation.input
    for layer in computation.layers:
        yield from [(layer.name, name, numbers) for name, numbers in layer.state.items()]
        yield layer.name, "values", layer.output
    if computation.input_gradient is not None and computation.input.flat:
        yield "input", "gradient", computation.input_gradient
    for layer in computation.layers:
        yield from [(layer.name, f"gradient of {name}", found) for name, found in layer.state_gradients.items()]
        if layer.gradient is not None:
            yield layer.name, "gradient", layer.gradient
    if shown.learning is not None:
        for name in shown.learning.step.changes:
            layer_name, _, tensor = name.rpartition(".")
            yield layer_name, f"{tensor} after the step", shown.learning.step.tensors[name]


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


def decimal_data(number: Number) -> float | str:
    """Return a number as JSON has it as a decimal; JSON has no infinity, which is a text."""
    decimal = decimal_of(number)
    return decimal if isfinite(decimal) else str(decimal)


def numbers_data(numbers: Numbers) -> dict[str, Any]:
    """Return an array as data: its shape, its exact numbers and the same as decimals."""
    exact = Numbers(numbers.shape, tuple([exact_data(number) for number in numbers.flat]))
    decimals = [decimal_data(number) for number in numbers.flat]
    return {
        "shape": list(numbers.shape),
        "exact": exact.nested(),
        "decimal": Numbers(numbers.shape, tuple(decimals)).nested(),  # type: ignore[arg-type]  # or how they are called
    }


def _data(shown: ShownValues) -> dict[str, Any]:
    computation = shown.computation
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "spec": computation.network.source.name,
        "input": _input_data(computation),
        "layers": [_layer_data(layer) for layer in computation.layers],
        "sums": [_sum_data(unit, shown.digits) for unit in shown.sums],
        "remarks": list(shown.remarks),
    }
    if computation.input_gradient is not None:
        data["gradient_sums"] = [_gradient_sum_data(each) for each in shown.gradient_sums]
    if shown.windows:
        data["windows"] = [{"read": sorted(step.read), **_sum_data(step.unit, shown.digits)} for step in shown.windows]
    if shown.matrices:
        data["matrices"] = [
            {name: None if part is None else numbers_data(part) for name, part in found._asdict().items()}
            for found in shown.matrices
        ]
    if shown.loss is not None:
        data["loss"] = _loss_data(shown.loss)
    if shown.learning is not None:
        data["step"] = _learning_data(shown.learning)
    return data


def _input_data(computation: Computation) -> dict[str, Any] | None:
    """Return the input; None where there are several, which are layers."""
    if computation.network.inputs_at:
        return None
    data = {"volume": list(computation.network.input), "values": numbers_data(computation.input)}
    if computation.input_gradient is not None:
        data["gradient"] = numbers_data(computation.input_gradient)
    return data


def _loss_data(loss: Loss) -> dict[str, Any]:
    return {"name": loss.name, "exact": exact_data(loss.value), "decimal": decimal_data(loss.value)}


def _learning_data(learning: Learning) -> dict[str, Any]:
    step = learning.step
    return {
        "rule": step.rule,
        "learning_rate": exact_data(step.rate),
        "tensors": {name: numbers_data(step.tensors[name]) for name in step.changes},
        "output": numbers_data(learning.after.output),
        "loss": None if learning.loss_after is None else _loss_data(learning.loss_after),
    }


def _layer_data(layer: ComputedLayer) -> dict[str, Any]:
    node = layer.node
    back: dict[str, Any] = {}
    if layer.gradient is not None:
        back["gradient"] = numbers_data(layer.gradient)
        back["tensor_gradients"] = {name: numbers_data(found) for name, found in layer.state_gradients.items()}
    return {
        "index": node.index,
        "name": node.name,
        "layer": node.written,
        "inputs": list(node.inputs),
        "output": list(node.output),
        "values": numbers_data(layer.output),
        "tensors": {name: numbers_data(numbers) for name, numbers in layer.state.items()},
        **back,
    }


def _sum_data(unit: UnitSum, digits: int | None) -> dict[str, Any]:
    return {
        "layer": unit.layer,
        "place": list(unit.place),
        "parts": [
            {"channel": part.channel, "products": _products_data(part.products), "sum": exact_data(part.result)}
            for part in unit.parts
        ],
        "bias": None if unit.bias is None else exact_data(unit.bias),
        "result": exact_data(unit.result),
        "decimal": decimal_data(unit.result),
        "text": [f"{label}: {text}" if label else text for label, text in sum_lines(unit, digits)],
    }


def _products_data(products: Sequence[tuple[Number, Number]]) -> list[list[Any]]:
    return [[exact_data(x), exact_data(weight)] for x, weight in products]


def _gradient_sum_data(found: GradientSum) -> dict[str, Any]:
    return {
        "layer": found.layer,
        "tensor": found.tensor,
        "place": list(found.place),
        "products": _products_data(found.products),
        "result": exact_data(found.result),
        "decimal": decimal_data(found.result),
    }
