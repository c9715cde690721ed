"""A sheet of exercises as a file: Markdown, LaTeX or HTML, by the ending of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cnncalc.quiz.content import Sheet


def _markdown(sheet: Sheet) -> Iterator[str]:
    from cnncalc.quiz.sheet_markdown import markdown_sheet

    return markdown_sheet(sheet)


def _latex(sheet: Sheet) -> Iterator[str]:
    from cnncalc.quiz.sheet_latex import latex_sheet

    return latex_sheet(sheet)


def _html(sheet: Sheet) -> Iterator[str]:
    from cnncalc.quiz.sheet_html import html_sheet  # pages load more than texts

    return html_sheet(sheet)


Writer = Callable[[Sheet], Iterator[str]]

WRITERS: Mapping[str, Writer] = {".md": _markdown, ".tex": _latex, ".html": _html}
"""What writes a sheet, by the ending of the file."""
