"""Several names, or numbers, in one cell of a table."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

SEVERAL = re.compile("[;|]")
"""What parts several labels, or numbers, in one cell."""

_BY_COUNT = {"commas": re.compile(","), "spaces": re.compile(r"\s+")}
"""What parts labels where that gives as many as the network has outputs: both may also be inside a name."""

_LIST = re.compile(r"\[(.*)\]|\((.*)\)|\{(.*)\}", re.DOTALL)
"""A list, a tuple or a set, as pandas writes it."""

_QUOTES = " \t\n'\""


class Parting(NamedTuple):
    """What parts the names in the cells of a column.

    Attributes:
        mark: between two names.
        note: which it is, where that is not plain; else "".

    """

    mark: re.Pattern[str]
    note: str = ""

    @classmethod
    def of(cls, cells: Collection[str], outputs: int | None) -> Parting:
        """Find out what parts the names, from all cells and the number of the network's outputs."""
        usual = cls(SEVERAL)
        if any(map(SEVERAL.search, cells)) or outputs in (None, usual.count(cells)):
            return usual
        others = (cls(mark, f"several labels in a cell are separated by {name}") for name, mark in _BY_COUNT.items())
        return next((other for other in others if other.count(cells) == outputs), usual)

    def count(self, cells: Collection[str]) -> int:
        """Return how many names the cells have."""
        return len({name for cell in cells for name in self.names(cell)})

    def names(self, cell: str) -> list[str]:
        """Return the names in a cell; none for an empty one."""
        return [name for name in parts_of(cell, self.mark) if name]


def parts_of(cell: str, mark: re.Pattern[str] = SEVERAL) -> list[str]:
    """Return the parts of a cell: what is between marks, or the elements of a list as pandas writes it."""
    inside = _LIST.fullmatch(cell.strip())
    if inside is None:
        return [part.strip() for part in mark.split(cell)]
    return [part.strip(_QUOTES) for part in inside[inside.lastindex or 0].split(",")]
