"""A look as a page: one HTML file that asks for nothing, with its pictures inside, and without a script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.core.cleaning import cell, html_text
from cnncalc.inspect.confusions import MOST_CLASSES, most_confused, shade
from cnncalc.inspect.images import data_uri, png
from cnncalc.inspect.parts import LookPart, LookRow, Shot, TrainedLook
from cnncalc.page.document import asset, opening
from cnncalc.report.class_metrics import percent_text
from cnncalc.report.evaluate import Evaluation
from cnncalc.report.table import Table

_BAR = 140
"""Pixels of the bar of a probability of 1."""


def look_page(look: TrainedLook, version: str) -> Iterator[str]:
    """Yield the page of a look, in pieces; it says which version made it."""
    yield opening(look.title, asset("report.css") + asset("look.css"))
    yield '<a class="skip" href="#parts">Skip to the pictures</a>\n'
    yield f'<header>\n<h1>{html_text(look.title)}</h1>\n<p class="answer">{html_text(look.answer)}</p>\n'
    yield '<nav class="parts" aria-label="Parts"><ul>\n'
    for number, part in enumerate(look.parts, 1):
        yield f'<li><a href="#part{number}">{html_text(part.title)}</a></li>\n'
    yield '</ul></nav>\n</header>\n<main id="parts">\n'
    for number, part in enumerate(look.parts, 1):
        yield from part_html(part, f"part{number}")
    yield f"<footer>Made by cnncalc {html_text(version)}.</footer>\n</main>\n</body>\n</html>\n"


def part_html(part: LookPart, name: str) -> Iterator[str]:
    """Yield a part as a section, which links find by a name of the page's own."""
    yield f'<section id="{name}">\n<h2>{html_text(part.title)}</h2>\n'
    if part.text:
        yield f'<p class="quietly">{html_text(part.text)}</p>\n'
    for row in part.rows:
        yield from _row(row)
    if part.facts:
        yield '<dl class="facts">'
        yield from (f"<div><dt>{html_text(word)}</dt><dd>{html_text(text)}</dd></div>" for word, text in part.facts)
        yield "</dl>\n"
    if part.table is not None:
        yield from _plain_table(part.title, part.table)
    if part.evaluation is not None:
        yield from _tables(part.evaluation)
    yield "</section>\n"


def _row(row: LookRow) -> Iterator[str]:
    if row.title:
        lines = "".join(f"<p>{html_text(line)}</p>" for line in row.lines)
        yield f'<div class="row"><div><h3>{html_text(row.title)}</h3>{lines}</div>'
    else:
        yield '<div class="row bare">'
    yield "<div>"
    for shots in row.lines_of_shots():
        scores = _scores(row.scores) if row.scores else ""
        yield f'<div class="shots">{"".join(map(_figure, shots))}{scores}</div>'
    yield "</div></div>\n"


def _figure(shot: Shot) -> str:
    high, wide = shot.size
    source = data_uri(png(shot.picture))
    lines = "".join(f"<span>{html_text(line)}</span>" for line in shot.lines)
    caption = f"<figcaption>{lines}</figcaption>" if lines else ""
    return f'<figure><img src="{source}" alt="{html_text(shot.alt)}" width="{wide}" height="{high}">{caption}</figure>'


def _scores(scores: Iterable[tuple[str, float]]) -> str:
    """Return classes with their probabilities as a table with bars."""
    rows = "".join(
        f'<tr><th scope="row">{html_text(name)}</th><td><svg width="{_BAR}" height="10" aria-hidden="true">'
        f'<rect class="all" width="{_BAR}" height="10" rx="2"/><rect width="{share * _BAR:.1f}" height="10" rx="2"/>'
        f'</svg></td><td class="number">{percent_text(share)}</td></tr>'
        for name, share in scores
    )
    return f'<table class="scores"><caption class="skip">Probabilities</caption><tbody>{rows}</tbody></table>'


# ---- metrics


