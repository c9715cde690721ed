"""What `compute` shows of gradients, of a step of learning, of windows and of the matrix product."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from cnncalc import load
from cnncalc.commands.compute_parts import ComputeOptions, shown_values
from cnncalc.report.compute import compute_report
from cnncalc.report.render import render
from cnncalc.report.report import Screen
from tests.commands.conftest import Cnncalc


def wished(**wishes: Any) -> ComputeOptions:
    """Return what the command is asked for."""
    nothing = dict.fromkeys(ComputeOptions._fields) | {"tensors": {}, "seed": 0}
    return ComputeOptions(**(nothing | wishes))


def test_gradients_are_grids_and_a_sum_of_them_is_written_out(cnncalc: Cnncalc) -> None:
    """The last layer first; what stands in the first row and column of the kernel is multiplied by every window's."""
    text = "conv 2x2x1 kernel=[1 2; 3 4] bias=0"
    call = ["compute", text, "--values", "1 2 0; 0 1 1; 2 1 3", "--gradient", "1 0; -1 2", "--at", "0,0"]
    _, _, back = cnncalc(*call).out.partition("Gradients")
    assert "Gradients" + back == (
        "Gradients, from the last layer to the first; ∂y is that of an output y.\n"
        "  y = Σ w·x + b: a weight gets ∂w = Σ ∂y·x, a bias ∂b = Σ ∂y, an input ∂x = Σ ∂y·w\n"
        "\n"
        f"conv1: {text} → 2x2x1\n"
        "  gradient of the output\n"
        "     1   0\n"
        "    −1   2\n"
        "  gradient of weight\n"
        "    3  3\n"
        "    0  6\n"
        "  gradient of bias\n"
        "    2\n"
        "\n"
        "input 3x3x1\n"
        "  gradient of the input\n"
        "     1   2   0\n"
        "     2   4   4\n"
        "    −3   2   8\n"
        "\n"
        "gradient of the input of conv1 at row 0, column 0, channel 0\n"
        "  1·1 = 1\n"
        "\n"
        "gradient of conv1.weight at filter 0, channel 0, row 0, column 0\n"
        "  1·1 + 0·2 + (−1)·0 + 2·1 = 3\n"
        "\n"
        "gradient of conv1.bias at 0\n"
        "  1 + 0 − 1 + 2 = 2\n"
    )


def test_a_place_of_the_input_may_lie_outside_of_the_output(cnncalc: Cnncalc) -> None:
    """The last value is under the last window alone; the kernel has no such place."""
    call = ["compute", "conv 2x2x1 kernel=[1 2; 3 4] bias=0", "--values", "1 2 0; 0 1 1; 2 1 3", "--at", "2,2"]
    assert cnncalc(*call, "--backward").out.endswith(
        "gradient of the input of conv1 at row 2, column 2, channel 0\n  1·4 = 4\n\n"
        "gradient of conv1.bias at 0\n  1 + 1 + 1 + 1 = 4\n"
    )


def test_the_weight_is_that_of_the_place(cnncalc: Cnncalc) -> None:
    """Of a fully connected layer that of the stretched value, of a normalisation that of the channel."""
    call = ["--values", "1 2 | 3 4", "--backward", "--at", "0,1,1"]
    assert "gradient of fc1.weight at 0, 3\n  1·4 = 4\n" in cnncalc("compute", "fc 2", *call).out
    assert "gradient of scale1.weight at 1, 0, 0\n  1·3 + 1·4 = 7\n" in cnncalc("compute", "scale", *call).out


def test_a_step_of_gradient_descent(cnncalc: Cnncalc) -> None:
    """½((4 − 3)²) = 1/2, and 4 − 1/10·(1 + 1 + 2·2) afterwards, which is 3.4."""
    tensors = ["--tensor", "fc1.weight=1 1", "--tensor", "fc1.bias=1"]
    out = cnncalc("compute", "fc 1", "--values", "1 2", "--target", "3", "--learning-rate", "0.1", *tensors).out
    assert out.partition("A step")[2] == (
        " of gradient descent: w ← w − α·∂w with α = 1/10\n"
        "  fc1.weight\n"
        "    before   gradient   after\n"
        "    1  1     1  2       9/10   4/5\n"
        "  fc1.bias\n"
        "    before   gradient   after\n"
        "    1        1          9/10\n"
        "\n"
        "output after the step\n"
        "  17/5\n"
        "squared error: 1/2 before, 2/25 after\n"
    )


