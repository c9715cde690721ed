"""A sheet of exercises as Markdown, as GitHub shows it."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.core.cleaning import markdown_cell
from cnncalc.quiz.content import Sheet
from cnncalc.quiz.parts.exercise import Exercise, letter
from cnncalc.quiz.words import AGAIN, ANSWERS, SHEET, TITLE, about, sentence
from cnncalc.report.explain import LEGEND
from cnncalc.report.number_grids import grid_of, side_by_side

_WIDTH = 80


def markdown_sheet(sheet: Sheet) -> Iterator[str]:
    """Yield the sheet: the exercises, and the answers below a heading of their own."""
    language = sheet.language
    yield f"# {TITLE.of(language)}\n\n{SHEET.of(language)}\n"
    for number, exercise in enumerate(sheet.exercises, 1):
        yield f"\n## {number}. {about(exercise, language)}\n\n"
        yield from _question(exercise, language)
    if sheet.answers:
        yield f"\n# {ANSWERS.of(language)}\n\n{LEGEND[language]}.\n"
        for number, exercise in enumerate(sheet.exercises, 1):
            yield f"\n## {number}. {_option(exercise, exercise.right, language)}\n\n"
            yield from _solution(exercise, language)
    yield f"\n---\n\n{AGAIN.of(language)}: `{sheet.command}`\n"


def _question(exercise: Exercise, language: str) -> Iterator[str]:
    yield f"{markdown_cell(exercise.question.of(language))}\n\n"
    if exercise.layers:
        lines = [f"{place}. {markdown_cell(layer.of(language))}\n" for place, layer in enumerate(exercise.layers, 1)]
        yield "".join(lines) + "\n"
    if exercise.given:
        blocks = [(given.title.of(language), grid_of(given.rows)) for given in exercise.given]
        yield "```text\n" + "".join([line + "\n" for line in side_by_side(blocks, _WIDTH, "")]) + "```\n\n"
    for place in range(len(exercise.options)):
        yield f"- {_option(exercise, place, language)}\n"


def _option(exercise: Exercise, place: int, language: str) -> str:
    return f"**{letter(place)}** {markdown_cell(exercise.options[place].answer.text.of(language))}"


def _solution(exercise: Exercise, language: str) -> Iterator[str]:
    """Yield the lines, then the mistakes, which another sign makes a list of their own."""
    for line in exercise.worked:
        step = line.of(language)
        yield f"- {markdown_cell(step.quantity)}: {markdown_cell(str(step))}\n"
    yield "\n"
    for place, option in enumerate(exercise.options):
        if option.mistake is not None:
            yield f"* {letter(place)}: {markdown_cell(sentence(option.mistake.of(language)))}\n"
