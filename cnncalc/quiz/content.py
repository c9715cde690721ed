"""What a sheet of exercises has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.quiz.parts.exercise import Exercise


class Sheet(NamedTuple):
    """What is written.

    Attributes:
        exercises: in their order.
        language: ``en`` or ``ko``.
        answers: whether the answers are part of it, with worked solutions.
        command: what makes the sheet again, as it is typed.

    """

    exercises: Sequence[Exercise]
    language: str
    answers: bool
    command: str
