"""A kind of exercise: what is drawn for it at each level, and how an exercise is made of that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple, TypeVar

from cnncalc.quiz.parts.exercise import Answer, GivenGrid, WorkedLine
from cnncalc.quiz.parts.phrases import Bilingual

Space = Mapping[str, Sequence[int]]
"""The numbers that may be drawn, by their names."""

Spaces = Mapping[int, Space]
"""What is drawn at each level."""


class Drawn(dict[str, int]):
    """The numbers that were drawn, by their names: ``drawn.size``, and ``{size}`` in a phrase."""

    def __getattr__(self, name: str) -> int:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class WrongAnswer(NamedTuple):
    """A wrong answer and the mistake that leads to it."""

    answer: Answer
    mistake: Bilingual


class Drafted(NamedTuple):
    """An exercise before its answers are chosen and put into an order.

    Attributes:
        question: what is asked.
        answer: the right one.
        wrong: wrong ones, the most usual mistakes first; those that come to the right answer by chance are left out
            later, and so are repeats.
        worked: the solution, line by line.
        layers: the layers that the question lists.
        given: the numbers that it gives.

    """

    question: Bilingual
    answer: Answer
    wrong: Sequence[WrongAnswer]
    worked: Sequence[WorkedLine]
    layers: Sequence[Bilingual] = ()
    given: Sequence[GivenGrid] = ()


class ExerciseKind(ABC):
    """A kind of exercise.

    Attributes:
        name: unique among all kinds.
        topic: one of `TOPICS`.
        spaces: what is drawn at each level at which there is this kind.

    """

    name: ClassVar[str]
    topic: ClassVar[str]
    spaces: ClassVar[Spaces]

    @abstractmethod
    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise that is made of the numbers; None where they make no good one.

        Raises:
            SpecError: for a window that does not fit or is too large, which is taken for None.

        """


KINDS: dict[str, ExerciseKind] = {}
"""All kinds by their names; importing ``cnncalc.quiz.exercises`` fills it."""

Made = TypeVar("Made", bound=ExerciseKind)


def register(kind: type[Made]) -> type[Made]:
    """Add a kind under its name.

    Raises:
        ValueError: where the name is taken.

    """
    if kind.name in KINDS:
        raise ValueError(f"two kinds of exercise are called {kind.name}")
    KINDS[kind.name] = kind()
    return kind


def wrongs(*found: tuple[Answer | None, Bilingual]) -> list[WrongAnswer]:
    """Return wrong answers from pairs of an answer and a mistake; None stands for a mistake that has no answer here."""
    return [WrongAnswer(answer, mistake) for answer, mistake in found if answer is not None]


def usable(answer: Answer, wrong: Iterable[WrongAnswer], needed: int) -> list[WrongAnswer]:
    """Return the wrong answers that differ from the right one and from each other, as both languages show them.

    Those whose mistake an earlier one has already are there only if there are fewer others than needed.
    """
    seen = {answer.text}
    mistakes: set[Bilingual] = set()
    kept: list[WrongAnswer] = []
    again: list[WrongAnswer] = []
    for one in wrong:
        if one.answer.text not in seen:
            seen.add(one.answer.text)
            (again if one.mistake in mistakes else kept).append(one)
            mistakes.add(one.mistake)
    return kept + again[: max(0, needed - len(kept))]
