"""From a report to text, in each of the forms that can be asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cnncalc.report.forms import to_csv, to_latex, to_markdown
from cnncalc.report.plain import draw_plain
from cnncalc.report.report import Report, Screen

FORMATS = ("table", "json", "csv", "markdown", "latex")

FIRST_JSON = "json/1"
"""The form for programs that read the older JSON schema; the help does not name it."""


def render(report: Report, form: str, screen: Screen) -> Iterator[str]:
    """Yield a report in one of `FORMATS`, or in `FIRST_JSON`, in pieces that end in a line end."""
    return _RENDERERS[form](report, screen)


def _json(report: Report, screen: Screen) -> Iterator[str]:
    from cnncalc.report.json_form import json_pieces

    yield from json_pieces(report.data())
    yield "\n"


def _first_json(report: Report, screen: Screen) -> Iterator[str]:
    from cnncalc.report.json_form import json_pieces
    from cnncalc.report.schema import in_first_schema

    yield from json_pieces(in_first_schema(report.data()))
    yield "\n"


def _drawn(report: Report, screen: Screen) -> Iterator[str]:
    if screen == Screen() or report.draw is not None:
        lines = draw_plain(report, screen.width)
        return map(_inverted, lines) if report.marks and screen.colour else lines
    from cnncalc.report.terminal import draw  # imports rich, which only a terminal needs

    return iter([draw(report, screen)])


_MARKED = re.compile(r"\[( *[−0-9./e+∞]+)\]")


def _inverted(line: str) -> str:
    """Show the numbers that stand in brackets in inverse colours instead."""
    return _MARKED.sub("\x1b[7m \\1 \x1b[0m", line)


_RENDERERS: dict[str, Callable[[Report, Screen], Iterator[str]]] = {
    "table": _drawn,
    "json": _json,
    FIRST_JSON: _first_json,
    "csv": lambda report, screen: to_csv(report.table),
    "markdown": lambda report, screen: to_markdown(report.table),
    "latex": lambda report, screen: to_latex(report.table) if report.latex is None else iter(report.latex()),
}
