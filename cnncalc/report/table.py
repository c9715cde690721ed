"""A table as data.

Cells hold values, never texts made for reading: a column says how its values are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from cnncalc.core.cleaning import cell as clean_cell
from cnncalc.core.cleaning import terminal_width

T = TypeVar("T")

MOST_KNOWN = 10_000
"""How many texts of a shared column are kept at a time."""

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
        short: its name for people where there is little room.
        brief: how a value is shown there, in fewer digits; None for as it is shown.
        briefest: how it is shown where the columns that stay are still too wide; None for as before.
        shared: whether layers that are alike have the very same object in it, whose text is then made once.
        block: columns of one block stay together; on a narrow terminal blocks stand below each other.

    """

    key: str
    title: str
    show: Callable[[Any], str] = str
    right: bool = False
    rank: int = 0
    people: bool = True
    programs: bool = True
    short: str = ""
    brief: Callable[[Any], str] | None = None
    briefest: Callable[[Any], str] | None = None
    shared: bool = False
    block: int | None = None

    def shortened(self) -> Column:
        """Return the column for where there is little room."""
        return self._replace(title=self.short or self.title, show=self.brief or self.show)

    def maker(self, make: Callable[[Any], T]) -> Callable[[Any], T]:
        """Return ``make``, called once for each object where rows share their values."""
        if not self.shared:
            return make
        known: dict[int, tuple[Any, T]] = {}  # an object that is held keeps its number

        def made(value: Any) -> T:
            found = known.get(id(value))
            if found is None:
                if len(known) >= MOST_KNOWN:  # some rows have values of their own, and all are not to be held
                    known.clear()
                found = known[id(value)] = value, make(value)
            return found[1]

        return made


class Again:
    """Rows that are made anew at each iteration, so that a long table is never held whole."""

    def __init__(self, make: Callable[[], Iterable[tuple[Any, ...]]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._make())


class RowBlock(NamedTuple):
    """Rows that begin with the same text.

    Attributes:
        head: the text of their first cell.
        before, after: the other cells of its first and last rows; blocks that are alike have the very same lists.
        own: the other cells of the rows between them.

    """

    head: str
    before: Sequence[tuple[str, ...]]
    own: Sequence[tuple[str, ...]]
    after: Sequence[tuple[str, ...]]


class Blocks(Again):
    """Rows in blocks: the text that blocks share is made once."""

    def __init__(self, make: Callable[[], Iterable[RowBlock]]) -> None:
        self.blocks = make
        super().__init__(lambda: ((block.head, *row) for block in make() for part in block[1:] for row in part))


class Table(NamedTuple):
    """Rows of values under columns, with an optional row of totals, and ``gap`` spaces between two columns."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]] | Again
    total: tuple[Any, ...] | None = None
    gap: int = GAP

    def texts(self, row: tuple[Any, ...]) -> list[str]:
        """Return the cells of a row as they are shown."""
        return self._shower(clean_cell)(row)

    def titles(self, clean: Callable[[str], str] = clean_cell) -> list[str]:
        """Return the titles as they are shown."""
        return [clean(column.title) for column in self.columns]

    def shown(self, clean: Callable[[str], str]) -> tuple[list[str], Iterator[list[str]], list[str] | None]:
        """Return the titles, the rows and the totals as they are shown, each cell made clean for where it goes."""
        show = self._shower(clean)
        return self.titles(clean), map(show, self.rows), show(self.total) if self.total else None

    def _shower(self, clean: Callable[[str], str]) -> Callable[[tuple[Any, ...]], list[str]]:
        """Return what makes the texts of a row."""
        makers = [column.maker(_text_maker(column.show, clean)) for column in self.columns]

        def texts(row: tuple[Any, ...]) -> list[str]:
            return [make(value) for make, value in zip(makers, row, strict=True)]

        return texts

    def fitted(self, width: int) -> tuple[Table, list[str]]:
        """Return the table as it fits into a ``width``, and the titles of the columns that do not.

        At first titles and numbers are shortened, then the gaps between columns, and then columns left out.
        """
        wide = self.for_people()
        if wide.needed() <= width:
            return wide, []
        brief = self.narrowed()
        kept = brief._that_fit(width)
        titles = [c.title for place, c in enumerate(self.columns) if c.people and place not in kept]
        left_out = [title for title in dict.fromkeys(titles) if title]  # a bar has none
        fitting = brief.only(kept)
        if fitting.needed() > width:
            columns = [column._replace(show=column.briefest or column.show) for column in fitting.columns]
            fitting = fitting._replace(columns=tuple(columns))
        room = width - sum(fitting.widths())
        return fitting._replace(gap=min(GAP, max(1, room // max(1, len(kept) - 1)))), left_out

    def narrowed(self) -> Table:
        """Return the table with short titles and numbers, and single spaces between columns."""
        return self._replace(columns=tuple([column.shortened() for column in self.columns]), gap=1)

    def needed(self) -> int:
        """Return the width of the whole table in cells of a terminal."""
        widths = self.widths()
        return sum(widths) + self.gap * (len(widths) - 1)

    def _that_fit(self, width: int) -> list[int]:
        """Return the places of the columns for which there is room, those of the highest rank left out first."""
        widths = self.widths()
        kept = [place for place, column in enumerate(self.columns) if column.people]
        for place in sorted(kept, key=lambda place: (-self.columns[place].rank, -place)):
            if sum(widths[k] for k in kept) + self.gap * (len(kept) - 1) <= width or self.columns[place].rank == 0:
                break
            kept.remove(place)
        return kept

    def for_people(self) -> Table:
        """Return the table without the columns that only programs want."""
        return self.only([place for place, column in enumerate(self.columns) if column.people])

    def without(self, key: str) -> Table:
        """Return the table without a column."""
        return self.only([place for place, column in enumerate(self.columns) if column.key != key])

    def widths(self) -> list[int]:
        """Return the width of every column in cells of a terminal."""
        titles, body, total = self.shown(clean_cell)
        widths = list(map(terminal_width, titles))
        for cells in body:
            widths = list(map(max, widths, map(terminal_width, cells)))
        return list(map(max, widths, map(terminal_width, total))) if total else widths

    def only(self, places: list[int]) -> Table:
        """Return the table with the columns at these places."""
        if len(places) == len(self.columns):
            return self

        def pick(row: Sequence[Any]) -> tuple[Any, ...]:
            return tuple([row[place] for place in places])

        total = None if self.total is None else pick(self.total)
        return Table(pick(self.columns), Again(lambda: map(pick, self.rows)), total, self.gap)


def _text_maker(show: Callable[[Any], str], clean: Callable[[str], str]) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        return "" if value is None else clean(show(value))

    return text
