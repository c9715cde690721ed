"""From a report to text, in each of the forms that can be asked for."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.report.plain import draw_plain
from cnncalc.report.report import Report, Screen
from cnncalc.report.table import to_csv, to_latex, to_markdown

FORMATS = ("table", "json", "csv", "markdown", "latex")


def render(report: Report, form: str, screen: Screen) -> str:
    """Return a report in one of `FORMATS`, ending in a line end."""
    return _RENDERERS[form](report, screen)


def _json(report: Report, screen: Screen) -> str:
    from cnncalc.report.schema import to_text

    return to_text(report.data()) + "\n"


def _drawn(report: Report, screen: Screen) -> str:
    if screen == Screen():
        return draw_plain(report)
    from cnncalc.report.terminal import draw  # imports rich, which only a terminal needs

    return draw(report, screen)


_RENDERERS: dict[str, Callable[[Report, Screen], str]] = {
    "table": _drawn,
    "json": _json,
    "csv": lambda report, screen: to_csv(report.table),
    "markdown": lambda report, screen: to_markdown(report.table),
    "latex": lambda report, screen: to_latex(report.table),
}
