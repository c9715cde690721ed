"""An exercise as data: its question, the answers to choose from, and its worked solution."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import NamedTuple

from cnncalc.analysis.arithmetic import ArithmeticStep
from cnncalc.core.numbers import whole
from cnncalc.core.volume import Volume
from cnncalc.layers.operations import Number
from cnncalc.quiz.parts.phrases import Bilingual, same
from cnncalc.report.number_grids import number_text

Rows = tuple[tuple[Number, ...], ...]
"""A grid of numbers, row by row."""

TOPICS = ("sizes", "parameters", "multiplications", "receptive", "fit", "values", "design")
"""What exercises are about, in the order of a course."""

LEVELS = (1, 2, 3)
"""From a first lesson to what takes several steps."""


class Answer(NamedTuple):
    """What may be answered.

    Attributes:
        text: in one line.
        rows: the same as a grid, where it is one.

    """

    text: Bilingual
    rows: Rows = ()


def number(value: Number) -> Answer:
    """Return a number as an answer: 138,357,544; 1/2; −3."""
    return Answer(same(whole(value).replace("-", "−") if isinstance(value, int) else number_text(value)))


def volume(sizes: Sequence[int]) -> Answer:
    """Return a volume as an answer: 28x28x6."""
    return Answer(same(str(Volume(sizes))))


def side(size: int) -> Answer:
    """Return a square as an answer: 7x7."""
    return Answer(same(f"{size}x{size}"))


def grid(rows: Sequence[Sequence[Number]]) -> Answer:
    """Return a grid as an answer, in one line as the lectures write it: 6 8 / 3 4."""
    text = " / ".join([" ".join(map(number_text, row)) for row in rows])
    return Answer(same(text), tuple(map(tuple, rows)))


class GivenGrid(NamedTuple):
    """A grid of numbers that a question gives, with its name."""

    title: Bilingual
    rows: Rows


class WorkedLine(NamedTuple):
    """A line of a worked solution in both languages."""

    en: ArithmeticStep
    ko: ArithmeticStep

    def of(self, language: str) -> ArithmeticStep:
        """Return the line in a language."""
        return self.ko if language == "ko" else self.en


class Option(NamedTuple):
    """One of the answers to choose from, and what mistake leads to it; None for the right one."""

    answer: Answer
    mistake: Bilingual | None


class Exercise(NamedTuple):
    """An exercise.

    Attributes:
        kind: the name of the class that made it.
        topic, level: what it is about, and how hard it is.
        question: what is asked.
        layers: the layers that the question lists, in order.
        given: the numbers that it gives.
        options: the answers to choose from; exactly one is right.
        worked: the solution, line by line.

    """

    kind: str
    topic: str
    level: int
    question: Bilingual
    layers: tuple[Bilingual, ...]
    given: tuple[GivenGrid, ...]
    options: tuple[Option, ...]
    worked: tuple[WorkedLine, ...]

    @property
    def right(self) -> int:
        """The place of the right answer among the options."""
        return next(place for place, option in enumerate(self.options) if option.mistake is None)

    def chosen(self, text: str, language: str) -> int | None:
        """Return the option that is meant by a letter or by the answer itself; None where none is."""
        wanted = _bare(text)
        for place, option in enumerate(self.options):
            if wanted in (letter(place).lower(), _bare(option.answer.text.of(language))):
                return place
        return None


def _bare(text: str) -> str:
    """Return an answer without what may be typed in another way: blanks, separators, the signs of a keyboard."""
    plain = text.strip().rstrip(".)").lower().replace("−", "-").replace("×", "x").replace("·", "*")
    return plain.replace(",", "").replace(" ", "")


def letter(place: int) -> str:
    """Return what an option is called: A, B, C, D."""
    return ascii_uppercase[place]
