"""The report of ``cnncalc compare``: several networks side by side, with the ratios to the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from cnncalc.analysis import Counts
from cnncalc.core.numbers import bytes_text, ratio_text, whole
from cnncalc.report.metrics import counted_metrics
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, conventions, field_data, input_data
from cnncalc.report.shapes import field_text
from cnncalc.report.table import Column, Table


class _Measure(NamedTuple):
    """One line of the comparison; ``value`` is a number that ratios are taken of, or a text."""

    key: str
    title: str
    value: Callable[[Counts], int | str]
    show: Callable[[Any], str] = str


def compare_report(names: Sequence[str], compared: Sequence[Counts]) -> Report:
    """Make the report of two or more networks, each under a name."""
    rows = [_cells(measure, compared) for measure in _MEASURES]
    columns = [Column("measure", "")]
    for place, name in enumerate(names):
        columns.append(Column(name, name, right=True))
        if place:
            columns.append(Column(f"{name} ratio", "ratio", ratio_text, right=True, rank=place))
    shown = Table(tuple(columns), rows)
    images = f" · {compared[0].batch} images" if compared[0].batch > 1 else ""
    return Report(
        shown,
        lambda: _data(names, compared),
        remarks=[f"ratios are to {names[0]}; activations in {compared[0].precision}{images}"],
    )


def _cells(measure: _Measure, compared: Sequence[Counts]) -> tuple[Any, ...]:
    values = [measure.value(counts) for counts in compared]
    cells: list[Any] = [measure.title]
    for place, value in enumerate(values):
        cells.append(measure.show(value))
        if place:
            cells.append(_ratio(value, values[0]))
    return tuple(cells)


def _ratio(value: int | str, first: int | str) -> Fraction | None:
    if isinstance(value, str) or isinstance(first, str) or not first:
        return None
    return Fraction(value, first)


def _field(counts: Counts) -> str:
    row = counts.output_row
    return field_text(row) if row else "–"


_MEASURES = (
    _Measure("input", "input", lambda counts: counts.network.inputs_text),
    _Measure("output", "output", lambda counts: counts.network.outputs_text),
    _Measure("layers", "layers", lambda counts: counts.network.size, whole),
    _Measure("params", "parameters", lambda counts: counts.network.params, whole),
    _Measure("weights", "weights", lambda counts: counts.network.weights, whole),
    _Measure("biases", "biases", lambda counts: counts.network.biases, whole),
    _Measure("parameter_bytes", "parameter memory", lambda counts: counts.parameter_bytes, bytes_text),
    _Measure("macs", "MACs", lambda counts: counts.network.macs, whole),
    _Measure("activation_bytes", "activations", lambda counts: counts.activation_bytes, bytes_text),
    _Measure("receptive_field", "receptive field", _field),
)


def _data(names: Sequence[str], compared: Sequence[Counts]) -> dict[str, Any]:
    specs = [_spec(name, counts) for name, counts in zip(names, compared, strict=True)]
    return {"schema": SCHEMA, "specs": specs, "ratios": [_ratios(spec, specs[0]) for spec in specs]}


def _spec(name: str, counts: Counts) -> dict[str, Any]:
    network = counts.network
    row = counts.output_row
    several = {name: field_data(fields) for name, fields in row.fields} if row else {}
    return {
        "spec": name,
        **input_data(network),
        "output": list(network.output),
        "conventions": conventions(counts),
        "metrics": counted_metrics(counts),
        "layers": network.size,
        "params": network.params,
        "weights": network.weights,
        "biases": network.biases,
        "parameter_bytes": counts.parameter_bytes,
        "macs": network.macs,
        "activation_bytes": counts.activation_bytes,
        "receptive_field": field_data(row.field if row else ()),
        **({"receptive_fields": several} if several else {}),
    }


def _ratios(spec: dict[str, Any], first: dict[str, Any]) -> dict[str, float | None]:
    keys = ("layers", "params", "weights", "biases", "parameter_bytes", "macs", "activation_bytes")
    return {key: spec[key] / first[key] if first[key] else None for key in keys}
