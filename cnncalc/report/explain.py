"""The report of ``cnncalc explain``: the worked solution of one layer or of all."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from cnncalc.analysis import Counts, Row
from cnncalc.analysis.arithmetic import Step, worked_solutions
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, conventions
from cnncalc.report.table import Column, Table

Solution = tuple[Row, list[Step]]


def explain_report(counts: Counts, chosen: list[Row]) -> Report:
    """Make the report for the chosen layers."""
    indices = {row.node.index for row in chosen}
    solutions = [solution for solution in worked_solutions(counts) if solution[0].node.index in indices]
    rows = [(row.node.name, *step) for row, steps in solutions for step in steps]
    columns = (
        Column("name", "name"),
        Column("quantity", "quantity"),
        Column("sum", "sum", rank=1),
        Column("result", "result"),
    )
    return Report(
        Table(columns, rows),
        lambda: _data(counts, solutions),
        draw=lambda width: (_drawn(solution, width, first=place == 0) for place, solution in enumerate(solutions)),
    )


def _drawn(solution: Solution, width: int, *, first: bool) -> str:
    row, steps = solution
    lines = [f"{row.node.name}: {row.node.written}"]
    margin = max(len(step.quantity) for step in steps)
    for step in steps:
        pieces = _wrapped(str(step), width - margin - 4)
        lines.append(f"  {step.quantity:<{margin}}  {pieces[0]}")
        lines.extend(" " * (margin + 4) + piece for piece in pieces[1:])
    return ("" if first else "\n") + "\n".join(lines) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, max(20, width), break_long_words=False) or [""]


def _data(counts: Counts, solutions: list[Solution]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "spec": counts.network.source.name,
        "input": list(counts.network.input),
        "conventions": conventions(counts),
        "layers": [
            {
                "index": row.node.index,
                "name": row.node.name,
                "line": row.line,
                "layer": row.node.written,
                "steps": [step._asdict() for step in steps],
            }
            for row, steps in solutions
        ],
    }