def _plain_table(caption: str, table: Table) -> Iterator[str]:
    """Yield the table of a report; its first column has the names of its rows."""
    titles, rows, _ = table.shown(cell)
    looks = ["number" if column.right else "" for column in table.columns]
    yield f'<div class="tables">\n{_scrolling(caption, named=False)}<thead><tr>'
    yield "".join(_heads((title,), look) for title, look in zip(titles, looks, strict=True)) + "</tr></thead><tbody>\n"
    for name, *texts in rows:
        cells = "".join(
            f'<td class="{look}">{html_text(text)}</td>' if look else f"<td>{html_text(text)}</td>"
            for text, look in zip(texts, looks[1:], strict=True)
        )
        yield f'<tr><th scope="row">{html_text(name)}</th>{cells}</tr>\n'
    yield "</tbody></table></div>\n</div>\n"


def _tables(evaluation: Evaluation) -> Iterator[str]:
    yield '<div class="tables">\n'
    yield from _per_class(evaluation)
    yield from _matrix(evaluation) if len(evaluation.classes) <= MOST_CLASSES else _confusions(evaluation)
    yield "</div>\n"


def _per_class(evaluation: Evaluation) -> Iterator[str]:
    yield _scrolling("Precision, recall and F1 of every class")
    yield "<thead><tr>" + _heads(("class",)) + _heads(("images", "precision", "recall", "F1"), "number")
    yield "</tr></thead><tbody>\n"
    for name, one in zip(evaluation.classes, evaluation.per_class, strict=True):
        numbers = (f"{one.images:,}", *map(percent_text, (one.precision, one.recall, one.f1)))
        yield f'<tr><th scope="row">{html_text(name)}</th>{_cells(numbers)}</tr>\n'
    means = map(percent_text, (evaluation.macro.precision, evaluation.macro.recall, evaluation.macro.f1))
    yield f'<tr><th scope="row">mean</th>{_cells((f"{evaluation.images:,}", *means))}</tr>\n</tbody></table></div>\n'


def _matrix(evaluation: Evaluation) -> Iterator[str]:
    yield _scrolling("Confusion matrix: rows are true classes, columns are predicted classes", "confusion")
    yield f'<thead><tr><th scope="col"><span class="skip">class</span></th>{_heads(evaluation.classes)}</tr></thead>'
    yield "<tbody>\n"
    for place, (name, row) in enumerate(zip(evaluation.classes, evaluation.confusion, strict=True)):
        cells = []
        for column, images in enumerate(row):
            strength = shade(images, sum(row))
            kind = "none" if not images else f"{'r' if column == place else 's'}{strength}"
            cells.append(f'<td class="{kind}">{f"{images:,}" if images else "·"}</td>')
        yield f'<tr><th scope="row">{html_text(name)}</th>{"".join(cells)}</tr>\n'
    yield "</tbody></table></div>\n"


def _confusions(evaluation: Evaluation) -> Iterator[str]:
    yield _scrolling("The most frequent confusions")
    yield f"<thead><tr>{_heads(('class', 'predicted as'))}{_heads(('images',), 'number')}</tr></thead><tbody>\n"
    for one in most_confused(evaluation.confusion):
        names = (html_text(evaluation.classes[place]) for place in (one.label, one.predicted))
        yield "<tr>{}</tr>\n".format("".join(f"<td>{name}</td>" for name in names) + _cells((f"{one.images:,}",)))
    yield "</tbody></table></div>\n"


def _scrolling(caption: str, kind: str = "", *, named: bool = True) -> str:
    """Return the beginning of a table that can be scrolled by the keyboard too; its caption is seen if ``named``."""
    table = f'<table class="{kind}">' if kind else "<table>"
    seen = "" if named else ' class="skip"'
    label = f'tabindex="0" role="region" aria-label="{html_text(caption)}"'
    return f'<div class="table" {label}>{table}<caption{seen}>{html_text(caption)}</caption>'


def _heads(names: Iterable[str], kind: str = "") -> str:
    shown = f' class="{kind}"' if kind else ""
    return "".join(f'<th scope="col"{shown}>{html_text(name)}</th>' for name in names)


def _cells(texts: Iterable[str]) -> str:
    return "".join(f'<td class="number">{html_text(text)}</td>' for text in texts)
