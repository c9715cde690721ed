"""Normalisations learn a scale (a weight) and a shift (a bias) per channel, or nothing."""

from __future__ import annotations

import pytest

from tests.layers.helpers import hints, layer, told


@pytest.mark.parametrize("text", ["bn", "gn 4", "ln", "instancenorm affine", "bn eps=1e-3 momentum=0.01"])
def test_scale_and_shift_per_channel(text: str):
    """Two parameters per channel; they count as weights and biases, and multiply nothing."""
    node = layer(text, "8x8x32")
    assert (node.output, node.weights, node.biases, node.macs) == ((8, 8, 32), 32, 32, 0)


@pytest.mark.parametrize("text", ["bn noaffine", "gn 4 noaffine", "ln noaffine", "instancenorm", "lrn 5"])
def test_without_parameters(text: str):
    """`noaffine` learns nothing; an instance norm learns only with `affine`, as in PyTorch."""
    assert layer(text, "8x8x32").params == 0


def test_groups_divide_the_channels():
    """`gn 5` on 32 channels is refused, with groups that would do."""
    assert told("gn 5", "8x8x32") == ("bad-groups", "5 groups do not divide 32 channels")
    assert hints("gn 5", "8x8x32") == "fits with: groups 2, 4, 8"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("gn", "missing-size"),
        ("gn 2x2", "bad-size"),
        ("lrn", "missing-size"),
        ("lrn 5x5", "bad-size"),
        ("bn eps=-1", "out-of-range"),
        ("bn momentum=2", "out-of-range"),
        ("bn eps=small", "bad-number"),
        ("bn 32", "unknown-option"),
    ],
)
def test_faults(text: str, code: str):
    """Each kind of fault has its code."""
    assert told(text, "8x8x32")[0] == code


def test_norms_without_a_mean_learn_scales():
    """A scale per channel; a `grn` also a shift."""
    assert [layer(text, "8x8x32").params for text in ("rmsnorm", "l2norm", "grn", "ln noshift")] == [32, 0, 64, 32]
    assert layer("rmsnorm noaffine", "8x8x32").params == 0


@pytest.mark.parametrize(
    ("text", "weights", "biases"),
    [
        ("bn noscale", 0, 32),
        ("bn noshift eps=0.001", 32, 0),
        ("bn noscale noshift", 0, 0),
        ("bn fixed noscale", 0, 0),
    ],
)
def test_a_batch_norm_with_shifts_or_scales_alone(text: str, weights: int, biases: int):
    """Keras: BatchNormalization(scale=False) learns as many numbers as there are channels."""
    node = layer(text, "8x8x32")
    assert (node.weights, node.biases, node.params) == (weights, biases, weights + biases)


@pytest.mark.parametrize("word", ["noscale", "noshift"])
def test_a_batch_norm_without_both_is_not_without_one(word: str):
    assert told(f"bn noaffine {word}", "8x8x32") == ("bad-option", f"bn cannot be both `noaffine` and `{word}`")
    assert hints(f"bn {word} noaffine", "8x8x32") == (
        "`noaffine` leaves out the scales and the shifts; leave out one of the two words"
    )


def test_what_a_norm_leaves_out_is_said_once():
    """`noaffine` leaves out the scale and the shift, `noshift` the shift alone."""
    assert told("ln noaffine noshift", "8x8x32") == ("bad-option", "ln cannot be both `noaffine` and `noshift`")
    assert told("l2norm eps=0", "8x8x32") == ("out-of-range", "eps is larger than 0, not 0")
