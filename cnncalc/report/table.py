"""A table as data.

Cells hold values, never texts made for reading: a column says how its values are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cnncalc.cleaning import cell as clean_cell

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


class Again:
    """Rows that are made anew each time that somebody goes through them, so that a long table is never held whole."""

    def __init__(self, make: Callable[[], Iterable[tuple[Any, ...]]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._make())


class Table(NamedTuple):
    """Rows of values under columns, with an optional row of totals."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]] | Again
    total: tuple[Any, ...] | None = None

    def texts(self, row: tuple[Any, ...]) -> list[str]:
        """Return the cells of a row as they are shown."""
        return self._texts(row, clean_cell)

    def titles(self, clean: Callable[[str], str] = clean_cell) -> list[str]:
        """Return the titles as they are shown."""
        return [clean(column.title) for column in self.columns]

    def shown(self, clean: Callable[[str], str]) -> tuple[list[str], Iterator[list[str]], list[str] | None]:
        """Return the titles, the rows and the totals as they are shown, each cell made clean for where it goes."""
        body = (self._texts(row, clean) for row in self.rows)
        return self.titles(clean), body, self._texts(self.total, clean) if self.total else None

    def _texts(self, row: tuple[Any, ...], clean: Callable[[str], str]) -> list[str]:
        pairs = zip(self.columns, row, strict=True)
        return ["" if value is None else clean(column.show(value)) for column, value in pairs]

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
        titles, body, total = self.shown(clean_cell)
        widths = list(map(len, titles))
        for cells in body:
            widths = [max(width, len(text)) for width, text in zip(widths, cells, strict=True)]
        return list(map(max, widths, map(len, total))) if total else widths

    def _only(self, places: list[int]) -> Table:
        if len(places) == len(self.columns):
            return self

        def pick(row: Sequence[Any]) -> tuple[Any, ...]:
            return tuple([row[place] for place in places])

        total = None if self.total is None else pick(self.total)
        return Table(pick(self.columns), Again(lambda: map(pick, self.rows)), total)
