"""A table as data, and three of its forms: CSV, Markdown and LaTeX.

Cells hold values, never texts made for reading: a column says how its values are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

GAP = 3
"""Spaces between two columns."""


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        key: its name for programs (the head of a CSV column), with the unit: ``activation_bytes``.
        title: its name for people.
        show: how a value is shown; an absent value (None) is shown as nothing.
        right: whether it is set to the right, as numbers are.
        rank: on a narrow terminal the columns of the highest rank go first; those of rank 0 stay.
        people, programs: who sees it: a bar is not in CSV, and a number that stands in a sum only there.

    """

    key: str
    title: str
    show: Callable[[Any], str] = str
    right: bool = False
    rank: int = 0
    people: bool = True
    programs: bool = True


class Table(NamedTuple):
    """Rows of values under columns, with an optional row of totals."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]
    total: tuple[Any, ...] | None = None

    def texts(self, row: tuple[Any, ...]) -> list[str]:
        """Return the cells of a row as they are shown."""
        return ["" if cell is None else column.show(cell) for column, cell in zip(self.columns, row, strict=True)]

    def fitted(self, width: int) -> tuple[Table, list[str]]:
        """Return the table without the columns for which ``width`` is too small, and their titles."""
        widths = self.widths()
        kept = [place for place, column in enumerate(self.columns) if column.people]
        left_out = []
        by_rank = sorted(kept, key=lambda place: (-self.columns[place].rank, -place))
        for place in by_rank:
            if sum(widths[k] for k in kept) + GAP * (len(kept) - 1) <= width or self.columns[place].rank == 0:
                break
            kept.remove(place)
            left_out.append(self.columns[place].title)
        return self._only(kept), left_out[::-1]

    def for_people(self) -> Table:
        """Return the table without the columns that only programs want."""
        return self._only([place for place, column in enumerate(self.columns) if column.people])

    def widths(self) -> list[int]:
        """Return the width of every column in characters."""
        rows = [self.texts(row) for row in [*self.rows, *([self.total] if self.total else [])]]
        titles = [column.title for column in self.columns]
        return [max(map(len, cells)) for cells in zip(titles, *rows, strict=True)]

    def _only(self, places: list[int]) -> Table:
        def pick(row: Sequence[Any]) -> tuple[Any, ...]:
            return tuple([row[place] for place in places])

        total = None if self.total is None else pick(self.total)
        return Table(pick(self.columns), [pick(row) for row in self.rows], total)


def to_csv(table: Table) -> str:
    """Return the rows as CSV with plain values; totals are left to whoever reads it."""
    import csv
    from io import StringIO

    places = [place for place, column in enumerate(table.columns) if column.programs]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([table.columns[place].key for place in places])
    writer.writerows([row[place] for place in places] for row in table.rows)
    return text.getvalue()


def to_markdown(table: Table) -> str:
    """Return the table in GitHub's Markdown."""
    table = table.for_people()
    lines = [[column.title for column in table.columns], *map(table.texts, _all_rows(table))]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    rule = ["---:" if column.right else "---" for column in table.columns]
    return "".join("| " + " | ".join(line) + " |\n" for line in [cells[0], rule, *cells[1:]])


def to_latex(table: Table) -> str:
    """Return the table as a LaTeX tabular with the rules of the package booktabs."""
    table = table.for_people()
    columns = "".join("r" if column.right else "l" for column in table.columns)
    head = _latex_line([column.title for column in table.columns])
    body = [_latex_line(table.texts(row)) for row in table.rows]
    end = ["\\midrule", _latex_line(table.texts(table.total))] if table.total else []
    lines = [f"\\begin{{tabular}}{{{columns}}}", "\\toprule", head, "\\midrule", *body, *end]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "·": r"$\cdot$",
        "−": "$-$",
        "×": r"$\times$",
        "→": r"$\rightarrow$",
        "–": "--",
        "²": "$^2$",
        "├": "",
        "└": "",
        "─": "",
        "│": "",
        "█": r"\rule{1ex}{1ex}",
        **{character: "\\" + character for character in "&%$#_{}"},
        **dict.fromkeys("▏▎▍▌▋▊▉", r"\rule{.5ex}{1ex}"),
    }
)


def _latex_line(cells: Sequence[str]) -> str:
    return " & ".join(cell.translate(_LATEX).strip() for cell in cells) + r" \\"


def _all_rows(table: Table) -> list[tuple[Any, ...]]:
    return [*table.rows, *([table.total] if table.total else [])]
