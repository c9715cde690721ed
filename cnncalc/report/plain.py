"""A report as plain text, for a pipe or a file: whole lines, no colour, and nothing to import.

It looks like what ``terminal`` draws with rich, which takes a fifth of the whole start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.cleaning import cell, printable_lines, terminal_width
from cnncalc.report.report import WIDE, Report
from cnncalc.report.table import GAP, Column, Table


def draw_plain(report: Report, width: int = WIDE) -> Iterator[str]:
    """Draw a report line by line: a table at its full width, or a report that draws itself within a width."""
    if report.draw is not None:
        yield from map(printable_lines, report.draw(width))
        return
    for line in (*_table(report.table.for_people()), *_below(report)):
        yield line.rstrip() + "\n"


def _table(table: Table) -> Iterator[str]:
    titles, body, total = table.shown(cell)
    rows = list(body)  # the widths of the columns are known at the end
    widths = [max(map(terminal_width, cells)) for cells in zip(titles, *rows, *([total] if total else []), strict=True)]
    yield _line(table.columns, titles, widths)
    yield "─" * (sum(widths) + GAP * (len(widths) - 1))
    for row in rows:
        yield _line(table.columns, row, widths)
    if total:
        yield ""
        yield _line(table.columns, total, widths)


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    pairs = zip(cells, widths, strict=True)
    spaces = [" " * (width - terminal_width(text)) for text, width in pairs]
    aligned = [
        space + text if column.right else text + space
        for column, text, space in zip(columns, cells, spaces, strict=True)
    ]
    return (" " * GAP).join(aligned)


def _below(report: Report) -> Iterator[str]:
    if report.summary or report.remarks:
        yield ""
    margin = max((len(word) for word, _ in report.summary), default=0)
    for word, sentence in report.summary:
        yield cell(f"{word:<{margin}}  {sentence}")
    yield from map(cell, report.remarks)
