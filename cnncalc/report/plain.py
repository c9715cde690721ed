"""A report as plain text, for a pipe or a file: whole lines, no colour, and nothing to import.

It looks like what ``terminal`` draws with rich, which takes a fifth of the whole start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.report.report import WIDE, Report
from cnncalc.report.table import GAP, Column, Table


def draw_plain(report: Report) -> str:
    """Draw a report at its full width."""
    if report.draw is not None:
        return report.draw(WIDE)
    lines = [*_table(report.table.for_people()), *_below(report)]
    return "".join(line.rstrip() + "\n" for line in lines)


def _table(table: Table) -> Iterator[str]:
    widths = table.widths()
    yield _line(table.columns, [column.title for column in table.columns], widths)
    yield "─" * (sum(widths) + GAP * (len(widths) - 1))
    for row in table.rows:
        yield _line(table.columns, table.texts(row), widths)
    if table.total is not None:
        yield ""
        yield _line(table.columns, table.texts(table.total), widths)


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = [
        cell.rjust(width) if column.right else cell.ljust(width)
        for column, cell, width in zip(columns, cells, widths, strict=True)
    ]
    return (" " * GAP).join(aligned)


def _below(report: Report) -> Iterator[str]:
    if report.summary or report.remarks:
        yield ""
    margin = max((len(word) for word, _ in report.summary), default=0)
    for word, sentence in report.summary:
        yield f"{word:<{margin}}  {sentence}"
    yield from report.remarks
