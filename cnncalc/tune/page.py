"""The page of a study: the best trial, the scores over time and by each setting, and a table of all trials."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

from cnncalc.charts.lines import chart_figure
from cnncalc.charts.look import chart_sheet
from cnncalc.core.cleaning import html_text
from cnncalc.core.numbers import duration_text
from cnncalc.page.document import asset, opening, typed
from cnncalc.train.run.shown_paths import shown_path
from cnncalc.train.show.lines import percent
from cnncalc.tune.charts import history_chart, value_chart
from cnncalc.tune.folder import StudyFacts, trial_name
from cnncalc.tune.results import COMPLETE, FAILED, PRUNED, RUNNING, TrialRow
from cnncalc.tune.space import Varied

NO_BEST = "No trial is complete yet."
_ORDER = {COMPLETE: 0, RUNNING: 1, PRUNED: 2, FAILED: 3}


class StudyView(NamedTuple):
    """What the page of a study shows.

    Attributes:
        path: the folder of the study.
        facts: what was asked.
        method: a sentence: how settings are proposed, and which trials end early.
        varied: what is varied.
        rows: the trials.
        best: the best of them; None where none is complete.
        repeat: the command that trains it again.
        importance: the share of the score's variance that each label explains; empty where that is not known.

    """

    path: str
    facts: StudyFacts
    method: str
    varied: Sequence[Varied]
    rows: Sequence[TrialRow]
    best: TrialRow | None
    repeat: str
    importance: Mapping[str, float]

    @property
    def score(self) -> str:
        """What the number is called by which trials are judged."""
        return self.facts.judge.words

    def text(self, score: float | None) -> str:
        """Write such a number."""
        return self.facts.judge.measure.text(score)


def study_page(view: StudyView) -> Iterator[str]:
    """Yield the page, in pieces; it runs no script and asks for nothing."""
    sheet = asset("report.css") + chart_sheet() + _own("study.css")
    yield opening(view.facts.name, sheet)
    yield '<a class="skip" href="#trials-head">Skip to the trials</a>\n<header>\n'
    yield f"<h1>{html_text(view.facts.name)}</h1>\n"
    answer = f"{shown_path(view.facts.spec_name)} on {shown_path(view.facts.data.data)}: {view.method}"
    yield f'<p class="answer">{html_text(answer)}</p>\n<dl class="totals">{"".join(_totals(view))}</dl>\n</header>\n'
    yield "<main>\n<h2>Best trial</h2>\n"
    yield from _best(view)
    yield '<h2>Trial by trial</h2>\n<div class="charts wide">'
    yield chart_figure(history_chart(view.rows, view.facts.judge))
    yield "</div>\n"
    yield from _values(view)
    yield from _importance(view)
    yield from _table(view)
    versions = html_text(", ".join(f"{name} {version}" for name, version in view.facts.versions.items()))
    command = typed([shown_path(word) for word in view.facts.command])
    yield f'<h2>Command</h2>\n{command}<p class="quietly">Made with {versions}.</p>\n'
    yield f"<footer>Made by cnncalc {html_text(view.facts.versions['cnncalc'])}.</footer>\n</main>\n</body>\n</html>\n"


def _own(name: str) -> str:
    return (files("cnncalc.tune") / name).read_text(encoding="utf-8")


def _totals(view: StudyView) -> Iterator[str]:
    """Yield the numbers that say how the study went."""
    count = {state: sum(row.state == state for row in view.rows) for state in _ORDER}
    seconds = sum(row.seconds or 0.0 for row in view.rows)
    states = ", ".join(f"{number:,} {state}" for state, number in count.items() if number)
    tiles = [("trials", f"{len(view.rows) - count[RUNNING]:,} of {view.facts.trials:,}", states)]
    if view.best is not None:
        tiles.append(("best", view.text(view.best.score), f"{view.score}, trial {view.best.number:,}"))
        if view.best.test is not None:
            tiles.append((f"test {view.facts.judge.measure.words}", view.text(view.best.test), "of the best trial"))
        if view.best.parameters is not None:
            tiles.append(("parameters", f"{view.best.parameters:,}", "of the best trial"))
    tiles.append(("training", duration_text(seconds), "over all trials"))
    for word, number, more in tiles:
        yield f"<div><dt>{word}</dt><dd><b>{number}</b><span>{html_text(more)}</span></dd></div>"


def _best(view: StudyView) -> Iterator[str]:
    if view.best is None:
        yield f'<p class="quietly">{NO_BEST}</p>\n'
        return
    values = "".join(
        f"<div><dt>{html_text(label)}</dt><dd>{html_text(value_text(value))}</dd></div>"
        for label, value in view.best.values.items()
    )
    yield f'<dl class="values">{values}</dl>\n<p>Train it again:</p>\n'
    yield typed([shown_path(word) for word in shlex.split(view.repeat)])


def _values(view: StudyView) -> Iterator[str]:
    """Yield a chart of dots for each thing that is varied."""
    charts = [value_chart(view.rows, varied, view.facts.judge, view.best) for varied in view.varied]
    yield f"<h2>{html_text(_capital(view.score))} by setting</h2>\n"
    yield '<p class="quietly">Each dot is a trial; pruned ones have the best score that they had.</p>\n'
    yield '<div class="charts grid">'
    yield from map(chart_figure, charts)
    yield "</div>\n"


def _importance(view: StudyView) -> Iterator[str]:
    """Yield how much each setting matters, where that is known."""
    if not view.importance:
        return
    yield "<h2>Importance</h2>\n"
    yield f'<p class="quietly">Share of the variance of the {html_text(view.score)} that a setting explains: fANOVA, '
    yield "over the complete trials.</p>\n"
    yield '<table class="importance"><tbody>\n'
    for label, share in view.importance.items():
        bar = f'<svg aria-hidden="true" width="200" height="12"><rect height="12" width="{200 * share:.1f}"/></svg>'
        yield f'<tr><th scope="row">{html_text(label)}</th><td class="number">{percent(share)}</td>'
        yield f"<td>{bar}</td></tr>\n"
    yield "</tbody></table>\n"


def _table(view: StudyView) -> Iterator[str]:
    labels = [varied.label for varied in view.varied]
    heads = ["trial", "state", view.score, *labels, "best epoch", "epochs", "test", "parameters", "time"]
    numbers = [name not in ("trial", "state", *labels) for name in heads]
    yield '<h2 id="trials-head">Trials</h2>\n<div class="scrolled" tabindex="0" role="region" aria-label="Trials">'
    cells = "".join(
        f'<th scope="col"{_look(number)}>{html_text(head)}</th>' for head, number in zip(heads, numbers, strict=True)
    )
    yield f'<table><caption class="skip">Trials, the best first</caption><thead><tr>{cells}</tr></thead><tbody>\n'
    for row in sorted(view.rows, key=lambda row: (_ORDER[row.state], _worth(view, row), row.number)):
        texts = [
            *(trial_name(row.number), row.state, view.text(row.score)),
            *(value_text(row.values.get(label)) for label in labels),
            *(f"{row.best_epoch or ''}", f"{row.epochs or ''}", view.text(row.test)),
            "" if row.parameters is None else f"{row.parameters:,}",
            "" if row.seconds is None else duration_text(row.seconds),
        ]
        cells = "".join(f"<td{_look(n)}>{html_text(text)}</td>" for text, n in zip(texts, numbers, strict=True))
        best = ' class="best"' if view.best and row.number == view.best.number else ""
        yield f"<tr{best}>{cells}</tr>\n"
        if row.error:
            yield f'<tr class="fault"><td></td><td colspan="{len(heads) - 1}">{html_text(row.error)}</td></tr>\n'
    yield "</tbody></table></div>\n"


def _worth(view: StudyView, row: TrialRow) -> float:
    score = row.score or 0.0
    return -score if view.facts.judge.measure.higher else score


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _look(number: bool) -> str:
    return ' class="number"' if number else ""


def value_text(value: Any) -> str:
    """Write a value as a person does: ``0.0123``, ``48``, ``adamw``."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
