"""Fully connected layers and `flatten`."""

from __future__ import annotations

import pytest

from tests.layers.helpers import hints, layer, load, told


@pytest.mark.parametrize("text", ["fc 10", "fc-10", "FC-10", "flatten - fc 10"])
def test_fully_connected_flattens_by_itself(text: str):
    """7x7x512 to 10: a weight for every value and output, and a bias for every output."""
    net = load(text, "7x7x512")
    assert (net.output, net.weights, net.biases, net.macs) == ((1, 1, 10), 7 * 7 * 512 * 10, 10, 7 * 7 * 512 * 10)


def test_without_a_bias():
    """`nobias` leaves the weights."""
    node = layer("fc 10 nobias", "1x1x64")
    assert (node.weights, node.biases) == (64 * 10, 0)


def test_a_vector_keeps_its_dimensions():
    """A flattened volume is 1x1xN, of a 1-D signal 1xN: so that convolutions may follow."""
    assert load("flatten", "4x5x6").output == (1, 1, 4 * 5 * 6)
    assert load("flatten", "20x6").output == (1, 20 * 6)
    assert load("fc 16 - conv 1x1x4", "4x5x6").output == (1, 1, 4)


def test_an_input_of_one_number_is_a_vector():
    """`input 784` is 1x1x784."""
    assert load("fc 10", "784").params == (784 + 1) * 10


def test_faults():
    """The number of outputs is one number, and it is needed."""
    assert told("fc", "4x4x4") == ("missing-size", "fc needs its size")
    assert told("fc 10x10", "4x4x4") == ("bad-size", "fc takes one number of outputs, not `10x10`")
    assert hints("fc 7x7x512", "4x4x4") == "it flattens its input; write `fc 512`"
    assert told("fc 0", "4x4x4") == ("out-of-range", "size is at least 1, not 0")
    assert told("flatten 10", "4x4x4")[0] == "unknown-option"
