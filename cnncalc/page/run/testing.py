"""The part of a run's page that says how well its network tells images apart: the confusion matrix and the classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.core.cleaning import html_text
from cnncalc.page.run.view import RunView
from cnncalc.report.class_metrics import percent_text
from cnncalc.report.evaluate import Evaluation, evaluate_report
from cnncalc.report.table import Table

MOST_CELLS = 40
"""Most classes whose confusion matrix is shown with every number; of more, the pairs that are most often confused."""
MOST_PAIRS = 20
SHADES = 10


def tested_part(view: RunView) -> Iterator[str]:
    """Yield what the test came to, or why there is none."""
    if view.test is None:
        yield f'<p class="quietly">{html_text(view.untested)}</p>\n'
        return
    report = evaluate_report(view.test)
    for word, sentence in report.summary:
        yield f"<p><b>{html_text(word)}</b> {html_text(sentence)}</p>\n"
    yield '<div class="beside"><div>\n<h3>Confusion matrix</h3>\n'
    yield from _matrix(view.test) if len(view.test.classes) <= MOST_CELLS else _pairs(view.test)
    yield "</div><div>\n<h3>Classes</h3>\n"
    yield from table_html(report.table, "Precision, recall and F1 of every class")
    yield "</div></div>\n"


def _matrix(test: Evaluation) -> Iterator[str]:
    names = list(map(html_text, test.classes))
    yield '<p class="quietly">Rows are true classes, columns are what was predicted.</p>\n'
    yield '<div class="scrolled" tabindex="0" role="region" aria-label="Confusion matrix"><table class="confusion">\n'
    yield '<caption class="skip">Confusion matrix: rows are true classes, columns predicted ones</caption>\n'
    heads = "".join(f'<th scope="col"><span>{name}</span></th>' for name in names)
    yield f'<thead><tr><th scope="col"><span class="skip">true class</span></th>{heads}</tr></thead>\n<tbody>\n'
    for place, (name, counts) in enumerate(zip(names, test.confusion, strict=True)):
        total = max(1, sum(counts))
        cells = "".join(_cell(count, total, right=place == at) for at, count in enumerate(counts))
        yield f'<tr><th scope="row">{name}</th>{cells}</tr>\n'
    yield "</tbody></table></div>\n"


def _cell(count: int, total: int, *, right: bool) -> str:
    if not count:
        return '<td class="none">·</td>'
    kind = "own" if right else "other"
    return f'<td class="{kind}{max(1, round(SHADES * count / total))}">{count:,}</td>'


def _pairs(test: Evaluation) -> Iterator[str]:
    """Yield the pairs of classes that are most often confused, of a matrix too large to be read."""
    found = sorted(
        (-count, row, column)
        for row, counts in enumerate(test.confusion)
        for column, count in enumerate(counts)
        if count and row != column
    )[:MOST_PAIRS]
    yield '<p class="quietly">The pairs of classes that were confused most often.</p>\n<table>'
    yield '<thead><tr><th scope="col">class</th><th scope="col">taken for</th>'
    yield '<th scope="col" class="number">images</th><th scope="col" class="number">share</th></tr></thead>\n<tbody>\n'
    for count, row, column in found:
        share = percent_text(-count / sum(test.confusion[row]))
        names = "".join(f"<td>{html_text(test.classes[place])}</td>" for place in (row, column))
        yield f'<tr>{names}<td class="number">{-count:,}</td><td class="number">{share}</td></tr>\n'
    yield "</tbody></table>\n"


def table_html(table: Table, caption: str) -> Iterator[str]:
    """Yield a table of a report as HTML."""
    table = table.for_people()
    titles, body, total = table.shown(html_text)
    heads = "".join(
        f'<th scope="col"{_aligned(column.right)}>{title}</th>'
        for column, title in zip(table.columns, titles, strict=True)
    )
    yield f'<div class="scrolled" tabindex="0" role="region" aria-label="{html_text(caption)}"><table>\n'
    yield f'<caption class="skip">{html_text(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n'
    rights = [column.right for column in table.columns]
    for cells in [*body, *([total] if total else [])]:
        yield f"<tr>{_cells(rights, cells)}</tr>\n"
    yield "</tbody></table></div>\n"


def _cells(rights: Sequence[bool], cells: Sequence[str]) -> str:
    first, *rest = zip(rights, cells, strict=True)
    head = f'<th scope="row"{_aligned(first[0])}>{first[1]}</th>'
    return head + "".join(f"<td{_aligned(right)}>{text}</td>" for right, text in rest)


def _aligned(right: bool) -> str:
    return ' class="number"' if right else ""
