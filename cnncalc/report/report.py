"""What a command has to say, in every form in which it can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from cnncalc.core.writing import WIDE
from cnncalc.report.table import Table


class Report(NamedTuple):
    """A table for people and the same as data for programs.

    Attributes:
        table: the rows.
        data: makes what ``--format json`` prints; called only then. What is long in it may be an iterator.
        summary: pairs of a word and a sentence that stand under the table.
        remarks: sentences that stand under the summary.
        marks: whether single numbers in brackets, ``[3]``, are shown in inverse colours where there are colours.
        latex: writes the report as LaTeX in place of a table, in pieces that end in a line end.
        draw: draws the report in place of the table within a width, in pieces that end in a line end.

    """

    table: Table
    data: Callable[[], dict[str, Any]]
    summary: Sequence[tuple[str, str]] = ()
    remarks: Sequence[str] = ()
    draw: Callable[[int], Iterable[str]] | None = None
    marks: bool = False
    latex: Callable[[], Iterable[str]] | None = None


class Screen(NamedTuple):
    """Where a report is drawn: its width in characters, and whether it may be coloured."""

    width: int = WIDE
    colour: bool = False