def test_the_perceptrons_rule(cnncalc: Cnncalc) -> None:
    """A step function has a gradient of 0, so that descent would change nothing."""
    tensors = ["--tensor", "fc1.weight=1 -1 2", "--tensor", "fc1.bias=-3"]
    call = ["compute", "fc 1 - step", "--values", "1 1 1", "--target", "1", "--learning-rate", "1/2", *tensors]
    assert cnncalc(*call).out.partition("The perceptron")[2] == (
        "'s rule: w ← w + α·(d − y)·x with α = 1/2\n"
        "  fc1.weight\n"
        "    before       (d − y)·x   after\n"
        "     1  −1   2   1  1  1      3/2  −1/2   5/2\n"
        "  fc1.bias\n"
        "    before   (d − y)·x   after\n"
        "    −3       1           −5/2\n"
        "\n"
        "output after the step\n"
        "  1\n"
        "squared error: 1/2 before, 0 after\n"
    )


def test_a_layer_window_by_window(cnncalc: Cnncalc) -> None:
    """The window stands in brackets; the padding of a max pool is what no value is smaller than, as in PyTorch."""
    out = cnncalc("compute", "maxpool 2x1 s2 p1x0", "--values", "1; -2", "--steps").out
    assert out.partition("\n\npool1,")[2] == (
        " window 1 of 2: row 0, column 0, channel 0\n"
        "  [−∞]\n"
        "  [ 1]\n"
        "   −2\n"
        "   −∞\n"
        "  max(1) = 1\n"
        "\n"
        "pool1, window 2 of 2: row 1, column 0, channel 0\n"
        "   −∞\n"
        "    1\n"
        "  [−2]\n"
        "  [−∞]\n"
        "  max(−2) = −2\n"
    )


def test_the_window_is_inverted_where_there_are_colours() -> None:
    report = compute_report(shown_values(load("conv 1x2x1 nobias\n", input="1x2x1"), wished(values=[3, 4], steps=True)))
    assert "  \x1b[7m 3 \x1b[0m  \x1b[7m 4 \x1b[0m\n" in "".join(render(report, "table", Screen(80, colour=True)))
    assert "  [3]  [4]\n" in "".join(render(report, "table", Screen(80)))
    padded = compute_report(shown_values(load("maxpool 1x2 p0x1\n", input="1x2x1"), wished(values=[3, 4], steps=True)))
    assert "\x1b[7m −∞ \x1b[0m" in "".join(render(padded, "table", Screen(80, colour=True)))


def test_a_convolution_as_a_matrix_product(cnncalc: Cnncalc) -> None:
    """im2col: [K x F·F·D] · [F·F·D x positions]."""
    text = "conv 2x2x2 kernel=[1 0; 0 1 || 0 1; 1 0] bias=[0 5]"
    out = cnncalc("compute", text, "--values", "1 2 3; 4 5 6", "--im2col").out
    assert out.partition("as a matrix")[2] == (
        " product: [2 x 4] · [4 x 2]\n"
        "  filters, a row for each\n"
        "    1  0  0  1\n"
        "    0  1  1  0\n"
        "  windows, a column for each\n"
        "    1  2\n"
        "    2  3\n"
        "    4  5\n"
        "    5  6\n"
        "  product, without the biases\n"
        "    6  8\n"
        "    6  8\n"
    )


def test_the_way_back_stays_within_the_width() -> None:
    """The rules are broken between words, and the tensors of a step stand apart."""
    network = load("conv 3x3x2 p1 - relu - maxpool 2x2 - fc 2\n", input="4x4x1")
    report = compute_report(shown_values(network, wished(backward=True, rate=Fraction(1, 10))))
    assert report.draw is not None
    lines = "".join(report.draw(60)).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[lines.index("Gradients, from the last layer to the first; ∂y is that of") + 1] == "an output y."
    second = next(place for place, line in enumerate(lines) if line.startswith("    filter 1 before"))
    assert lines[second - 1] == ""
