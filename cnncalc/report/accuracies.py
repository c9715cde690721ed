"""Accuracies of networks that are compared: in a table, as data, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.analysis import Counts
from cnncalc.core.numbers import whole
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Column, Table
from cnncalc.zoo.catalogue import IMAGENET, Accuracy

Accuracies = Sequence[Accuracy | None]


def data_of(accuracies: Accuracies) -> str:
    """Return the data set of most accuracies, the first of several; "" where none is named."""
    names = [accuracy.data for accuracy in accuracies if accuracy and accuracy.data]
    return max(names, key=names.count) if names else ""


def accuracy_rows(accuracies: Accuracies) -> list[tuple[Any, ...]]:
    """Return the rows of a comparison, each with a title and no ratios; none where no accuracy is known."""
    several = len({accuracy.data for accuracy in accuracies if accuracy and accuracy.data}) > 1
    rows = []
    for title, place in (("top-1 accuracy", 0), ("top-5 accuracy", 1)):
        cells = [_cell(accuracy, place, several=several) for accuracy in accuracies]
        if any(cells):
            rows.append((title, cells[0], *[cell for text in cells[1:] for cell in (text, None)]))
    return rows


def _cell(accuracy: Accuracy | None, place: int, *, several: bool) -> str | None:
    value = accuracy and (accuracy.top1, accuracy.top5)[place]
    if accuracy is None or value is None:
        return None
    return f"{value:g}%" + (f" on {accuracy.data}" if several and accuracy.data else "")


def accuracy_sources(names: Sequence[str], accuracies: Accuracies) -> list[str]:
    """Say whose accuracies those are that were published."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, accuracy in zip(names, accuracies, strict=True):
        if accuracy and accuracy.data:
            found.setdefault((accuracy.data, accuracy.source), []).append(name)
    of = {data: f"{data} (one view of each validation image)" if data == IMAGENET else data for data, _ in found}
    return [
        f"published accuracy on {of[data]}, from {source}: {', '.join(named)}"
        for (data, source), named in found.items()
    ]


def accuracy_data(accuracy: Accuracy | None) -> dict[str, Any]:
    """Return an accuracy as data; None for what is not known."""
    return {
        "top1_accuracy_percent": accuracy.top1 if accuracy else None,
        "top5_accuracy_percent": accuracy.top5 if accuracy else None,
        "accuracy_data": (accuracy.data or None) if accuracy else None,
        "accuracy_source": accuracy.source if accuracy else None,
    }


def _percent(value: float) -> str:
    return f"{value:g}%"


_COLUMNS = (
    Column("network", "network"),
    Column("input", "input"),
    Column("params", "parameters", whole, right=True),
    Column("macs", "MACs", whole, right=True),
    Column("top1", "top-1 accuracy", _percent, right=True),
    Column("top5", "top-5 accuracy", _percent, right=True),
    Column("data", "images"),
)


def networks_report(names: Sequence[str], compared: Sequence[Counts], accuracies: Accuracies) -> Report:
    """Make the report of a page beside the chart: a row for each network."""
    rows = [
        (name, counts.network.inputs_text, counts.network.params, counts.network.macs, *_known(accuracy))
        for name, counts, accuracy in zip(names, compared, accuracies, strict=True)
    ]
    return Report(Table(_COLUMNS, rows), lambda: {"schema": SCHEMA}, remarks=accuracy_sources(names, accuracies))


def _known(accuracy: Accuracy | None) -> tuple[float | None, float | None, str | None]:
    return (accuracy.top1, accuracy.top5, accuracy.data or None) if accuracy else (None, None, None)
