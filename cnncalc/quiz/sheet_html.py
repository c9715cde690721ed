"""A sheet of exercises as one page, without any script: answers unfold where they are part of it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from cnncalc.core.cleaning import html_text, terminal_width
from cnncalc.page.document import asset, opening
from cnncalc.quiz.content import Sheet
from cnncalc.quiz.parts.exercise import Exercise, GivenGrid, letter
from cnncalc.quiz.words import AGAIN, ANSWER, FOLDED, SHEET, TITLE, about, sentence
from cnncalc.report.explain import LEGEND
from cnncalc.report.number_grids import number_text

_SHORT = 20
"""Widest answer, in letters, of which four stand in a line."""


def html_sheet(sheet: Sheet) -> Iterator[str]:
    """Yield the page, in pieces."""
    language, title = sheet.language, TITLE.of(sheet.language)
    sheets = asset("report.css") + (files("cnncalc.quiz") / "quiz.css").read_text(encoding="utf-8")
    yield opening(title, sheets, language=language)
    yield f"<header>\n<h1>{title}</h1>\n<p>{SHEET.of(language)}</p>\n</header>\n<main>\n"
    for number, exercise in enumerate(sheet.exercises, 1):
        yield from _question(number, exercise, language)
        if sheet.answers:
            yield from _solution(exercise, language)
        yield "</section>\n"
    if sheet.answers:
        yield f'<p class="quietly">{html_text(LEGEND[language])}.</p>\n'
    yield f"<footer>{AGAIN.of(language)}: <code>{html_text(sheet.command)}</code></footer>\n</main>\n</body>\n</html>\n"


def _question(number: int, exercise: Exercise, language: str) -> Iterator[str]:
    yield (
        f'<section class="exercise" aria-labelledby="exercise-{number}">\n'
        f'<h2 id="exercise-{number}">{number}. <span>{html_text(about(exercise, language))}</span></h2>\n'
        f"<p>{html_text(exercise.question.of(language))}</p>\n"
    )
    if exercise.layers:
        items = "".join([f"<li>{html_text(layer.of(language))}</li>" for layer in exercise.layers])
        yield f'<ol class="layers">{items}</ol>\n'
    if exercise.given:
        yield '<div class="given">' + "".join([_given(given, language) for given in exercise.given]) + "</div>\n"
    options = [option.answer.text.of(language) for option in exercise.options]
    long = " long" if max(map(terminal_width, options)) > _SHORT else ""
    lines = [f"<li><b>{letter(place)}</b> {html_text(text)}</li>" for place, text in enumerate(options)]
    yield f'<ul class="options{long}">' + "".join(lines) + "</ul>\n"


def _given(given: GivenGrid, language: str) -> str:
    """Return a grid as a table with its name."""
    rows = ["".join([f"<td>{number_text(number)}</td>" for number in row]) for row in given.rows]
    body = "".join([f"<tr>{row}</tr>" for row in rows])
    return f"<table><caption>{html_text(given.title.of(language))}</caption><tbody>{body}</tbody></table>"


def _solution(exercise: Exercise, language: str) -> Iterator[str]:
    right = exercise.options[exercise.right].answer.text.of(language)
    yield (
        f"<details>\n<summary>{FOLDED.of(language)}</summary>\n"
        f"<p>{ANSWER.of(language)}: <b>{letter(exercise.right)}</b> {html_text(right)}</p>\n<dl>\n"
    )
    for line in exercise.worked:
        step = line.of(language)
        yield f"<dt>{html_text(step.quantity)}</dt><dd>{html_text(str(step))}</dd>\n"
    yield '</dl>\n<ul class="mistakes">\n'
    for place, option in enumerate(exercise.options):
        if option.mistake is not None:
            yield f"<li><b>{letter(place)}</b> {html_text(sentence(option.mistake.of(language)))}</li>\n"
    yield "</ul>\n</details>\n"
