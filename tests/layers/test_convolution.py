"""Convolutions: what they make, what they cost, and what is refused."""

from __future__ import annotations

import pytest

from cnncalc.analysis import receptive_fields
from cnncalc.layers import MatrixProduct
from tests.layers.helpers import fault, hints, layer, load, marked, told


def test_counts_are_products_of_the_factors_shown():
    """The factors of weights and multiplications are the arithmetic of the lecture."""
    node = layer("conv 5x5x10 p2", "32x32x3")
    assert node.layer.weight_factors(node.sources) == (5, 5, 3, 10)
    assert node.layer.mac_factors(node.sources) == (32, 32, 10, 5, 5, 3)
    assert (node.weights, node.biases, node.macs) == (5 * 5 * 3 * 10, 10, 32 * 32 * 10 * 5 * 5 * 3)


def test_options_come_in_any_order_and_either_spelling():
    """`s2 p1` is `pad=1 stride=2`, and case does not matter."""
    for text in ("conv 3x3x8 s2 p1", "conv 3x3x8 pad=1 stride=2", "CONV 3X3X8 padding=1x1 S2x2", "conv 3x3x8 p1:1 s2"):
        assert load(text, "9x9x3").output == ((9 - 3 + 2) // 2 + 1, 5, 8)


def test_padding_before_and_after():
    """`p0:1` pads only after: 8 + 1 − 3 = 6 steps of 2 make 4 outputs."""
    assert load("conv 3x3x8 s2 p0:1", "8x8x3").output == ((8 - 3 + 1) // 2 + 1, 4, 8)
    assert load("conv 3x3x8 s2x1 p0:1x1:1", "8x8x3").output == (4, 8, 8)


def test_same_puts_the_extra_value_after():
    """As TensorFlow does: a window of 4 needs 3 values of padding, one before and two after."""
    (field,) = receptive_fields(load("conv 4x1 same", "8x1"))[-1]
    assert field is not None
    assert field.at(0) == (0 - 1, 0 + 2)


def test_shorthand_of_vgg_keeps_the_size():
    """`conv3-64` is 3x3, stride 1, padding 1; an even kernel is padded once more after than before."""
    assert load("conv3-64", "224x224x3").output == (224, 224, 64)
    assert load("conv4-64", "224x224x3").output == (224, 224, 64)
    assert load("conv1-256 s2 floor", "56x56x64").output == (28, 28, 256)


@pytest.mark.parametrize("volume", ["16000x1", "16x16x1", "8x8x8x1"])
def test_shorthand_in_any_number_of_dimensions(volume: str):
    """The shorthand's kernel has as many sizes as the input."""
    net = load("conv3-4", volume)
    assert net.weights == 3**net.input.dimensions * 4


def test_depthwise_has_a_filter_per_channel():
    """`dwconv 3x3` on 32 channels: 32 filters of 3x3x1; `{2*C}` makes two of each channel."""
    node = layer("dwconv 3x3 p1", "8x8x32")
    assert (node.weights, node.biases, node.macs) == (3 * 3 * 32, 32, 8 * 8 * 32 * 3 * 3)
    assert layer("dwconv 3x3x{2*C} p1", "8x8x32").output == (8, 8, 64)


def test_transposed_convolution_undoes_the_size_of_a_convolution():
    """With the same numbers a deconv makes the input's size again; output padding says which of several."""
    for size, extra in ((8, 1), (7, 0)):
        net = load(f"conv 3x3x4 s2 p1 floor - deconv 3x3x1 s2 p1 op{extra}", f"{size}x{size}x1")
        assert net.layers[0].output == (4, 4, 4)
        assert net.output == ((4 - 1) * 2 - 2 + 3 + extra, size, 1)


def test_transposed_convolution_multiplies_each_input_by_each_weight():
    """Its multiplications go by its input: values in x kernel x filters."""
    node = layer("deconv 3x3x8 s2", "5x5x4")
    assert node.macs == (5 * 5 * 4) * (3 * 3 * 8)
    assert node.layer.matrix_product(node.sources) == MatrixProduct(3 * 3 * 8, 4, 5 * 5)


def test_floor_tells_what_is_never_read():
    """A 2x2 window with stride 3 on 7x7 stops at the fifth value: 2 of each dimension are dropped."""
    node = layer("conv 2x2x1 s3 floor", "7x7x1")
    assert node.output == (2, 2, 1)
    assert node.dropped == (7 - (3 + 2), 2)


def test_ceil_makes_one_more():
    """With `ceil` the last window may reach over the end."""
    assert load("conv 3x3x1 s2 ceil", "8x8x1").output == (-(-(8 - 3) // 2) + 1, 4, 1)


def test_ceil_changes_nothing_where_the_window_fits():
    """FCN pads by 100: whole windows lie in the padding, and (20 − 3 + 2·10)/1 + 1 = 38 stays 38."""
    for size, padding, stride in ((20, 10, 1), (500, 100, 1), (9, 5, 2)):
        exact = (size - 3 + 2 * padding) // stride + 1
        assert (size - 3 + 2 * padding) % stride == 0
        assert load(f"conv 3x3x8 s{stride} p{padding} ceil", f"{size}x{size}x3").output == (exact, exact, 8)


# ---- what is refused


def test_does_not_fit_shows_the_sum_and_what_would_fit():
    """The error of the lecture's 7x7, 3x3, stride 3."""
    error = fault("conv 3x3x16 s3", "7x7x1")
    assert (error.code, error.message) == ("does-not-fit", "a 3x3 window with stride 3 does not fit a 7x7 input")
    assert error.detail == "(7 − 3 + 2·0)/3 + 1 = 2 1/3"
    assert error.hints == (
        "fits with: stride 1 → 5x5, stride 2 → 3x3, padding 1 → 3x3, kernel 4x4 → 2x2, input 6x6 or 9x9",
        "or write `floor`, as PyTorch does → 2x2 (the last row and column are never read)",
    )
    assert marked("conv 3x3x16 s3", "7x7x1") == "s3"


def test_one_dimension_that_does_not_fit_is_named():
    """Where only the width does not fit, the sum says so."""
    assert fault("conv 3x3x1 s2", "7x8x1").detail == "width: (8 − 3 + 2·0)/2 + 1 = 3 1/2"


def test_window_larger_than_its_input():
    """Is refused in every mode; with padding, the padded input counts."""
    for mode in ("strict", "floor", "ceil"):
        assert told(f"conv 7x7x4 {mode}", "5x5x3") == ("too-large", "a 7x7 window is larger than the 5x5 input")
    assert told("conv 9x9x4 p1", "5x5x3")[1] == "a 9x9 window is larger than the 7x7 padded input"
    assert told("conv 3x3x4 d3", "5x5x3")[1] == "a 3x3 window (dilated to 7x7) is larger than the 5x5 input"


def test_groups_divide_channels_and_filters():
    """The error names which of both they do not divide, and groups that would do."""
    assert told("conv 3x3x8 g4", "8x8x6") == ("bad-groups", "4 groups do not divide 6 input channels")
    assert told("conv 3x3x7 g2", "8x8x6") == ("bad-groups", "2 groups do not divide 7 filters")
    assert marked("conv 3x3x8 g4", "8x8x6") == "g4"
    assert "groups 1, 2" in hints("conv 3x3x8 g4", "8x8x6")
    assert told("dwconv 3x3x8", "8x8x6")[1] == "a depthwise convolution of 6 channels cannot have 8 filters"
    assert hints("dwconv 3x3x8", "8x8x6") == "fits with: filters 6 or 12"


def test_kernel_has_a_size_per_dimension():
    """A 2-D kernel on a 1-D signal is refused with an example that fits the input."""
    code, message = told("conv 3x3x16", "16000x1")
    assert (code, message) == ("bad-size", "conv takes a kernel of 1 size and the filters, not `3x3x16`")
    assert "conv 3x64" in hints("conv 3x3x16", "16000x1")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("conv", "missing-size"),
        ("conv 3x3x0", "out-of-range"),
        ("conv 3x3x8 s0", "out-of-range"),
        ("conv 3x3x8 s2 stride=2", "bad-option"),
        ("conv 3x3x8 same valid", "bad-option"),
        ("conv 3x3x8 same p1", "bad-option"),
        ("conv 3x3x8 s2x2x2", "bad-size"),
        ("conv 3x3x8 nobais", "unknown-option"),
        ("deconv 2x2x8 p0:1", "bad-option"),
        ("deconv 2x2x8 s2 op2", "bad-option"),
        ("deconv 2x2x8 p9", "too-large"),
        ("deconv 2x2x8 g3", "bad-groups"),
    ],
)
def test_faults(text: str, code: str):
    """Each kind of fault has its code."""
    assert told(text, "8x8x4")[0] == code


def test_an_option_that_is_nearly_right_is_guessed():
    """`nobais` was meant to be `nobias`."""
    assert hints("conv 3x3x8 nobais", "8x8x4").startswith("did you mean `nobias`?")


def test_local_weights_are_not_shared():
    """AlexNet without parameter sharing (CS231n): 290,400 outputs with 11·11·3 weights and a bias each."""
    node = layer("local 11x11x96 s4", "227x227x3")
    assert node.params == 55 * 55 * 96 * (11 * 11 * 3 + 1) == 105_705_600
    assert node.macs == layer("conv 11x11x96 s4", "227x227x3").macs
    assert told("local 3x3x8 d2", "9x9x3") == ("bad-option", "local has no dilation")
