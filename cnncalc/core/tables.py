"""Tables of CSV that a user writes in place of a built-in one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten, shorten_path

MAX_TABLE_BYTES = 2**20
"""Largest table that is read, 1 MiB."""

LEAST, MOST = 1e-6, 1e9
"""Between these lies every number of a table; beyond them a unit was taken for another one."""


class TableFormat(NamedTuple):
    """What a table has.

    Attributes:
        code: of the errors about it.
        needed: columns without which nothing is known.
        others: columns that may be left out.

    """

    code: str
    needed: tuple[str, ...]
    others: tuple[str, ...]


class CsvRow(NamedTuple):
    """One row of a table.

    Attributes:
        cells: what stands in each column, without blanks around it.
        where: the file and the line, for messages.
        code: of the errors about it.

    """

    cells: Mapping[str, str]
    where: str
    code: str

    def text(self, column: str) -> str:
        """Return a cell; "" for an empty one and for a column that the table has not."""
        return self.cells.get(column, "")

    def fault(self, message: str, hints: Sequence[str] = ()) -> SpecError:
        """Return an error that says where the row stands."""
        return SpecError(self.code, f"{self.where}: {message}", hints=list(hints))

    def positive(self, column: str) -> float:
        """Return a number above 0.

        Raises:
            SpecError: for a cell that has none, or one that no unit makes plausible.

        """
        shown = f"not {shorten(self.text(column), 40)!r}"
        value = self._number(column)
        if value is None or not value > 0 or value == float("inf"):
            raise self.fault(f"{column} is a number above 0, {shown}")
        if not LEAST <= value <= MOST:
            raise self.fault(f"{column} is a number from 0.000001 to 1,000,000,000, {shown}")
        return value

    def at_least_zero(self, column: str) -> float:
        """Return a number that may be 0.

        Raises:
            SpecError: as for `positive`.

        """
        shown = f"not {shorten(self.text(column), 40)!r}"
        value = self._number(column)
        if value is None or not 0 <= value < float("inf"):
            raise self.fault(f"{column} is a number that is at least 0, {shown}")
        if value > MOST:
            raise self.fault(f"{column} is a number from 0 to 1,000,000,000, {shown}")
        return value

    def _number(self, column: str) -> float | None:
        try:
            return float(self.text(column))
        except ValueError:
            return None


def read_table(path: str | Path, form: TableFormat) -> Iterator[CsvRow]:
    """Yield the rows of a table; blank lines are passed over.

    Raises:
        SpecError: with the code of the table, where it cannot be read, has other columns, or has no rows.

    """
    name = shorten_path(str(path))
    try:
        text = read_regular(str(path), MAX_TABLE_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise SpecError(form.code, f"cannot read {name}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SpecError(form.code, f"{name} is not CSV in UTF-8") from None
    lines = _lines(text, name, form)
    _, titles = next(lines, ("", []))
    _check_titles(titles, name, form)
    empty = True
    for where, cells in lines:
        empty = False
        if len(cells) > len(titles):
            raise SpecError(form.code, f"{where}: there are more cells than columns")
        yield CsvRow(dict(zip(titles, cells, strict=False)), where, form.code)
    if empty:
        raise SpecError(form.code, f"{name} has no row below its columns")


def _lines(text: str, name: str, form: TableFormat) -> Iterator[tuple[str, list[str]]]:
    """Yield the lines that are not blank as cells, each with where it stands."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if any(cells):
                yield f"{name}, line {reader.line_num}", [cell.strip() for cell in cells]
    except csv.Error as error:
        raise SpecError(form.code, f"{name}, line {reader.line_num} is not CSV: {error}") from None


def _check_titles(titles: Sequence[str], name: str, form: TableFormat) -> None:
    known = (*form.needed, *form.others)
    hints = [f"the columns are {', '.join(known)}"]
    if len(titles) == 1 and (";" in titles[0] or "\t" in titles[0]):
        raise SpecError(form.code, f"{name} has no commas between its cells", hints=["write the table with commas"])
    for needed in form.needed:
        if needed not in titles:
            raise SpecError(form.code, f"{name} has no column {needed}", hints=hints)
    for number, title in enumerate(titles):
        if title not in known:
            raise SpecError(form.code, f"{name} has an unknown column {shorten(title, 40)!r}", hints=hints)
        if title in titles[:number]:
            raise SpecError(form.code, f"{name} has the column {title} twice", hints=["leave one of them out"])


def by_name(rows: Iterator[CsvRow], what: str) -> Iterator[tuple[str, CsvRow]]:
    """Yield rows with what stands in their column ``name``, which each row has for itself.

    Raises:
        SpecError: for a row without a name, and for a second row of one name.

    """
    lines: dict[str, str] = {}
    for row in rows:
        name = row.text("name")
        if not name:
            raise row.fault(f"the {what} has no name")
        if name.lower() in lines:
            raise row.fault(f"{shorten(name)} has a row already", [f"leave out this row, or {lines[name.lower()]}"])
        lines[name.lower()] = f"the one at {row.where}"
        yield name, row
