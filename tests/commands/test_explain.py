from __future__ import annotations

import json

from tests.commands.conftest import Cnncalc


def test_the_whole_worked_solution(cnncalc: Cnncalc) -> None:
    """Sizes, parameters, MACs, memory, receptive field and the matrix product of the lecture."""
    assert cnncalc("explain", "conv 5x5x10 s1 p2", "--input", "32x32x3").out == (
        "conv1: conv 5x5x10 s1 p2\n"
        "  input                32x32x3\n"
        "  height and width     (32 − 5 + 2·2)/1 + 1 = 32\n"
        "  output               32x32x10\n"
        "  parameters           (5·5·3 + 1)·10 = 760\n"
        "  MACs                 32·32·10·5·5·3 = 768,000 for one image\n"
        "  memory               32·32·10 values · 4 bytes = 40,960 bytes\n"
        "  receptive field      1 + (5 − 1)·1 = 5, stride 1\n"
        "  as a matrix product  [10 x 75] · [75 x 1024]\n"
    )


def test_dimensions_that_differ_are_shown_one_by_one(cnncalc: Cnncalc) -> None:
    """A 3x1 window with stride 2x1 has a sum for the height and another for the width."""
    out = cnncalc("explain", "conv 3x1x4 s2x1 p1x0", "--input", "7x9x2").out
    assert "  height                   (7 − 3 + 2·1)/2 + 1 = 4\n" in out
    assert "  width                    (9 − 1 + 2·0)/1 + 1 = 9\n" in out
    assert "  receptive field, height  1 + (3 − 1)·1 = 3, stride 2\n" in out
    assert "  receptive field, width   1, stride 1\n" in out


def test_a_rounded_size_shows_what_is_rounded(cnncalc: Cnncalc) -> None:
    """The floor stands in the sum, and what is lost is said."""
    out = cnncalc("explain", "conv 3x3x4 s2 floor", "--input", "8x8x1").out
    assert "⌊(8 − 3 + 2·0)/2⌋ + 1 = 3\n" in out
    assert "the last row and column are never read\n" in out


def test_one_layer_by_name_by_number_or_a_whole_block(cnncalc: Cnncalc) -> None:
    """LAYER is a name or a number of the table, or a block's name."""
    spec = "input 8x8x1\nblock b()\n conv 3x3x2 p1 - relu\nend\nb() - bn"

    def headings(layer: str) -> list[str]:
        return [line for line in cnncalc("explain", spec, layer).out.splitlines() if line and line[0] != " "]

    assert headings("bn1") == headings("3") == ["bn1: bn"]
    assert headings("b1") == ["b1.conv1: conv 3x3x2 p1", "b1.relu1: relu"]


def test_an_unknown_layer_is_named_with_the_nearest(cnncalc: Cnncalc) -> None:
    done = cnncalc("explain", "conv 3x3x2 - relu", "con1", "--input", "8x8x1")
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "error[unknown-name]: there is no layer `con1`\n"
        "  = did you mean `conv1`?\n"
        "  = layers and blocks are conv1, relu1\n"
    )


def test_a_layer_inside_of_blocks_is_found_by_its_last_name(cnncalc: Cnncalc) -> None:
    spec = "input 8x8x1\nblock b()\nconv 3x3x2 p1 - relu\nend\nb - b"
    assert cnncalc("explain", spec, "conv1").err == (
        "error[unknown-name]: there is no layer `conv1`\n"
        "  = did you mean `b1.conv1`, `b2.conv1`?\n"
        "  = layers and blocks are b1, b2\n"
    )


def test_the_layer_may_be_named_by_an_option(cnncalc: Cnncalc) -> None:
    """As in `draw` and `compute`; two of them are refused."""
    assert cnncalc("explain", "lenet5", "--layer", "conv2") == cnncalc("explain", "lenet5", "conv2")
    twice = cnncalc("explain", "lenet5", "conv2", "--layer", "conv1")
    assert (twice.status, twice.out) == (2, "")
    assert twice.err == (
        "error[usage]: LAYER is given twice, after SPEC and by --layer; leave one of them out\n"
        "  = see `cnncalc explain --help`\n"
    )


def test_a_spec_without_layers_says_so(cnncalc: Cnncalc) -> None:
    told = "note: the spec has no layers, so there is nothing to explain\n"
    assert cnncalc("explain", "input 32x32x3") == (0, "", told)


def test_json_has_the_steps(cnncalc: Cnncalc) -> None:
    data = json.loads(cnncalc("explain", "fc 10", "--input", "32x32x3", "--format", "json").out)
    assert {"quantity": "parameters", "sum": "(32·32·3 + 1)·10", "result": "30,730"} in data["layers"][0]["steps"]
