from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnncalc import load
from cnncalc.report.compute import compute_report
from cnncalc.report.values_drawn import ShownValues
from cnncalc.values import compute
from cnncalc.values.arrays import flattened
from cnncalc.values.reading import read_numbers_text
from tests.commands.conftest import Cnncalc

IMAGE = "1 1 1 0 0; 0 1 1 1 0; 0 0 1 1 1; 0 0 1 1 0; 0 1 1 0 0"
KERNEL = "conv 3x3x1 kernel=[1 0 1; 0 1 0; 1 0 1] bias=3"


def test_every_volume_is_a_grid_and_a_sum_is_written_out(cnncalc: Cnncalc) -> None:
    """The lecture's image and filter: 4 first, and 7 with the bias."""
    assert cnncalc("compute", KERNEL, "--values", IMAGE, "--at", "0,0").out == (
        "input 5x5x1\n"
        "  1  1  1  0  0\n"
        "  0  1  1  1  0\n"
        "  0  0  1  1  1\n"
        "  0  0  1  1  0\n"
        "  0  1  1  0  0\n"
        "\n"
        f"conv1: {KERNEL} → 3x3x1\n"
        "  weight\n"
        "    1  0  1\n"
        "    0  1  0\n"
        "    1  0  1\n"
        "  bias\n"
        "    3\n"
        "  output\n"
        "  7  6  7\n"
        "  5  7  6\n"
        "  5  6  7\n"
        "\n"
        "conv1 at row 0, column 0, channel 0\n"
        "                 1·1 + 1·0 + 1·1 + 0·0 + 1·1 + 1·0 + 0·1 + 0·0 + 1·1 = 4\n"
        "  with the bias  4 + 3 = 7\n"
    )


def test_a_sum_has_a_line_for_every_channel(cnncalc: Cnncalc) -> None:
    text = "conv 1x2x1 kernel=[1 2 | 3 -4] bias=5"
    out = cnncalc("compute", text, "--values", "1 2 | 3 4", "--at", "0,0").out
    assert out.endswith(
        "conv1 at row 0, column 0, channel 0\n"
        "  channel 0      1·1 + 2·2 = 5\n"
        "  channel 1      3·3 + 4·(−4) = −7\n"
        "  with the bias  5 − 7 + 5 = 3\n"
    )


def test_other_layers_say_how_a_value_came_about(cnncalc: Cnncalc) -> None:
    values = ["--values", "1 -2; 5 6", "--at", "0,0"]
    last = {
        "pool 2x2": "max(1, −2, 5, 6) = 6",
        "avgpool 2x2": "(1 − 2 + 5 + 6)/4 = 5/2",
        "relu": "max(0, 1) = 1",
        "fc 1 nobias": "1·0 + (−2)·(−1) + 5·0 + 6·1 = 8",
        "times 3": "3·1 = 3",
        "add( relu | )": "1 + 1 = 2",
        "a: pool 1x1 - unpool @a": "1 = 1",
    }
    for text, line in last.items():
        out = cnncalc("compute", text, *values).out
        assert [part for part in out.splitlines() if " = " in part] == [f"  {line}"]


def test_fractions_are_exact_and_decimals_are_asked_for(cnncalc: Cnncalc) -> None:
    shown = ["compute", "conv 3x3x1 nobias kernel=box", "--values", "1 1 1; 1 1 1; 1 1 2"]
    assert "  10/9\n" in cnncalc(*shown).out
    assert "  1.111\n" in cnncalc(*shown, "--decimal", "3").out


def test_numbers_of_any_size(cnncalc: Cnncalc) -> None:
    """JSON has all digits; a person and a spreadsheet see a decimal, which may be too large for one."""
    call = ["compute", "mul( | )*5", "--values", "-1e20"]
    assert cnncalc(*call).out.endswith("  1.000000e+640\n")
    data = json.loads(cnncalc(*call, "--format", "json").out)
    assert data["layers"][-1]["values"] == {"shape": [1, 1, 1], "exact": [[[10**640]]], "decimal": [[["inf"]]]}


def test_json_has_both(cnncalc: Cnncalc) -> None:
    done = cnncalc("compute", "avgpool 3x1 s1", "--values", "1; 1; 2", "--at", "0,0", "--format", "json")
    data = json.loads(done.out)
    assert data["input"] == {
        "volume": [3, 1, 1],
        "values": {"shape": [1, 3, 1], "exact": [[[1], [1], [2]]], "decimal": [[[1.0], [1.0], [2.0]]]},
    }
    [layer] = data["layers"]
    assert layer["values"] == {"shape": [1, 1, 1], "exact": [[["4/3"]]], "decimal": [[[4 / 3]]]}
    assert data["sums"] == [
        {
            "layer": "avgpool1",
            "place": [0, 0, 0],
            "parts": [],
            "bias": None,
            "result": "4/3",
            "decimal": 4 / 3,
            "text": ["(1 + 1 + 2)/3 = 4/3"],
        }
    ]


