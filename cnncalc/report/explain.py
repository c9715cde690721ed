"""The report of ``cnncalc explain``: the worked solution of one layer or of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from cnncalc.analysis import Counts, Row
from cnncalc.analysis.arithmetic import Step, worked_solutions
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, conventions
from cnncalc.report.table import Again, Column, Table


def explain_report(counts: Counts, chosen: Sequence[Row]) -> Report:
    """Make the report for the chosen layers; each is worked out when it is written."""
    columns = (
        Column("name", "name"),
        Column("quantity", "quantity"),
        Column("sum", "sum", rank=1),
        Column("result", "result"),
    )
    return Report(
        Table(columns, Again(lambda: _rows(counts, chosen))),
        lambda: _data(counts, chosen),
        draw=lambda width: _drawings(counts, chosen, width),
    )


def _rows(counts: Counts, chosen: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    for row, steps in worked_solutions(counts, chosen):
        for step in steps:
            yield (row.node.name, *step)


def _drawings(counts: Counts, chosen: Sequence[Row], width: int) -> Iterator[str]:
    """Yield the layers, with an empty line between two."""
    between = ""
    for row, steps in worked_solutions(counts, chosen):
        yield between + _drawn(row, steps, width)
        between = "\n"


def _drawn(row: Row, steps: list[Step], width: int) -> str:
    lines = [f"{row.node.name}: {row.node.written}"]
    margin = max([len(step.quantity) for step in steps])
    for step in steps:
        pieces = _wrapped(str(step), width - margin - 4)
        lines.append(f"  {step.quantity:<{margin}}  {pieces[0]}")
        lines.extend(" " * (margin + 4) + piece for piece in pieces[1:])
    return "\n".join(lines) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    if len(text) <= max(20, width):
        return [text]
    return wrap(text, max(20, width), break_long_words=False) or [""]


def _data(counts: Counts, chosen: Sequence[Row]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "spec": counts.network.source.name,
        "input": list(counts.network.input),
        "conventions": conventions(counts),
        "layers": (_layer(row, steps) for row, steps in worked_solutions(counts, chosen)),
    }


def _layer(row: Row, steps: list[Step]) -> dict[str, Any]:
    return {
        "index": row.node.index,
        "name": row.node.name,
        "line": row.line,
        "layer": row.node.written,
        "steps": [{"quantity": step.quantity, "sum": step.sum, "result": step.result} for step in steps],
    }
