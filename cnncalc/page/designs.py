"""The page of a sweep: its designs as a table that sorts, what was found in words, and the picture of its front."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from cnncalc.charts.lines import Chart, chart_figure
from cnncalc.charts.look import chart_sheet
from cnncalc.core.cleaning import html_text
from cnncalc.page.document import asset, opening
from cnncalc.report.report import Report
from cnncalc.report.table import Column

MOST_ROWS = 5_000
"""Most designs that a page shows: browsers are slow with more."""


def designs_page(title: str, report: Report, charts: Sequence[Chart], pictures: Sequence[str] = ()) -> Iterator[str]:
    """Yield the page of a report, in pieces; what is written in a spec stands in it as text.

    Args:
        title: of the page.
        report: its table, which sorts, and what stands below it.
        charts: what is drawn above the table.
        pictures: whole SVG pictures above it, with their style sheets.

    """
    script, sheet = asset("designs.js"), asset("designs.css") + chart_sheet()
    sheets = [found for picture in pictures for found in _SHEETS.findall(picture)]
    yield opening(title, sheet, sheets=sheets, scripts=(script,))
    yield f"<main><h1>{html_text(title)}</h1>\n<dl>"
    yield from (f"<dt>{html_text(word)}</dt><dd>{html_text(text)}</dd>\n" for word, text in report.summary)
    yield "</dl>\n" + "".join(f"<p>{html_text(text)}</p>\n" for text in report.remarks)
    yield from (
        f'<div class="wide" role="region" aria-label="Picture" tabindex="0">{each}</div>\n' for each in pictures
    )
    yield from map(chart_figure, charts)
    yield '<div class="wide"><table><thead><tr>'
    columns = report.table.columns
    yield from (f'<th scope="col"><button type="button">{html_text(column.title)}</button></th>' for column in columns)
    yield "</tr></thead>\n<tbody>\n"
    rows = iter(report.table.rows)
    for row in islice(rows, MOST_ROWS):
        yield f"<tr>{''.join(_cells(columns, row))}</tr>\n"
    yield "</tbody></table></div>\n"
    if next(rows, None) is not None:
        yield f"<p>The first {MOST_ROWS:,} designs are shown; a .csv file has all of them.</p>\n"
    yield f"</main>\n<script>{script}</script>\n</body>\n</html>\n"


_SHEETS = re.compile(r"<style>(.*?)</style>", re.DOTALL)
"""The style sheets in a picture, which the page's policy has to name."""


def _cells(columns: Iterable[Column], row: tuple[Any, ...]) -> Iterator[str]:
    for column, value in zip(columns, row, strict=True):
        by = value[0] if isinstance(value, tuple) else value  # sizes are sorted by the first of them
        shown = "" if value is None else column.show(value)
        yield f'<td data-value="{html_text(str(by))}">{html_text(shown)}</td>'
