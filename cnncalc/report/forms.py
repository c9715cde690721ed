"""A table as CSV, Markdown or LaTeX, line by line: nothing is held but the line that is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cnncalc.core.cleaning import csv_cell, latex_cell, markdown_cell
from cnncalc.report.table import MOST_KNOWN, Blocks, Table


def to_csv(table: Table) -> Iterator[str]:
    """Yield the rows as CSV with plain values; totals are left to the reader."""
    import csv

    places = [place for place, column in enumerate(table.columns) if column.programs]
    writer = csv.writer(_Handed(), lineterminator="\n")
    yield writer.writerow([csv_cell(table.columns[place].key) for place in places])
    makers = [(place, table.columns[place].maker(_csv_value)) for place in places]
    if isinstance(table.rows, Blocks):

        def head(name: str) -> str:
            return name if _PLAIN_NAME.fullmatch(name) else writer.writerow([csv_cell(name)])[:-1]

        yield from _texts(table.rows, csv_cell, writer.writerow, head)
        return
    for row in table.rows:
        yield writer.writerow([make(row[place]) for place, make in makers])


_PLAIN_NAME = re.compile("[a-z][a-z0-9_.]*")
"""A name that CSV has as it is."""

_MARK = "\0"
"""What stands for the head of a block at first; no cell has it once it is clean."""


def _texts(
    rows: Blocks, clean: Callable[[str], str], line: Callable[[list[str]], str], head: Callable[[str], str]
) -> Iterator[str]:
    """Yield the text of each block; that of lists which blocks share is made once, with a mark for the head.

    Args:
        rows: the blocks.
        clean: what makes the cells behind the first one.
        line: what makes a line of the cells of a row.
        head: what makes the first cell.

    """
    known: dict[int, tuple[Any, str]] = {}  # a list that is held keeps its number

    def text(part: Sequence[tuple[str, ...]]) -> str:
        return "".join([line([_MARK, *map(clean, row)]) for row in part])

    def shared(part: Sequence[tuple[str, ...]]) -> str:
        found = known.get(id(part))
        if found is None:
            if len(known) >= MOST_KNOWN:  # a network may have no two layers that are alike
                known.clear()
            found = known[id(part)] = part, text(part)
        return found[1]

    for name, before, own, after in rows.blocks():
        yield f"{shared(before)}{text(own)}{shared(after)}".replace(_MARK, head(name))


class _Handed:
    """A file whose `write` returns what is written: `csv.writer` returns it in turn."""

    def write(self, text: str) -> str:
        return text


def _csv_value(value: Any) -> Any:
    if isinstance(value, tuple):  # sizes, as in the other forms
        return "x".join(map(str, value))
    return csv_cell(value) if isinstance(value, str) else value


def to_markdown(table: Table) -> Iterator[str]:
    """Yield the table in GitHub's Markdown."""
    table = table.for_people()
    titles, body, total = table.shown(markdown_cell)
    rule = ["---:" if column.right else "---" for column in table.columns]
    yield from map(_markdown_line, [titles, rule])
    yield from _body(table, body, markdown_cell, _markdown_line)
    yield from map(_markdown_line, [total] if total else [])


def _markdown_line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _body(
    table: Table, body: Iterator[list[str]], clean: Callable[[str], str], line: Callable[[list[str]], str]
) -> Iterator[str]:
    """Yield the lines of the rows of a table."""
    if isinstance(table.rows, Blocks):
        return _texts(table.rows, clean, line, clean)
    return map(line, body)


def to_latex(table: Table) -> Iterator[str]:
    """Yield the table as a LaTeX tabular with the rules of the package booktabs."""
    table = table.for_people()
    titles, body, total = table.shown(latex_cell)
    columns = "".join("r" if column.right else "l" for column in table.columns)
    yield f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{_latex_line(titles)}\\midrule\n"
    yield from _body(table, body, latex_cell, _latex_line)
    if total:
        yield "\\midrule\n" + _latex_line(total)
    yield "\\bottomrule\n\\end{tabular}\n"


def _latex_line(cells: list[str]) -> str:
    return " & ".join(cells) + " \\\\\n"


Form = Callable[[Table], Iterator[str]]
