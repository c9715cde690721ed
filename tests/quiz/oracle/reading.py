"""Reading an exercise as a student reads it, and asking the second way whether its answers are right."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cnncalc.quiz import Exercise

Right = Callable[..., Any]
"""Of the numbers of a question: the right answer as text, or whether an answer is right."""

ORACLES: dict[str, tuple[str, Right]] = {}


def asks(kind: str, question: str) -> Callable[[Right], Right]:
    """Say what a kind of exercise asks; ``#`` stands for a number."""

    def added(right: Right) -> Right:
        ORACLES[kind] = question, right
        return right

    return added


def numbers_of(exercise: Exercise) -> list[int | str]:
    """Return the numbers of a question, and the words where they differ."""
    question, _ = ORACLES[exercise.kind]
    pattern = re.escape(question).replace(r"\#", r"([−\d,.]+?)").replace(r"\?\?", "(.*)")
    found = re.fullmatch(pattern, exercise.question.en)
    assert found, f"{exercise.kind} asks otherwise: {exercise.question.en}"
    return [whole(text) if re.fullmatch(r"[−\d,]+", text) else text for text in found.groups()]


def right_answers(exercise: Exercise) -> list[bool]:
    """Return for every answer to choose from whether it is right."""
    _, right = ORACLES[exercise.kind]
    expected = right(exercise, *numbers_of(exercise))
    answers = [option.answer.text.en for option in exercise.options]
    return [expected(text) if callable(expected) else text == expected for text in answers]


def whole(text: str) -> int:
    return int(text.replace(",", "").replace("−", "-"))
