"""Pools: windows, global and adaptive."""

from __future__ import annotations

import pytest
import torch

import cnncalc
from tests.layers.helpers import hints, layer, load, told


def test_stride_is_the_window_unless_it_is_written():
    """`pool 2x2` halves; `pool2`, `pool 2` and `maxpool 2x2 s2` are the same."""
    for text in ("pool 2x2", "pool2", "pool 2", "maxpool 2x2 s2", "POOL2"):
        assert load(text, "6x6x3").output == (3, 3, 3)
    assert load("pool 3x3 s2", "7x7x3").output == ((7 - 3) // 2 + 1, 3, 3)


@pytest.mark.parametrize("word", ["pool", "maxpool", "avgpool", "minpool", "lppool"])
def test_pools_keep_the_channels_and_learn_nothing(word: str):
    """No parameters, and no multiplications in the sense of this package."""
    node = layer(f"{word} 2x2", "6x6x3")
    assert (node.output, node.params, node.macs) == ((3, 3, 3), 0, 0)


def test_last_window_in_the_padding_is_dropped():
    """With `ceil`, 5 values under 2 s3 p1: ⌈(5 − 2 + 2)/3⌉ + 1 = 3, but the third would start at 6, in the padding."""
    assert load("pool 2 s3 p1 ceil", "5x1").output == (2, 1)


def test_global_pools_make_one_position():
    """`gap` and `gmp` make 1x1xC of any volume."""
    for word in ("gap", "gmp"):
        assert load(word, "7x7x512").output == (1, 1, 512)
        assert load(word, "16000x8").output == (1, 8)


def test_adaptive_pools_make_the_size_that_is_asked_for():
    """One number for all dimensions, or one for each; also larger than the input."""
    assert load("adaptiveavgpool 7x7", "13x9x8").output == (7, 7, 8)
    assert load("adaptivemaxpool 4", "13x9x8").output == (4, 4, 8)
    assert load("adaptiveavgpool 6x6", "3x3x8").output == (6, 6, 8)


def test_padding_is_at_most_half_the_kernel():
    """As in PyTorch, whose pools refuse more; dilation does not change that."""
    assert told("pool 2x2 p2", "8x8x1") == (
        "bad-option",
        "the padding of a pool is at most half its kernel: 1, not 2",
    )
    assert told("pool 3x3 s1 p2 d2", "9x9x1")[0] == "bad-option"
    assert load("pool 3x3 s1 d2 same", "9x9x1").output == (9, 9, 1)


@pytest.mark.parametrize("word", ["avgpool", "lppool"])
def test_only_maxima_and_minima_are_dilated(word: str):
    """PyTorch has no dilation for the others."""
    assert told(f"{word} 2x2 d2", "9x9x1") == ("bad-option", f"{word} has no dilation")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pool", "missing-size"),
        ("pool 3x3 s2", "does-not-fit"),
        ("pool 9x9", "too-large"),
        ("pool 2x2x2", "bad-size"),
        ("pool 2x2 same p1", "bad-option"),
        ("lppool 2x2 norm=0", "out-of-range"),
        ("adaptiveavgpool", "missing-size"),
        ("adaptiveavgpool 0", "out-of-range"),
        ("gap 7x7", "unknown-option"),
    ],
)
def test_faults(text: str, code: str):
    """Each kind of fault has its code."""
    assert told(text, "8x8x4")[0] == code


def test_missing_size_says_how_to_write_it():
    """The hint is an example."""
    assert "`pool 2x2`" in hints("pool", "8x8x4")


@pytest.mark.parametrize("options", ["s2 same nopad", "s2 p0:1 ceil nopad", "s3 p1:0 ceil", "s2 p0:1 floor nopad"])
def test_a_mean_over_what_counts(options: str):
    """Window by window: zeros on one side count, or do not; what `ceil` adds behind them never does."""
    network = load(f"avgpool 3 {options}", "8x1")
    (pool,) = network
    (window,), counts = pool.layer.windows, "nopad" not in options
    signal = torch.rand(8, dtype=torch.float64)
    made = cnncalc.build(network).double()(signal[None, None])[0, 0]
    for place, mean in enumerate(made):
        start = place * window.stride - window.before
        inside = [signal[at] for at in range(start, start + 3) if 0 <= at < 8]
        padded = [at for at in range(start, start + 3) if -window.before <= at < 8 + window.after]
        torch.testing.assert_close(mean, sum(inside) / (len(padded) if counts else len(inside)))
