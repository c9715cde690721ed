"""Layers that work on the channels."""

from __future__ import annotations

import pytest

from tests.layers.helpers import layer, load, told


def test_slice_takes_a_range_of_channels():
    """From the first number up to, but without, the second."""
    assert load("slice 0:{C/2}", "8x8x24").output == (8, 8, 12)
    assert load("slice 5:6", "8x8x24").output == (8, 8, 1)


def test_two_slices_and_a_concat_are_the_whole():
    """ShuffleNet's split: what is taken apart is put together again."""
    assert load("concat( slice 0:{C/2} | slice {C/2}:{C} ) - shuffle 2", "8x8x24").output == (8, 8, 24)


def test_shuffle_costs_nothing():
    """It only mixes the channels."""
    node = layer("shuffle 3", "8x8x24")
    assert (node.output, node.params, node.macs) == ((8, 8, 24), 0, 0)


def test_scale_learns_a_factor_per_channel():
    """ConvNeXt's layer scale: a weight per channel, no bias."""
    node = layer("scale 1e-6", "8x8x96")
    assert (node.weights, node.biases) == (96, 0)


def test_scale_one_learns_a_single_number():
    """ReZero: one number for the whole branch, which starts at 0."""
    node = layer("scale 0 one", "8x8x96")
    assert (node.weights, node.biases, node.written) == (1, 0, "scale 0 one")


def test_constants_keep_the_volume_and_learn_nothing():
    """Inception-ResNet scales its residuals by 0.1."""
    node = layer("times 0.1", "8x8x24")
    assert (node.output, node.params, node.macs) == ((8, 8, 24), 0, 0)
    assert load("plus -3 - times -1e-3", "8x8x24").output == (8, 8, 24)


@pytest.mark.parametrize("word", ["channelmean", "channelmax", "channelsum"])
def test_one_value_of_all_channels(word: str):
    """CBAM's spatial attention: the mean and the largest of the channels at each position."""
    node = layer(word, "8x8x24")
    assert (node.output, node.params, node.macs) == ((8, 8, 1), 0, 0)
    assert layer(word, "10").output == (1, 1, 1)


@pytest.mark.parametrize("word", ["groupsum", "groupmax", "maxout"])
def test_one_value_of_several_channels(word: str):
    """Split attention, max feature maps: as many channels as a part has."""
    node = layer(f"{word} 3", "8x8x24")
    assert (node.output, node.params, node.macs) == ((8, 8, 8), 0, 0)
    assert told(f"{word} 5", "8x8x24") == ("bad-groups", "5 groups do not divide 24 channels")


def test_glu_halves_the_channels():
    """What gates is the second half."""
    assert layer("glu", "8x8x24").output == (8, 8, 12)
    assert told("glu", "8x8x3") == ("bad-groups", "glu halves the channels, and 3 are not an even number")


def test_channels_of_zeros_and_every_second_channel():
    """ResNet's option A: half of the new channels in front, half behind."""
    assert load("maxpool 1x1 s2 floor - padchannels 8", "8x8x16").output == (4, 4, 32)
    assert load("padchannels 0:16", "8x8x16").output == (8, 8, 32)
    assert load("slice 1:16:2", "8x8x16").output == (8, 8, 8)
    assert load("slice 0:5:2", "8x8x16").output == (8, 8, 3)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("padchannels", "missing-size"),
        ("slice 0:4:0", "out-of-range"),
        ("times", "missing-size"),
        ("plus x", "missing-size"),
        ("times 1e13", "out-of-range"),
        ("slice", "missing-size"),
        ("slice 4", "missing-size"),
        ("slice 4:4", "out-of-range"),
        ("slice 0:25", "out-of-range"),
        ("shuffle", "missing-size"),
        ("shuffle 2x2", "bad-size"),
        ("shuffle 5", "bad-groups"),
    ],
)
def test_faults(text: str, code: str):
    """Each kind of fault has its code."""
    assert told(text, "8x8x24")[0] == code


def test_messages():
    """Say what there is and what was asked for."""
    assert told("slice 0:25", "8x8x24")[1] == "there are no channels 0:25 in 24 channels"
    assert told("times", "8x8x24")[1] == "times needs its number"
    assert told("shuffle 5", "8x8x24")[1] == "5 groups do not divide 24 channels"
