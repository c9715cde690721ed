"""A report for a terminal: within its width, and in colour where that is wanted."""

from __future__ import annotations

import re
from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from cnncalc.core.cleaning import cell
from cnncalc.report.report import Report, Screen
from cnncalc.report.stacking import stacked
from cnncalc.report.table import Table

LEAST_BESIDE = 24
"""Cells that a sentence takes beside its word at least; narrower terminals get it below the word."""

HARD_BLANK = "\ue000"
"""What stands for a blank at which no line is broken; rich breaks at all that Unicode calls blank."""

_UNIT = re.compile(r"(?<=\d) (?=[KMGT]iB\b|bytes?\b)")
"""The blank between a number and its unit."""


def draw(report: Report, screen: Screen) -> str:
    """Draw a report within the width of a screen."""
    console = _console(screen)
    left_out: dict[str, None] = {}
    for place, part in enumerate(stacked(report.table, screen.width)):
        table, titles = part.fitted(screen.width)
        left_out.update(dict.fromkeys(titles))
        if place:
            console.print()
        console.width = max(screen.width, table.needed())  # where not even what must stay has room, the lines wrap
        console.print(_rich(table))
    console.width = screen.width
    _print_summary(console, report, list(left_out))
    return _text_of(console)


def _console(screen: Screen) -> Console:
    return Console(
        file=StringIO(),
        width=screen.width,
        force_terminal=screen.colour,
        color_system="standard" if screen.colour else None,
        legacy_windows=False,
        emoji=False,
        markup=False,
        highlight=False,
    )


def _rich(table: Table) -> RichTable:
    drawn = RichTable(
        box=box.SIMPLE_HEAD,  # draws one space between two columns; the padding makes the gap of it
        show_edge=False,
        pad_edge=False,
        padding=(0, table.gap - 1 - (table.gap - 1) // 2, 0, (table.gap - 1) // 2),
        header_style="bold",
        safe_box=False,
    )
    for column, title in zip(table.columns, table.titles(), strict=True):
        drawn.add_column(Text(title), justify="right" if column.right else "left", no_wrap=True)
    for row in table.rows:
        drawn.add_row(*map(Text, table.texts(row)))
    if table.total is not None:
        drawn.add_section()
        drawn.add_row(*[Text(text, style="bold") for text in table.texts(table.total)])
    return drawn


def _print_summary(console: Console, report: Report, left_out: list[str]) -> None:
    remarks = list(report.remarks)
    if left_out:
        remarks.append(f"not shown for lack of width: {', '.join(left_out)} (try a wider window, or --format csv)")
    if report.summary or remarks:
        console.print()
    width = max((len(word) for word, _ in report.summary), default=0)
    beside = console.width - width - 2
    for word, sentence in report.summary:
        text = Text(_UNIT.sub(HARD_BLANK, cell(sentence)))
        pieces = text.wrap(console, beside) if beside >= LEAST_BESIDE else [text]
        for piece, line in enumerate(pieces):
            console.print(Text(f"{'' if piece else word:<{width}}  ", style="bold"), line, sep="")
    for remark in remarks:
        console.print(Text(cell(remark), style="magenta"))


def _text_of(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    drawn = console.file.getvalue().replace(HARD_BLANK, " ")
    return "".join(line.rstrip() + "\n" for line in drawn.splitlines())
