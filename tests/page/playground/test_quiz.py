"""The quiz in the playground: the exercises of the command line, with a keyboard and for a screen reader."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.quiz import Wanted, sheet
from tests.page.conftest import violations
from tests.page.playground.conftest import NARROW
from tests.page.playground.test_answers import told


def asked(**changes: Any) -> dict[str, Any]:
    """Return what the page gets for its form."""
    return told("quiz", **{"topic": "", "level": 0, "count": "10", "seed": "0", "language": "en", **changes})


def test_the_exercises_are_those_of_the_command_line() -> None:
    """For the same seed, in the same order."""
    shown = asked(seed="7")["exercises"]
    drawn = sheet(Wanted(seed=7))
    assert [one["question"] for one in shown] == [one.question.en for one in drawn]
    assert [one["right"] for one in shown] == [one.right for one in drawn]


def test_an_exercise_has_all_that_the_page_shows() -> None:
    [exercise] = asked(topic="sizes", level=1, count="1", seed="6")["exercises"]
    assert exercise == {
        "about": "sizes, level 1",
        "question": "An input of 12x12x3 goes through 8 filters of 3x3 with stride 1 and padding 0. Which volume comes "
        "out?",
        "layers": [],
        "given": [],
        "options": [
            {"text": "12x12x8", "mistake": "padding was added, and the layer has no padding"},
            {"text": "10x10x8", "mistake": None},
            {
                "text": "10x10x3",
                "mistake": "the channels of the input were kept, and the output has one channel for each filter",
            },
            {"text": "10x10x1", "mistake": "the channels of the output were forgotten"},
        ],
        "right": 1,
        "worked": [
            ["height and width", "(W − F + 2P)/S + 1 = (12 − 3 + 2·0)/1 + 1 = 10"],
            ["output", "10x10x8"],
        ],
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": ""}, "the number of exercises is a whole number from 1 to 50, not empty"),
        ({"count": "51"}, "the number of exercises is a whole number from 1 to 50, not 51"),
        ({"seed": "-1"}, "a seed is a whole number from 0 to 9,007,199,254,740,992, not -1"),
        ({"seed": "9" * 5000}, f"a seed is a whole number from 0 to 9,007,199,254,740,992, not {'9' * 39}…"),
    ],
)
def test_a_number_out_of_range_is_said(changes: dict[str, str], message: str) -> None:
    assert asked(**changes)["error"]["message"] == message


@pytest.mark.slow
def test_exercises_are_answered_with_the_keyboard(page: Any) -> None:
    """From the first tab to the verdict without a mouse; a wrong answer names its mistake, a right one counts."""
    page.focus("#tab-network")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.get_attribute("#tab-quiz", "aria-selected") == "true"
    page.select_option("#quiz-topic", "sizes")
    page.select_option("#quiz-level", "1")
    page.fill("#quiz-count", "2")
    page.fill("#quiz-seed", "6")
    page.keyboard.press("Enter")
    page.wait_for_selector("#quiz-exercises .exercise", timeout=60_000)
    assert page.text_content("#quiz-status") == "Score: 0 of 0"
    page.keyboard.press("ArrowDown")  # the first exercise has the focus, and its first answer is left behind
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".told .wrong")
    first = page.locator(".exercise").first
    assert first.locator(".told p").all_text_contents() == [
        "Wrong: the channels of the input were kept, and the output has one channel for each filter.",
        "The answer is B, 10x10x8.",
    ]
    assert first.locator("dd").first.text_content() == "(W − F + 2P)/S + 1 = (12 − 3 + 2·0)/1 + 1 = 10"
    assert page.text_content("#quiz-status") == "Score: 0 of 1"
    second = page.locator(".exercise").nth(1)
    right = sheet(Wanted("sizes", 1, 2, 6))[1].right
    second.locator("input").nth(right).check()
    second.locator("button").click()
    assert page.text_content("#quiz-status") == "Score: 1 of 2"
    page.keyboard.press("Enter")  # the button has the focus still; a second time it counts no more
    assert page.text_content("#quiz-status") == "Score: 1 of 2"


@pytest.mark.slow
def test_what_cannot_be_drawn_is_said(page: Any) -> None:
    page.click("#tab-quiz")
    page.evaluate("find('quiz-form').noValidate = true")
    page.fill("#quiz-count", "99")
    page.click("#quiz-form button")
    page.wait_for_selector("#quiz-status:has-text('from 1 to 50, not 99')", timeout=60_000)


@pytest.mark.slow
def test_everybody_can_use_it(on_a_phone: Any) -> None:
    """In Korean, with answers, on a phone: axe-core finds nothing, nothing sticks out, and the language is known."""
    on_a_phone.click("#tab-quiz")
    on_a_phone.select_option("#quiz-language", "ko")
    on_a_phone.fill("#quiz-count", "14")
    on_a_phone.click("#quiz-form button")
    on_a_phone.wait_for_selector("#quiz-exercises .exercise", timeout=60_000)
    for place in range(14):
        exercise = on_a_phone.locator(".exercise").nth(place)
        exercise.locator("input").first.check()
        exercise.locator("button").click()
    assert on_a_phone.get_attribute("#quiz-exercises", "lang") == "ko"
    assert violations(on_a_phone) == []
    assert on_a_phone.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
