"""The report of ``cnncalc explain``: the worked solution of one layer or of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from cnncalc.analysis import Counts, LayerCounts
from cnncalc.analysis.arithmetic import ArithmeticStep, WorkedSolution, worked_solutions
from cnncalc.network import Operation
from cnncalc.report.json_form import GAP, Filled, Form
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, conventions, input_data
from cnncalc.report.table import Blocks, Column, RowBlock, Table


def explain_report(counts: Counts, chosen: Sequence[LayerCounts]) -> Report:
    """Make the report for the chosen layers; each is worked out when it is written."""
    columns = (
        Column("name", "name", shared=True),
        Column("quantity", "quantity", shared=True),
        Column("sum", "sum", rank=1, shared=True),
        Column("result", "result", shared=True),
    )
    return Report(
        Table(columns, Blocks(lambda: _blocks(counts, chosen))),
        lambda: _data(counts, chosen),
        draw=lambda width: _drawings(counts, chosen, width),
    )


def _blocks(counts: Counts, chosen: Sequence[LayerCounts]) -> Iterator[RowBlock]:
    for solution in worked_solutions(counts, chosen):
        yield RowBlock(solution.row.node.name, solution.first, solution.field, solution.last)


def _drawings(counts: Counts, chosen: Sequence[LayerCounts], width: int) -> Iterator[str]:
    """Yield the layers, with an empty line between two; what layers that are alike share is drawn once."""
    known: dict[tuple[Operation, tuple[str, ...]], tuple[int, str, str]] = {}
    between = ""
    for solution in worked_solutions(counts, chosen):
        node, field = solution.row.node, solution.field
        key = node.operation, tuple([step.quantity for step in field])
        shared = known.get(key)
        if shared is None:
            margin = max([len(step.quantity) for step in solution.steps])
            first = f"{node.written}\n{_drawn(solution.first, margin, width)}"
            shared = known[key] = margin, first, _drawn(solution.last, margin, width)
        margin, first, last = shared
        yield f"{between}{node.name}: {first}{_drawn(field, margin, width)}{last}"
        between = "\n"


def _drawn(steps: list[ArithmeticStep], margin: int, width: int) -> str:
    """Draw some steps, whose quantities take a margin."""
    lines = []
    for step in steps:
        pieces = _wrapped(str(step), width - margin - 4)
        lines.append(f"  {step.quantity:<{margin}}  {pieces[0]}\n")
        lines.extend(" " * (margin + 4) + piece + "\n" for piece in pieces[1:])
    return "".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    if len(text) <= max(20, width):
        return [text]
    return wrap(text, max(20, width), break_long_words=False) or [""]


def _data(counts: Counts, chosen: Sequence[LayerCounts]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "spec": counts.network.source.name,
        **input_data(counts.network),
        "conventions": conventions(counts),
        "layers": _layers(counts, chosen),
    }


def _layers(counts: Counts, chosen: Sequence[LayerCounts]) -> Iterator[Filled]:
    forms: dict[tuple[Operation, tuple[str, ...]], Form] = {}
    for solution in worked_solutions(counts, chosen):
        row, _, field, _ = solution
        key = row.node.operation, tuple([step.quantity for step in field])
        if key not in forms:
            forms[key] = _form(solution)
        sums = [text for step in field for text in (step.sum, step.result)]
        yield Filled(forms[key], [row.node.index, row.node.name, row.line, *sums])


def _form(solution: WorkedSolution) -> Form:
    """Return a layer with gaps for what those that are alike do not share."""
    field = [{"quantity": step.quantity, "sum": GAP, "result": GAP} for step in solution.field]
    first, last = [[step._asdict() for step in steps] for steps in (solution.first, solution.last)]
    layer = solution.row.node.written
    return Form({"index": GAP, "name": GAP, "line": GAP, "layer": layer, "steps": [*first, *field, *last]})
