"""Values in the playground: the lecture's numbers, the sum behind one, and where it was read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.page.playground.conftest import totals, write
from tests.page.playground.test_answers import told

FILTER = "input 5x5x1\nconv 3x3x1 kernel=[1 0 1; 0 1 0; 1 0 1] bias=0\nrelu\n"
IMAGE = "1 1 1 0 0\n0 1 1 1 0\n0 0 1 1 1\n0 0 1 1 0\n0 1 1 0 0"
"""The lecture's 5x5 image under its 3x3 filter: 4 3 4 / 2 4 3 / 2 3 4."""
RESULT = [["4", "3", "4"], ["2", "4", "3"], ["2", "3", "4"]]


def test_the_lecture_s_filter() -> None:
    """All nine values."""
    [conv, relu] = told("values", text=FILTER, values=IMAGE)["layers"]
    assert conv["grids"] == [{"index": [0], "rows": RESULT, "cut": False}]
    assert relu["grids"][0]["rows"] == RESULT


def test_the_sum_of_a_unit_says_what_it_read() -> None:
    """The second value of the first row: nine products, of the columns 1 to 3."""
    unit = told("values", text=FILTER, values=IMAGE, layer="conv1", at=[0, 1, 0])["sum"]
    [line] = unit["lines"]
    assert line["text"] == "1·1 + 1·0 + 0·1 + 1·0 + 1·1 + 1·0 + 0·1 + 1·0 + 1·1"
    assert (line["result"], unit["bias"], unit["result"]) == ("3", "0", "3")
    assert unit["reads"] == [1, 2, 3, 6, 7, 8, 11, 12, 13]


def test_numbers_that_do_not_fit_are_said() -> None:
    """With the volume that is wanted."""
    assert "5x5x1" in told("values", text=FILTER, values="1 2 3")["error"]["message"]


def test_a_network_that_is_too_large_is_said() -> None:
    """Plain Python computes small networks."""
    assert told("values", text="vgg16")["error"]["hints"]


@pytest.mark.slow
def test_a_number_that_is_selected_shows_its_sum(page: Any) -> None:
    """And the window that was read is marked in the input."""
    write(page, FILTER)
    totals(page, "5x5x1 → 3x3x1")
    page.click("#tab-values")
    page.wait_for_selector("[data-place='conv1 0 0 0']", timeout=60_000)
    page.fill("#values-input", IMAGE)
    page.wait_for_selector("[data-place='conv1 0 0 0']:has-text('4')", timeout=60_000)
    page.click("[data-place='conv1 0 0 0']")
    page.wait_for_selector("#values-sum .sum", timeout=60_000)
    text = page.text_content("#values-sum .sum")
    assert text == "1·1 + 1·0 + 1·1 + 0·0 + 1·1 + 1·0 + 0·1 + 0·0 + 1·1 = 4"
    assert page.locator("td.read").all_text_contents() == ["1", "1", "1", "0", "1", "1", "0", "0", "1"]
