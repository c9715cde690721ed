"""Activations change no volume and, but for a learned slope, learn nothing."""

from __future__ import annotations

import pytest

from cnncalc.layers import find, words
from cnncalc.layers.activation import Activation
from tests.layers.helpers import layer, load, told


@pytest.mark.parametrize("word", [word for word in words() if (find(word) or [None])[0] is Activation])
def test_activations_keep_the_volume(word: str):
    """Each value goes through a function by itself."""
    node = layer(word, "8x8x4")
    assert (node.output, node.params, node.macs) == ((8, 8, 4), 0, 0)


def test_prelu_learns_one_slope_or_one_per_channel():
    """As PyTorch's: one slope for all channels unless `perchannel` is written."""
    assert layer("prelu", "8x8x4").params == 1
    assert layer("prelu 0.1 perchannel", "8x8x4").params == 4


def test_a_slope_may_follow():
    """`leakyrelu 0.2`, `elu 0.5`; a ReLU has no number."""
    assert load("leakyrelu 0.2 - elu 0.5 - celu 2 - softplus 3", "8x8x4").params == 0
    assert told("relu 0.2", "8x8x4")[0] == "unknown-option"
    assert told("celu 0", "8x8x4") == ("out-of-range", "the number of a celu is not 0")


def test_softmax_across_parts_and_over_positions():
    """The volume stays; parts divide the channels."""
    assert load("softmax groups=2 - softmax over=positions", "8x8x24").output == (8, 8, 24)
    assert told("softmax groups=5", "8x8x24") == ("bad-groups", "5 groups do not divide 24 channels")
    assert told("softmax groups=2 over=positions", "8x8x24") == (
        "bad-option",
        "softmax goes over positions or across groups, not both",
    )
    assert told("softmax over=rows", "8x8x24") == (
        "bad-option",
        "softmax goes over channels or positions, not `rows`",
    )
