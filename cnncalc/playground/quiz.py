"""The quiz of the page: its panel, and the exercises as data that the page asks one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import ArgumentError
from cnncalc.core.words import shorten
from cnncalc.report.number_grids import grid_of

if TYPE_CHECKING:
    from cnncalc.quiz import Exercise

MOST = 50
"""Exercises that the page asks at a time."""

PANEL = (
    '<div role="tabpanel" id="panel-quiz" aria-labelledby="tab-quiz" hidden>\n'
    '<h2 class="skip">Quiz</h2>\n'
    "<p>Exercises in the manner of the lectures, drawn from the seed. A wrong answer says which mistake leads to it."
    "</p>\n"
    '<form id="quiz-form" class="tools">\n'
    '<label>Topic <select id="quiz-topic"><option value="">all</option>TOPICS</select></label>\n'
    '<label>Level <select id="quiz-level"><option value="0">all</option>LEVELS</select></label>\n'
    f'<label>Exercises <input id="quiz-count" type="number" min="1" max="{MOST}" value="10"></label>\n'
    '<label>Seed <input id="quiz-seed" type="number" min="0" value="0"></label>\n'
    '<label>Language <select id="quiz-language"><option value="en">English</option>'
    '<option value="ko" lang="ko">한국어</option></select></label>\n'
    '<button type="submit">Begin</button>\n</form>\n'
    '<p id="quiz-status" role="status"></p>\n<div id="quiz-exercises"></div>\n</div>\n'
)
"""The panel, without the topics and levels."""


def panel() -> str:
    """Return the panel as HTML."""
    from cnncalc.quiz import LEVELS
    from cnncalc.quiz.words import TOPIC_NAMES

    topics = [f'<option value="{topic}">{name.en}</option>' for topic, name in TOPIC_NAMES.items()]
    levels = [f"<option>{level}</option>" for level in LEVELS]
    return PANEL.replace("TOPICS", "".join(topics)).replace("LEVELS", "".join(levels))


def quiz_exercises(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the exercises that are wanted, and the words in which the page says what answers are worth.

    Args:
        wanted: ``topic`` and ``level``, "" and 0 for all; ``count``, ``seed`` and ``language``.

    Raises:
        ArgumentError: for numbers out of range, and where a topic and a level have fewer exercises.

    """
    from cnncalc.quiz import Wanted, sheet  # many small files, which only this panel needs
    from cnncalc.quiz.asking import ANSWER, RIGHT, SCORE, WRONG
    from cnncalc.quiz.words import CHECK

    count = _whole(wanted["count"], 1, MOST, "the number of exercises")
    seed = _whole(wanted["seed"], 0, 2**53, "a seed")
    language = str(wanted["language"])
    drawn = sheet(Wanted(str(wanted["topic"]), int(wanted["level"]), count, seed))
    words = {"right": RIGHT, "wrong": WRONG, "answer": ANSWER, "score": SCORE, "check": CHECK}
    return {
        "exercises": [_exercise(each, language) for each in drawn],
        "words": {name: text.of(language) for name, text in words.items()},
    }


def _exercise(exercise: Exercise, language: str) -> dict[str, Any]:
    """Return an exercise in a language; of an answer with its mistake, which is None for the right one."""
    from cnncalc.quiz.words import about

    return {
        "about": about(exercise, language),
        "question": exercise.question.of(language),
        "layers": [layer.of(language) for layer in exercise.layers],
        "given": [{"title": given.title.of(language), "rows": grid_of(given.rows)} for given in exercise.given],
        "options": [
            {"text": option.answer.text.of(language), "mistake": option.mistake and option.mistake.of(language)}
            for option in exercise.options
        ],
        "right": exercise.right,
        "worked": [(line.of(language).quantity, str(line.of(language))) for line in exercise.worked],
    }


def _whole(value: Any, least: int, most: int, name: str) -> int:
    """Read a number of the form, whose field may be empty."""
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal() and least <= int(text[:20]) <= most):
        raise ArgumentError(
            "out-of-range", f"{name} is a whole number from {least:,} to {most:,}, not {shorten(text) or 'empty'}"
        )
    return int(text)
