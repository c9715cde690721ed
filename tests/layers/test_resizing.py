"""Padding, cropping and enlarging."""

from __future__ import annotations

import pytest

from tests.layers.helpers import hints, layer, load, told


def test_pad_and_crop_undo_each_other():
    """One number for all sides, one per dimension, or before:after."""
    for sides in ("1", "1x2", "0:1x0:1", "3:0"):
        assert load(f"pad {sides} - crop {sides}", "8x9x4").output == (8, 9, 4)
    assert load("pad 0:1x2", "8x9x4").output == (8 + 0 + 1, 9 + 2 + 2, 4)
    assert load("crop 1", "8x9x4").output == (8 - 2, 9 - 2, 4)


def test_padding_before_a_valid_convolution_is_padding_within():
    """`pad 1 - conv 3x3` sees and makes what `conv 3x3 p1` does."""
    assert load("pad 1 - conv 3x3x4", "8x8x1").output == load("conv 3x3x4 p1", "8x8x1").output


def test_values_that_are_cropped_are_never_read():
    """A crop says how much of each dimension it drops."""
    assert layer("crop 1x0:2", "8x8x1").dropped == (1 + 1, 0 + 2)


def test_upsample_multiplies_the_size():
    """`x2` and a bare 2 are the same; each dimension may have a factor of its own."""
    assert load("upsample x2", "8x9x4").output == (16, 18, 4)
    assert load("upsample 2 bilinear", "8x9x4").output == (16, 18, 4)
    assert load("upsample x2x3 nearest", "8x9x4").output == (16, 27, 4)


@pytest.mark.parametrize(
    ("factor", "size", "sums"),
    [
        ("1.15", 100, "⌊100·1.1499999999999999⌋"),
        ("0.29", 100, "⌊100·0.28999999999999998⌋"),
        ("1.3333333333333333", 6, "⌊6·4/3⌋"),
        ("1.6666666666666667", 7, "⌊7·1.666666667⌋"),
        ("2.3", 50, "⌊50·2.2999999999999998⌋"),
        ("1.5", 5, "⌊5·1.5⌋"),
        ("2.0", 5, "5·2"),
    ],
)
def test_factors_with_decimals_make_the_sizes_of_pytorch(factor: str, size: int, sums: str):
    """PyTorch multiplies in double precision: 100·1.15 is 114.99999999999999 there, and 6·1.3333333333333333 is 8."""
    import torch

    made = torch.nn.functional.interpolate(torch.zeros(1, 1, size), scale_factor=float(factor))
    upsample = load(f"upsample x{factor}", f"{size}x1").layers[0]
    assert upsample.output == (made.shape[2], 1)
    assert upsample.layer.size_sums(upsample.sources) == (sums,)


def test_pixelshuffle_makes_positions_of_channels():
    """r·r channels become r x r positions: the same values in another shape."""
    net = load("pixelshuffle 3", "8x8x18")
    assert net.output == (8 * 3, 8 * 3, 18 // 3**2)
    assert net.output.values == net.input.values


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pad", "missing-size"),
        ("pad 1x1x1", "bad-size"),
        ("pad 8 reflect", "out-of-range"),
        ("pad 1 reflect replicate", "bad-option"),
        ("pad 1 mirror", "unknown-option"),
        ("crop 4", "too-large"),
        ("upsample", "missing-size"),
        ("upsample x0", "out-of-range"),
        ("upsample x2 linear", "bad-option"),
        ("upsample x2 trilinear", "bad-option"),
        ("pixelshuffle 2x2", "bad-size"),
        ("pixelshuffle 3", "bad-groups"),
    ],
)
def test_faults(text: str, code: str):
    """Each kind of fault has its code."""
    assert told(text, "8x8x4")[0] == code


def test_faults_say_what_would_do():
    """The kind of blending goes by the dimensions, the channels by the factor."""
    assert hints("upsample x2 linear", "8x8x4") == "write `bilinear`"
    assert hints("pixelshuffle 3", "8x8x10") == "fits with: 18 channels"
    assert told("pixelshuffle 2", "64x4")[1] == "pixelshuffle works in 2 spatial dimensions; the input 64x4 has 1"
    assert told("crop 4", "8x9x4")[1] == "nothing is left after this crop: the height 8 is too small"


def test_space_to_depth_is_the_inverse_of_pixelshuffle():
    """YOLOv2's passthrough: 26x26x64 to 13x13x256."""
    assert layer("pixelunshuffle 2", "26x26x64").output == (13, 13, 256)
    assert load("pixelunshuffle 2 - pixelshuffle 2", "26x26x64").output == (26, 26, 64)
    assert told("pixelunshuffle 2", "8x7x3") == ("bad-size", "pixelunshuffle 2 needs a width that 2 divides, not 7")
    assert hints("pixelunshuffle 2", "8x7x3") == "fits with: a width of 6 or 8"


def test_reshape_keeps_the_values():
    """How DCGAN's generator begins: 100 numbers to 4x4x1024."""
    assert load("fc 16384 - reshape 4x4x1024", "100").output == (4, 4, 1024)
    assert told("reshape 4x4x1000", "4x4x1024") == (
        "bad-size",
        "4x4x1000 has 16,000 values, and the input 4x4x1024 has 16,384",
    )
    assert hints("reshape 2x2x1000", "4x4x1024") == "with 4,096 channels it fits: `reshape 2x2x4096`"
    assert told("reshape 16384", "4x4x1024") == (
        "bad-size",
        "reshape takes 3 sizes here, as its input 4x4x1024 has, not 16384",
    )


def test_what_goes_round_is_at_most_the_volume():
    """The last column stands in front of the first."""
    assert load("pad 3 circular", "3x5x2").output == (9, 11, 2)
    assert told("pad 4 circular", "3x5x2") == ("out-of-range", "a circular padding is at most the height 3, not 4")


def test_a_bare_size_of_several_numbers_is_a_size():
    """A single number stays a factor, as `x2x2` are."""
    assert load("upsample 25x30", "8x8x3").output == (25, 30, 3)
    assert load("upsample 2", "8x8x3").output == load("upsample x2x2", "8x8x3").output == (16, 16, 3)
    assert load("upsample x1.5", "5x5x3").output == (7, 7, 3)
    assert load("upsample size=25", "8x3").output == (25, 3)
    assert load("a: conv 3x3x4 - pool2 - upsample @a bilinear", "10x10x3").output == (8, 8, 4)


def test_a_size_below_what_arrives_is_said():
    """It used to be a factor."""
    assert told("upsample 2x2", "8x8x3") == ("bad-size", "2x2 is smaller than its input 8x8")
    assert hints("upsample 2x2", "8x8x3") == (
        "write `upsample x2x2` for factors; write `shrink` after it to make it smaller"
    )
    assert load("upsample 2x2 shrink", "8x8x3").output == (2, 2, 3)


def test_blending_has_its_words():
    """Corners are for values that are blended, `bicubic` for images."""
    assert told("upsample x2 aligncorners", "8x8x3") == (
        "bad-option",
        "`aligncorners` is for values that are blended",
    )
    assert told("upsample x2 bicubic", "8x3") == ("bad-option", "`bicubic` is not for 1 spatial dimension")
    assert told("upsample x0.1", "8x8x3") == ("too-large", "nothing is left of 8x8x3 with this factor")
    assert told("upsample x2 16x16", "8x8x3") == ("bad-option", "upsample takes one size or one factor")
