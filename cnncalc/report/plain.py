"""A report as plain text, for a pipe or a file: whole lines, no colour, and nothing to import.

It looks like what ``terminal`` draws with rich, which takes a fifth of the whole start.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, repeat

from cnncalc.core.cleaning import cell, printable_lines, terminal_width
from cnncalc.core.writing import WIDE
from cnncalc.report.report import Report
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
    filled = _columns(chain([titles], body, [total] if total else []), len(titles))
    widths = list(map(_width, filled))  # known at the end
    lines = zip(*map(_aligned, table.columns, filled, widths), strict=True)
    yield from map(_GAP.join, islice(lines, 1))
    yield "─" * (sum(widths) + GAP * (len(widths) - 1))
    yield from map(_GAP.join, islice(lines, len(filled[0]) - (2 if total else 1)))
    if total:
        yield ""
        yield from map(_GAP.join, lines)


_GAP = " " * GAP
_ROWS_AT_A_TIME = 1000


def _columns(rows: Iterator[list[str]], columns: int) -> list[list[str]]:
    """Turn rows into columns, without holding all rows as well."""
    filled: list[list[str]] = [[] for _ in range(columns)]
    while some := list(islice(rows, _ROWS_AT_A_TIME)):
        for column, cells in zip(filled, zip(*some, strict=True), strict=True):
            column.extend(cells)
    return filled


def _width(cells: list[str]) -> int:
    return max(map(len, cells) if all(map(str.isascii, cells)) else map(terminal_width, set(cells)))


def _aligned(column: Column, cells: list[str], width: int) -> Iterator[str]:
    """Yield the cells of a column, set to the left or to the right within its width."""
    align = str.rjust if column.right else str.ljust
    if all(map(str.isascii, cells)):
        return map(align, cells, repeat(width))
    known = {text: align(text, width - terminal_width(text) + len(text)) for text in set(cells)}
    return map(known.__getitem__, cells)


def _below(report: Report) -> Iterator[str]:
    if report.summary or report.remarks:
        yield ""
    margin = max((len(word) for word, _ in report.summary), default=0)
    for word, sentence in report.summary:
        yield cell(f"{word:<{margin}}  {sentence}")
    yield from map(cell, report.remarks)
