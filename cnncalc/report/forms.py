"""A table as CSV, Markdown or LaTeX, line by line: nothing is held but the line that is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cnncalc.core.cleaning import csv_cell, latex_cell, markdown_cell
from cnncalc.report.table import Table


def to_csv(table: Table) -> Iterator[str]:
    """Yield the rows as CSV with plain values; totals are left to whoever reads it."""
    import csv

    places = [place for place, column in enumerate(table.columns) if column.programs]
    writer = csv.writer(_Handed(), lineterminator="\n")
    yield writer.writerow([csv_cell(table.columns[place].key) for place in places])
    makers = [(place, table.columns[place].maker(_csv_value)) for place in places]
    for row in table.rows:
        yield writer.writerow([make(row[place]) for place, make in makers])


class _Handed:
    """A file whose `write` hands back what is written: `csv.writer` returns it in turn."""

    def write(self, text: str) -> str:
        return text


def _csv_value(value: Any) -> Any:
    return csv_cell(value) if isinstance(value, str) else value


def to_markdown(table: Table) -> Iterator[str]:
    """Yield the table in GitHub's Markdown."""
    table = table.for_people()
    titles, body, total = table.shown(markdown_cell)
    rule = ["---:" if column.right else "---" for column in table.columns]
    for cells in _chained([titles, rule], body, [total] if total else []):
        yield "| " + " | ".join(cells) + " |\n"


def to_latex(table: Table) -> Iterator[str]:
    """Yield the table as a LaTeX tabular with the rules of the package booktabs."""
    table = table.for_people()
    titles, body, total = table.shown(latex_cell)
    columns = "".join("r" if column.right else "l" for column in table.columns)
    yield f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{_latex_line(titles)}\\midrule\n"
    yield from map(_latex_line, body)
    if total:
        yield "\\midrule\n" + _latex_line(total)
    yield "\\bottomrule\n\\end{tabular}\n"


def _latex_line(cells: list[str]) -> str:
    return " & ".join(cells) + " \\\\\n"


def _chained(*parts: Iterable[list[str]]) -> Iterator[list[str]]:
    for part in parts:
        yield from part


Form = Callable[[Table], Iterator[str]]
