"""The report of ``cnncalc params``: where the parameters are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.analysis import Counts, LayerCounts
from cnncalc.analysis.arithmetic import parameter_sum
from cnncalc.analysis.unlearned import unlearned
from cnncalc.core.numbers import bar, bytes_text, share_text, whole
from cnncalc.network import Operation
from cnncalc.report.json_form import GAP, Filled, Form
from cnncalc.report.metrics import metrics
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, conventions, input_data
from cnncalc.report.shapes import value_size
from cnncalc.report.table import Again, Column, Table


def params_report(counts: Counts, *, biases: bool = True) -> Report:
    """Make the report; without ``biases`` as the column of the lecture's VGG table counts."""
    total = counts.network.params if biases else counts.network.weights
    without = sum([not _counted(row, biases=biases) for row in counts.rows]) - len(counts.network.inputs_at)

    def rows() -> Iterator[tuple[Any, ...]]:
        known: dict[Operation, tuple[Any, ...]] = {}  # the cells that layers that are alike have in common
        for row, sum_, count in _sums(counts, biases=biases):
            if count:
                operation = row.node.operation
                if operation not in known:
                    share = (count, total)
                    known[operation] = operation.written, (sum_, count), sum_, count, share, share
                yield (row.node.name, *known[operation])

    columns = (
        Column("name", "name"),
        Column("layer", "layer", rank=2, shared=True),
        Column("worked", "parameters", lambda pair: _worked(*pair), right=True, programs=False, shared=True),
        Column("sum", "sum", people=False, shared=True),
        Column("params", "parameters", whole, people=False, shared=True),
        Column("share", "share", lambda pair: share_text(*pair), right=True, rank=1, programs=False, shared=True),
        Column("bar", "", lambda pair: bar(*pair), rank=3, programs=False, shared=True),
    )
    size = total * counts.bytes_per_value
    again = sum(row.node.operation.again for row in counts.rows)
    return Report(
        Table(columns, Again(rows), ("total", None, ("", total), None, total, None, None)),
        lambda: _data(counts, total, biases=biases),
        [
            ("parameters" if biases else "weights", f"{total:,} · {value_size(counts)} = {bytes_text(size)}"),
            *(_unlearned(counts) if biases else []),
        ],
        [*_without(without - again), *_again(again), *([] if biases else ["biases are not counted"])],
    )


def _unlearned(counts: Counts) -> list[tuple[str, str]]:
    """Say what is kept and not learned, which Keras adds to its total."""
    kept = unlearned(counts.network)
    if not kept:
        return []
    text = f"{kept:,} running statistics and constants; Keras counts them, too: {counts.network.params + kept:,}"
    return [("not learned", text)]


def _sums(counts: Counts, *, biases: bool) -> Iterator[tuple[LayerCounts, str, int]]:
    """Yield every layer with its sum and its count; layers that are alike have the same sum."""
    known: dict[Operation, str] = {}
    for row in counts.rows:
        operation = row.node.operation
        if operation not in known:
            known[operation] = parameter_sum(row.node, biases=biases)
        yield row, known[operation], _counted(row, biases=biases)


def _counted(row: LayerCounts, *, biases: bool) -> int:
    operation = row.node.operation
    return operation.weights + operation.biases if biases else operation.weights


def _worked(sum_: str, count: int) -> str:
    return f"{sum_} = {count:,}" if sum_ else f"{count:,}"


def _without(layers: int) -> list[str]:
    if not layers:
        return []
    return ["1 layer has none"] if layers == 1 else [f"{layers} layers have none"]


def _again(layers: int) -> list[str]:
    if not layers:
        return []
    return [f"{layers} {'layer has' if layers == 1 else 'layers have'} the weights of an earlier layer"]


def _data(counts: Counts, total: int, *, biases: bool) -> dict[str, Any]:
    network = counts.network
    return {
        "schema": SCHEMA,
        "spec": network.source.name,
        **input_data(network),
        "conventions": {**conventions(counts), "params": "weights and biases" if biases else "weights alone"},
        "metrics": metrics(("params", "weights", "biases", "unlearned", "parameter_bytes")),
        "layers": _layers(counts, total, biases=biases),
        "total": {
            "params": total,
            "weights": network.weights,
            "biases": network.biases,
            "unlearned": unlearned(network),
            "parameter_bytes": total * counts.bytes_per_value,
        },
    }


def _layers(counts: Counts, total: int, *, biases: bool) -> Iterator[Filled]:
    forms: dict[Operation, Form] = {}
    for row, sum_, count in _sums(counts, biases=biases):
        node = row.node
        if node.operation not in forms:
            forms[node.operation] = Form(
                {
                    "index": GAP,
                    "name": GAP,
                    "line": GAP,
                    "layer": node.written,
                    "sum": sum_,
                    "params": count,
                    "weights": node.weights,
                    "biases": node.biases,
                    "share": count / total if total else None,
                }
            )
        yield Filled(forms[node.operation], (node.index, node.name, row.line))