def test_csv_has_a_row_for_every_number(cnncalc: Cnncalc) -> None:
    assert cnncalc("compute", "times 0.5", "--values", "1 2", "--format", "csv").out == (
        "layer,tensor,index,value,decimal\n"
        "input,values,0 0 0,1,1.0\n"
        "input,values,0 0 1,2,2.0\n"
        "times1,values,0 0 0,1/2,0.5\n"
        "times1,values,0 0 1,1,1.0\n"
    )


def test_values_from_a_csv_file(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """A line is a row, an empty line parts two channels."""
    path = tmp_path / "image.csv"
    path.write_text("1,2\n3,4\n\n5,6\n7,8\n")
    out = cnncalc("compute", "channelsum", "--values", str(path)).out
    assert out.endswith("channelsum1: channelsum → 2x2x1\n   6   8\n  10  12\n")


TWO = "input left 1x2x1\ninput right 1x2x1\nsub( @left | @right - times 2 ) - mul( | )"


def test_several_inputs_are_given_by_their_names(cnncalc: Cnncalc) -> None:
    """(left − 2·right)², and its gradients with respect to both."""
    out = cnncalc("compute", TWO, "--values", "left=5 7", "--values", "right=1 2", "--backward").out
    assert out.startswith("left: input → 1x2x1\n  5  7\n\nright: input → 1x2x1\n  1  2\n")
    assert "mul1: mul → 1x2x1\n  9  9\n" in out
    assert out.endswith(
        "right: input → 1x2x1\n  gradient of the output\n    −12  −12\n\n"
        "left: input → 1x2x1\n  gradient of the output\n    6  6\n"
    )
    out = cnncalc("compute", TWO, "--values", "left=5 7").out
    assert out.endswith("Drawn from seed 0: the input `right`. Give them with --values and --tensor.\n")
    assert "left at row 0, column 1, channel 0\n  7 = 7\n" in (
        cnncalc("compute", TWO, "--values", "left=5 7", "--layer", "left", "--at", "0,1").out
    )
    done = cnncalc("compute", TWO, "--values", "5 7")
    assert (done.status, done.err.splitlines()[0]) == (
        2,
        "error[usage]: write --values NAME=NUMBERS for each of the inputs: left, right",
    )
    done = cnncalc("compute", TWO, "--values", "lift=5 7")
    assert (done.status, done.err.splitlines()[0]) == (
        2,
        "error[usage]: there is no input 'lift'; did you mean `left`?",
    )


def test_what_nothing_is_said_of_is_drawn_and_said(cnncalc: Cnncalc) -> None:
    call = ["compute", "conv 3x3x2", "--input", "3x3x1"]
    out = cnncalc(*call, "--seed", "7").out
    assert out == cnncalc(*call, "--seed", "7").out != cnncalc(*call, "--seed", "8").out
    assert out.endswith(
        "Drawn from seed 7: the input, `conv1.weight`, `conv1.bias`. Give them with --values and --tensor.\n"
    )


def test_more_numbers_than_can_be_read_are_counted(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """A photo's pixels as a grid are megabytes of text; a file has all of them."""
    rows = [" ".join(["1"] * 119 + [str(row)]) for row in range(120)]
    call = ["compute", "maxpool 60x60", "--values", "; ".join(rows)]
    assert cnncalc(*call).out == (
        "input 120x120x1\n"
        "  14,400 numbers from 0 to 119; -o FILE.csv writes them\n"
        "\n"
        "pool1: maxpool 60x60 → 2x2x1\n"
        "    1   59\n"
        "    1  119\n"
    )
    cnncalc(*call, "-o", str(tmp_path / "all.csv"))
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 1 + 14_400 + 4


def test_grids_stay_within_the_width(cnncalc: Cnncalc) -> None:
    """Channels stand beside each other as far as that goes; wide rows are shown in parts, and never cut in a pipe."""
    values = " | ".join([" ".join(str(100 * sign + place) for place in range(30)) for sign in (1, -2, 3)])
    network = load("relu\n", input="1x30x3")
    report = compute_report(ShownValues(compute(network, flattened(read_numbers_text(values, "")))))
    assert report.draw is not None
    for width in (80, 40):
        text = "".join(report.draw(width))
        assert max(map(len, text.splitlines())) <= width
        assert [text.count(str(number)) for number in (129, 300, 329)] == [2, 2, 2]
    assert len(cnncalc("compute", "relu", "--values", values).out.splitlines()[2]) == 30 * 5


WRONG: dict[tuple[str, ...], str] = {
    ("vgg16",): (
        "error[too-large]: the values take 15,489,974,784 multiplications, and at most 1,000,000 are computed;"
        " `stage1.conv2` alone takes 1,849,688,064\n"
        "  = take a smaller input, or fewer layers: --input 8x8x3\n"
        "  = `cnncalc shapes` counts networks of any size\n"
    ),
    ("relu", "--values", "1 2 x"): "error[bad-number]: `x` in --values is not a number\n",
    ("relu", "--values", "1 2; 3"): (
        "error[bad-size]: the rows of --values differ in length: row 1 has 2 numbers, row 2 has 1\n"
    ),
    ("relu", "--values", "1 2; 3 4", "--input", "3x3x1"): (
        "error[bad-size]: --values is 2x2x1, and what is wanted is 3x3x1\n"
        '  = part rows by `;` and channels by `|`: --values "1 2; 3 4 | 5 6; 7 8" is 2x2x2\n'
    ),
    ("relu", "--values", "none.csv"): "error[cannot-read]: cannot read `none.csv`: No such file or directory\n",
    (TWO, "--layer", "left", "--steps"): "error[bad-option]: `left` is an input, which reads no other volume\n",
    (TWO, "--layer", "left", "--backward", "--at", "0,0"): (
        "error[bad-option]: `left` is an input, which reads no other volume\n"
    ),
    ("mul( | )*20", "--values", "9"): (
        "error[out-of-range]: the values of `mul11` have more than 1,000 digits\n"
        "  --> text:1:1\n   |\n 1 | mul( | )*20\n   | ^^^^^^^^\n"
    ),
    ("relu", "--values", "1 2", "--at", "0,2"): (
        "error[out-of-range]: there is no place 0,2,0 in 1x2x1: places go up to 0,1,0\n"
    ),
    ("fc 1", "--values", "1 2", "--tensor", "fc1.wight=3"): (
        "error[unknown-name]: there is no tensor `fc1.wight`\n"
        "  = did you mean `fc1.weight`?\n"
        "  = there are fc1.bias, fc1.weight\n"
    ),
    ("relu", "--values", "1 2", "--label", "0"): (
        "error[bad-option]: a label is for a network that ends in a softmax of one position\n"
        "  = end it with `softmax`, or give the wanted values with --target\n"
    ),
    ("relu", "--values", "1 2", "--learning-rate", "1"): (
        "error[nothing-to-train]: the network has no weights that could be learned\n"
        "  = `cnncalc params` shows what a network learns\n"
    ),
    ("conv 1x1x1 - pool 1x2", "--values", "1 2", "--layer", "pool1", "--im2col"): (
        "error[bad-option]: `pool1` is not a product of filters and windows\n  = layers that are one: conv1\n"
    ),
    ("relu", "--values", "1 2", "--layer", "conv1", "--at", "0,0"): (
        "error[unknown-name]: there is no layer `conv1`\n"
    ),
    ("lppool 1x1", "--values", "0", "--backward"): (
        "error[divides-by-zero]: a gradient does not exist: 0 has no power -1/2\n"
    ),
    ("fc 1", "--values", "1 2", "--tensor", "fc1.weight=1 2 3"): (
        "error[bad-size]: `fc1.weight` has 2 numbers (1 x 2), not 3\n"
    ),
    ("bn eps=0", "--values", "1 2", "--tensor", "bn1.running_var=0"): (
        "error[divides-by-zero]: `bn1` has no values here: 1 is divided by 0\n"
        "  --> text:1:1\n   |\n 1 | bn eps=0\n   | ^^^^^^^^\n"
    ),
}
"""One clear error each: what is wrong, and what would do."""


@pytest.mark.parametrize(
    "written",
    [
        "[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]",
        "[[[1. 2.]\n  [3. 4.]]\n\n [[5. 6.]\n  [7. 8.]]]",
        "1 2; 3 4 | 5 6; 7 8",
        "[[1, 2], [3, 4]] | [[5, 6], [7, 8]]",
    ],
)
def test_lists_in_lists_are_numbers_too(written: str) -> None:
    """As Python writes them, and as NumPy prints them: channels first."""
    found = read_numbers_text(written, "--values")
    assert (found.shape, list(found.flat)) == ((2, 2, 2), [1, 2, 3, 4, 5, 6, 7, 8])


@pytest.mark.parametrize("arguments", WRONG)
def test_what_does_not_fit(cnncalc: Cnncalc, arguments: tuple[str, ...]) -> None:
    done = cnncalc("compute", *arguments)
    assert (done.status, done.err) == (1, WRONG[arguments])
