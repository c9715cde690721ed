"""The report of ``cnncalc params``: where the parameters are."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis import Counts, Row
from cnncalc.analysis.arithmetic import parameter_sum
from cnncalc.report.numbers import bar, bytes_text, share_text, whole
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, conventions
from cnncalc.report.shapes import value_size
from cnncalc.report.table import Column, Table


def params_report(counts: Counts, *, biases: bool = True) -> Report:
    """Make the report; without ``biases`` as the column of the lecture's VGG table counts."""
    counted = [(row, row.node.params if biases else row.node.weights) for row in counts.rows]
    total = sum(count for _, count in counted)
    sums = [parameter_sum(row.node, biases=biases) for row, _ in counted]
    rows = [
        (row.node.name, row.node.written, (sum_, count), sum_, count, (count, total), (count, total))
        for (row, count), sum_ in zip(counted, sums, strict=True)
        if count
    ]
    columns = (
        Column("name", "name"),
        Column("layer", "layer", rank=2),
        Column("worked", "parameters", lambda pair: _worked(*pair), right=True, programs=False),
        Column("sum", "sum", people=False),
        Column("params", "parameters", whole, people=False),
        Column("share", "share", lambda pair: share_text(*pair), right=True, rank=1, programs=False),
        Column("bar", "", lambda pair: bar(*pair), rank=3, programs=False),
    )
    size = total * counts.bytes_per_value
    return Report(
        Table(columns, rows, ("total", None, ("", total), None, total, None, None)),
        lambda: _data(counts, counted, biases=biases),
        [("parameters" if biases else "weights", f"{total:,} · {value_size(counts)} = {bytes_text(size)}")],
        [*_without(len(counted) - len(rows)), *([] if biases else ["biases are not counted"])],
    )


def _worked(sum_: str, count: int) -> str:
    return f"{sum_} = {count:,}" if sum_ else f"{count:,}"


def _without(layers: int) -> list[str]:
    if not layers:
        return []
    return ["1 layer has none"] if layers == 1 else [f"{layers} layers have none"]


def _data(counts: Counts, counted: list[tuple[Row, int]], *, biases: bool) -> dict[str, Any]:
    network = counts.network
    total = sum(count for _, count in counted)
    return {
        "schema": SCHEMA,
        "spec": network.source.name,
        "input": list(network.input),
        "conventions": {**conventions(counts), "params": "weights and biases" if biases else "weights alone"},
        "layers": [
            {
                "index": row.node.index,
                "name": row.node.name,
                "line": row.line,
                "layer": row.node.written,
                "sum": parameter_sum(row.node, biases=biases),
                "params": count,
                "weights": row.node.weights,
                "biases": row.node.biases,
                "share": count / total if total else None,
            }
            for row, count in counted
        ],
        "total": {
            "params": total,
            "weights": network.weights,
            "biases": network.biases,
            "parameter_bytes": total * counts.bytes_per_value,
        },
    }
