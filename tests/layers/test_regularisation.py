"""Dropout in its kinds."""

from __future__ import annotations

import pytest

from tests.layers.helpers import layer, load, told


@pytest.mark.parametrize("word", ["dropout", "dropout2d", "droppath"])
def test_dropout_changes_no_number(word: str):
    """The volume stays, nothing is learned, nothing multiplied; a rate may follow."""
    node = layer(f"{word} 0.2", "8x8x4")
    assert (node.output, node.params, node.macs) == ((8, 8, 4), 0, 0)
    assert load(word, "8x8x4").output == (8, 8, 4)


def test_a_rate_lies_between_0_and_1():
    """A percentage is no rate."""
    assert told("dropout 50", "8x8x4") == ("out-of-range", "the rate of dropout lies between 0 and 1, not 50")
