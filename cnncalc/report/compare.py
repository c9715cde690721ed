"""The report of ``cnncalc compare``: several networks side by side, with the ratios to the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.analysis import Counts
from cnncalc.core.numbers import bytes_text, ratio_text, whole
from cnncalc.core.words import shorten
from cnncalc.report.accuracies import accuracy_data, accuracy_rows, accuracy_sources
from cnncalc.report.metrics import counted_metrics
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, conventions, field_data, input_data
from cnncalc.report.shapes import field_text
from cnncalc.report.table import Column, Table
from cnncalc.zoo.catalogue import Accuracy

NARROW = 15
"""Characters of a name where there is little room."""


class _Measure(NamedTuple):
    """One line of the comparison; ``value`` is a number that ratios are taken of, or a text."""

    key: str
    title: str
    value: Callable[[Counts], int | str]
    show: Callable[[Any], str] = str


def compare_report(
    names: Sequence[str],
    compared: Sequence[Counts],
    accuracies: Sequence[Accuracy | None] = (),
    counted: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> Report:
    """Make the report of two or more networks.

    Args:
        names: what they are called.
        compared: what was counted of them.
        accuracies: of those that have one; () for none of them.
        counted: by the names of other tools, what these count of each network.

    """
    accuracies = accuracies or [None] * len(names)
    rows = [_cells(measure, compared) for measure in _MEASURES]
    rows += [_ratio_cells(tool, numbers, whole) for tool, numbers in counted.items()]
    rows += accuracy_rows(accuracies)
    columns = [Column("measure", "")]
    for place, (name, short) in enumerate(zip(names, _shorter(names), strict=True)):
        columns.append(Column(name, name, right=True, short=short, block=place))
        if place:
            columns.append(Column(f"{name} ratio", "ratio", ratio_text, right=True, rank=1, block=place))
    shown = Table(tuple(columns), rows)
    images = f" · {compared[0].batch} images" if compared[0].batch > 1 else ""
    return Report(
        shown,
        lambda: _data(names, compared, accuracies, counted),
        remarks=[
            f"ratios are to {names[0]}; activations in {compared[0].precision}{images}",
            *accuracy_sources(names, accuracies),
        ],
    )


def _shorter(names: Sequence[str]) -> list[str]:
    """Return the names for where there is little room; those that would be the same are numbered."""
    short = [shorten(name, NARROW) for name in names]
    numbered = [f"{place}: {shorten(name, NARROW - 4)}" for place, name in enumerate(names, 1)]
    return [one if short.count(one) == 1 else other for one, other in zip(short, numbered, strict=True)]


def _cells(measure: _Measure, compared: Sequence[Counts]) -> tuple[Any, ...]:
    return _ratio_cells(measure.title, [measure.value(counts) for counts in compared], measure.show)


def _ratio_cells(title: str, values: Sequence[int | str], show: Callable[[Any], str]) -> tuple[Any, ...]:
    """Return the cells of a line: its title, and every value with its ratio to the first."""
    cells: list[Any] = [title]
    for place, value in enumerate(values):
        cells.append(show(value))
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


def _data(
    names: Sequence[str],
    compared: Sequence[Counts],
    accuracies: Sequence[Accuracy | None],
    counted: Mapping[str, Sequence[int]],
) -> dict[str, Any]:
    every = zip(names, compared, accuracies, strict=True)
    specs = [{**_spec(name, counts), **accuracy_data(accuracy)} for name, counts, accuracy in every]
    for place, spec in enumerate(specs if counted else []):
        spec["counted"] = {tool: numbers[place] for tool, numbers in counted.items()}
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
