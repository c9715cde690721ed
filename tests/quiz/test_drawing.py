"""How a sheet is drawn: from a seed, without repeats, evenly, and with an error where there are too few exercises."""

from __future__ import annotations

from collections import Counter

import pytest

from cnncalc.core.errors import ArgumentError
from cnncalc.quiz import LEVELS, TOPICS, Wanted, sheet
from cnncalc.quiz.drawing import WRONG
from cnncalc.quiz.exercises import KINDS
from cnncalc.quiz.parts.kind import register


def test_a_seed_draws_the_same_sheet_again() -> None:
    assert sheet(Wanted(seed=7)) == sheet(Wanted(seed=7))
    assert sheet(Wanted(seed=7)) != sheet(Wanted(seed=8))


def test_a_longer_sheet_begins_with_the_shorter_one() -> None:
    """Of one topic and level; so a teacher can ask for more of the same."""
    assert sheet(Wanted("sizes", 1, 12, 7))[:5] == sheet(Wanted("sizes", 1, 5, 7))


def test_a_sheet_has_all_topics_and_rising_levels() -> None:
    """21 exercises: one of each topic and level, in their order."""
    drawn = sheet(Wanted(number=21, seed=3))
    assert [(one.topic, one.level) for one in drawn] == [(topic, level) for topic in TOPICS for level in LEVELS]


def test_ten_exercises_have_every_topic_and_level() -> None:
    drawn = sheet(Wanted(number=10))
    assert {one.topic for one in drawn} == set(TOPICS)
    assert {one.level for one in drawn} == set(LEVELS)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("level", LEVELS)
def test_kinds_take_turns(topic: str, level: int) -> None:
    """All kinds of a topic and a level come once before one comes again; three of them at least."""
    kinds = [kind.name for kind in KINDS.values() if kind.topic == topic and level in kind.spaces]
    assert len(kinds) >= 3
    drawn = sheet(Wanted(topic, level, 2 * len(kinds), 5))
    assert Counter(one.kind for one in drawn) == dict.fromkeys(kinds, 2)


def test_an_exercise_has_four_answers_whose_mistakes_have_names() -> None:
    for exercise in sheet(Wanted(number=42, seed=11)):
        mistakes = [option.mistake for option in exercise.options if option.mistake is not None]
        assert len(exercise.options) == WRONG + 1
        assert len(mistakes) == WRONG
        assert all(mistake.en and mistake.ko for mistake in mistakes)
        assert exercise.worked


def test_the_right_answer_has_no_favourite_place() -> None:
    """Of 400 answers a hundred stand at each place, give or take five standard deviations."""
    places = Counter(one.right for one in sheet(Wanted("values", 1, 400, 1)))
    assert all(100 - 44 < places[place] < 100 + 44 for place in range(4))


def test_too_many_exercises_are_refused_with_how_many_there_are() -> None:
    with pytest.raises(ArgumentError) as caught:
        sheet(Wanted("receptive", 1, 400, 3))
    assert str(caught.value) == (
        "there are 98 different exercises on the topic receptive at level 1, and 400 are asked for\n"
        "  = ask for --count 98, or for another level"
    )
    drawn = sheet(Wanted("receptive", 1, 98, 4))
    assert len({(one.question, one.layers) for one in drawn}) == 98


def test_another_level_helps_out() -> None:
    """A topic has as many exercises as its levels together."""
    assert len(sheet(Wanted("receptive", 0, 400, 3))) == 400


def test_two_kinds_with_one_name_are_refused() -> None:
    """Their exercises would be drawn from the same numbers."""
    with pytest.raises(ValueError, match="two kinds of exercise are called stacked-field"):
        register(type(KINDS["stacked-field"]))
