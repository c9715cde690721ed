"""Exercises of a sheet, drawn from a seed: the same seed draws the same ones in every language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from random import Random
from typing import NamedTuple, TypeVar

from cnncalc.core.errors import ArgumentError, SpecError
from cnncalc.core.numbers import counted
from cnncalc.quiz.exercises import KINDS
from cnncalc.quiz.parts.exercise import LEVELS, TOPICS, Exercise, Option
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Space, usable

Made = TypeVar("Made")

WRONG = 3
"""Wrong answers of each exercise."""

_SMALL = 20_000
"""The largest space whose points are all put into an order; of larger ones points are drawn until one is new."""

_TRIES = 500
"""Draws from a large space that make no exercise, after which it counts as used up."""

_NO_NETWORK = ("does-not-fit", "too-large")
"""What is wrong with numbers that make no network, which are passed over."""


class Wanted(NamedTuple):
    """What a sheet shall have.

    Attributes:
        topic: one of `TOPICS`; "" for all of them, in their order.
        level: one of `LEVELS`; 0 for all of them, the easier ones first.
        number: how many exercises.
        seed: what they are drawn from.

    """

    topic: str = ""
    level: int = 0
    number: int = 10
    seed: int = 0


def sheet(wanted: Wanted) -> list[Exercise]:
    """Draw the exercises of a sheet, none of them twice.

    Raises:
        ArgumentError: where a topic and a level have fewer exercises than that; it says how many there are.

    """
    topics = (wanted.topic,) if wanted.topic else TOPICS
    levels = (wanted.level,) if wanted.level else LEVELS
    sources = {(topic, level): _drawn(topic, level, wanted.seed) for topic in topics for level in levels}
    found: dict[tuple[str, int], list[Exercise]] = {place: [] for place in sources}
    for number in range(wanted.number):
        first_choice = topics[number % len(topics)], levels[number * len(levels) // wanted.number]
        for place in _near(first_choice, list(sources)):
            exercise = next(sources[place], None)
            if exercise is not None:
                found[place].append(exercise)
                break
            del sources[place]
        else:
            raise _too_many(wanted, number)
    return [exercise for place in found for exercise in found[place]]


def _near(first_choice: tuple[str, int], places: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return where exercises may come from: a topic and a level, else another level, else another topic."""
    return sorted(places, key=lambda place: (place[0] != first_choice[0], abs(place[1] - first_choice[1])))


def _too_many(wanted: Wanted, there: int) -> ArgumentError:
    about = f" on the topic {wanted.topic}" if wanted.topic else ""
    hard = f" at level {wanted.level}" if wanted.level else ""
    return ArgumentError(
        "out-of-range",
        f"there are {counted(there, 'different exercise')}{about}{hard}, and {wanted.number:,} are asked for",
        hints=[f"ask for --count {there}, or for {'another level' if wanted.level else 'more topics'}"],
    )


def _drawn(topic: str, level: int, seed: int) -> Iterator[Exercise]:
    """Yield the exercises of a topic and a level, kind after kind in turn, until there are no more."""
    kinds = [kind for kind in KINDS.values() if kind.topic == topic and level in kind.spaces]
    order = Random(f"{seed} {topic} {level}")
    sources = {kind.name: _of_kind(kind, level, seed) for kind in _shuffled(order, kinds)}
    while sources:
        for name in list(sources):
            exercise = next(sources[name], None)
            if exercise is None:
                del sources[name]
            else:
                yield exercise


def _of_kind(kind: ExerciseKind, level: int, seed: int) -> Iterator[Exercise]:
    """Yield the exercises of a kind, in an order that the seed says."""
    random = Random(f"{seed} {kind.name} {level}")
    asked = set()
    failed = 0
    for point in _points(random, kind.spaces[level]):
        draft = _draft(kind, point)
        exercise = None if draft is None else _chosen(random, kind, level, draft)
        told = None if exercise is None else (exercise.question, exercise.layers, exercise.given)
        if exercise is None or told in asked:
            failed += 1
            if failed > _TRIES and len(kind.spaces[level].get("numbers", ())):
                return
            continue
        failed = 0
        asked.add(told)
        yield exercise


def _points(random: Random, space: Space) -> Iterator[Drawn]:
    """Yield the points of a space: each once where there are few, else one after the other at random."""
    total = prod(map(len, space.values()))
    if total <= _SMALL:
        for place in _shuffled(random, range(total)):
            yield _point(space, place)
        return
    while True:
        yield _point(space, int(random.random() * total))


def _point(space: Space, place: int) -> Drawn:
    """Return one of the points of a space by its number."""
    drawn = Drawn()
    for name, numbers in space.items():
        place, own = divmod(place, len(numbers))
        drawn[name] = numbers[own]
    return drawn


def _draft(kind: ExerciseKind, drawn: Drawn) -> Drafted | None:
    try:
        return kind.draft(drawn)
    except SpecError as error:
        if error.code not in _NO_NETWORK:
            raise
        return None


def _chosen(random: Random, kind: ExerciseKind, level: int, draft: Drafted) -> Exercise | None:
    """Choose wrong answers, rather the usual ones, and put all answers into an order; None where there are too few."""
    known = usable(draft.answer, draft.wrong, WRONG)
    if len(known) < WRONG:
        return None
    chosen = _shuffled(random, known[: WRONG + 1])[:WRONG]
    options = [Option(draft.answer, None), *[Option(one.answer, one.mistake) for one in chosen]]
    return Exercise(
        *(kind.name, kind.topic, level, draft.question, tuple(draft.layers), tuple(draft.given)),
        options=tuple(_shuffled(random, options)),
        worked=tuple(draft.worked),
    )


def _shuffled(random: Random, things: Sequence[Made]) -> list[Made]:
    """Return things in a random order, which is the same on every version of Python."""
    found = list(things)
    for place in range(len(found) - 1, 0, -1):
        other = int(random.random() * (place + 1))
        found[place], found[other] = found[other], found[place]
    return found
