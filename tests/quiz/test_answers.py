"""The answers of exercises, worked out a second time: by PyTorch, and by counting."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cnncalc.quiz import LEVELS, TOPICS, Exercise, Wanted, sheet
from cnncalc.quiz.content import Sheet
from cnncalc.quiz.exercises import KINDS
from cnncalc.quiz.sheets import WRITERS
from tests.quiz.oracle import ORACLES, right_answers, value_of

SEEDS = 24
"""With 21 topics and levels, in two languages: 1,008 sheets."""


def exercises(seed: int, count: int) -> Iterator[list[Exercise]]:
    """Yield a sheet of every topic and level."""
    for topic in TOPICS:
        for level in LEVELS:
            yield sheet(Wanted(topic, level, count, seed))


def check(seed: int, count: int) -> None:
    """Check the sheets of a seed: answers, repeats, sums of the solutions, and both languages."""
    for drawn in exercises(seed, count):
        assert len({(one.question, one.layers, one.given) for one in drawn}) == count
        for exercise in drawn:
            marked = [option.mistake is None for option in exercise.options]
            assert marked.count(True) == 1
            assert right_answers(exercise) == marked, exercise
            assert len({option.answer.text.ko for option in exercise.options}) == 4
            check_solution(exercise)
            check_languages(exercise)
        for write in WRITERS.values():
            for language in ("en", "ko"):
                made = "".join(write(Sheet(drawn, language, answers=True, command="cnncalc quiz")))
                assert made.count("cnncalc quiz") == 1


def check_solution(exercise: Exercise) -> None:
    """Check that what stands at both sides of an equals sign is the same number."""
    for line in exercise.worked:
        values = [value_of(part) for part in re.split(" = ", re.sub(r" for one image$|, stride .*$", "", str(line.en)))]
        assert len({value for value in values if value is not None}) <= 1, line.en


def check_languages(exercise: Exercise) -> None:
    """Check that both languages say the same numbers."""
    for phrase in (exercise.question, *exercise.layers, *[option.answer.text for option in exercise.options]):
        assert numbers(phrase.en) == numbers(phrase.ko)
    for line in exercise.worked:
        assert numbers(str(line.en)) == numbers(str(line.ko))


WORDS = {"one": "1", "two": "2", "three": "3", "four": "4"}


def numbers(text: str) -> list[str]:
    """Return the numbers of a text, sorted; millions are written out, and so is how often a design has a filter."""
    plain = re.sub(r"(\d+) million", lambda match: f"{int(match[1]) * 10**6}", text.replace(",", ""))
    plain = re.sub(r"\b(one|two|three|four) (?=\d)", lambda match: f"{WORDS[match[1]]} ", plain)
    return sorted(re.findall(r"−?\d+", plain))


def test_every_kind_has_a_second_way() -> None:
    assert set(ORACLES) == set(KINDS)


def test_the_answers_of_a_seed_are_right() -> None:
    """Of every topic and level one exercise; 21 sheets in two languages."""
    check(0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, SEEDS))
def test_the_answers_of_a_thousand_sheets_are_right(seed: int) -> None:
    check(seed, 6)


def test_the_second_way_can_fail() -> None:
    """A wrong answer in the place of the right one is found."""
    [exercise] = sheet(Wanted("sizes", 1, 1))
    wrong = next(option for option in exercise.options if option.mistake is not None)
    options = [
        option._replace(answer=wrong.answer) if option.mistake is None else option for option in exercise.options
    ]
    assert right_answers(exercise._replace(options=tuple(options))).count(True) == 0


def test_an_answer_whose_sign_was_dropped_is_not_negative() -> None:
    """It is offered only where there is a minus to drop."""
    drawn = [one for level in LEVELS for one in sheet(Wanted("values", level, 60, 1))]
    dropped = [
        option.answer.text.en
        for one in drawn
        for option in one.options
        if option.mistake and option.mistake.en.startswith("the sign was dropped")
    ]
    assert len(dropped) > 5
    assert "−" not in "".join(dropped)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(7 − 3 + 2·0)/3 + 1", "7/3"),
        ("2 1/3", "7/3"),
        ("⌊(32 − 3 + 2·0)/2⌋ + 1", "15"),
        ("(5·5·3 + 1)·10", "760"),
        ("1·(−2) + 3·1", "1"),
        ("⌊2,000/28⌋", "71"),
        ("F·F·C", "None"),
    ],
)
def test_sums_are_read(text: str, value: str) -> None:
    """The reader of solutions knows what they write."""
    assert str(value_of(text)) == value
