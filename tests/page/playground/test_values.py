"""Values in the playground: the lecture's numbers, the sum behind one, and where it was read."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
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
    assert conv["grids"] == [{"index": [0], "rows": RESULT, "cut": ""}]
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


def test_a_large_channel_is_shown_as_a_picture_too() -> None:
    """Black is its least value and white its greatest; of the numbers there are the first 16 rows and columns."""
    rows = [[255 if column >= 12 else 0 for column in range(24)] for _ in range(18)]
    text = "\n".join(" ".join(map(str, row)) for row in rows)
    reply = told("values", text="input 18x24x1\nconv 3x3x1 kernel=sobelx\n", values=text)
    [grid] = reply["layers"][0]["grids"]
    assert (len(grid["rows"]), len(grid["rows"][0])) == (16, 16)
    assert grid["cut"] == "The first 16 of 22 columns are shown."
    picture = grid["picture"]
    assert (picture["high"], picture["wide"], picture["least"], picture["most"]) == (16, 22, "0", "1020")
    edge = bytes(
        255 if column in (10, 11) else 0 for column in range(22)
    )  # where a window is half dark: 255·(1 + 2 + 1)
    assert b64decode(picture["shades"]) == edge * 16


def test_what_is_left_out_is_said() -> None:
    """Rows and columns only where there are more of them; a bias is one row of numbers."""
    reply = told("values", text="input 8x8x2\nconv 3x3x20 - fc 4 - fc 17\n")
    conv, narrow, wide = (layer["tensors"] for layer in reply["layers"] if layer["tensors"])
    assert [tensor["more"] for tensor in conv] == ["The first 16 of 40 grids of the weight are shown.", ""]
    assert [tensor["grids"][0]["cut"] for tensor in narrow] == ["The first 16 of 720 columns are shown.", ""]
    assert [tensor["grids"][0]["cut"] for tensor in wide] == [
        *("The first 16 of 17 rows are shown.", "The first 16 of 17 numbers are shown."),
    ]


@pytest.mark.parametrize("large", ["1e308", "-1e308", "1e400"])
def test_very_large_values_have_a_picture(large: str) -> None:
    """They are further apart than a float can say."""
    rows = "\n".join(" ".join([large, *["1e308"] * 19]) for _ in range(20))
    reply = told("values", text="input 20x20x1\nrelu\n", values=rows)
    shades = b64decode(reply["grids"][0]["picture"]["shades"])
    assert len(shades) == 400
    assert shades[0] == {"1e308": 0, "-1e308": 0, "1e400": 255}[large]


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


@pytest.mark.slow
def test_an_image_becomes_the_input(page: Any, tmp_path: Path) -> None:
    """Its brightness from 0 to 255 in the size of the input; an edge filter shows its edge."""
    image = pytest.importorskip("PIL.Image")
    picture = image.new("RGB", (40, 40), (0, 0, 0))
    picture.paste((255, 255, 255), (20, 0, 40, 40))
    picture.save(tmp_path / "edge.png")
    write(page, "input 20x20x1\nconv 3x3x1 kernel=sobelx\n")
    totals(page, "20x20x1 → 18x18x1")
    page.click("#tab-values")
    page.set_input_files("#values-file", str(tmp_path / "edge.png"))
    page.wait_for_selector("figcaption:has-text('black 0, white 1020')")
    first = page.input_value("#values-input").splitlines()[0].split()
    assert first == ["0"] * 10 + ["255"] * 10
    (tmp_path / "text.png").write_text("no image")
    page.set_input_files("#values-file", str(tmp_path / "text.png"))
    page.wait_for_selector("#values-status:has-text('text.png is not an image that the browser reads')")
