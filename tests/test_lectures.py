"""Every number of the lectures, as arithmetic.

The exercises and tables are those of CS231n and its relatives; the receptive fields are those of Araujo,
Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.
"""

from __future__ import annotations

from math import floor
from pathlib import Path

import pytest

import cnncalc
from cnncalc import Network, SpecError
from cnncalc.analysis import receptive_fields
from cnncalc.layers import MatrixProduct

SPECS = Path(__file__).parent / "specs" / "valid"


def load(text: str, volume: str | None = None, rounding: str | None = None) -> Network:
    """Read a spec's text."""
    return cnncalc.load(text + "\n", input=volume, rounding=rounding)


def outputs(net: Network) -> list[str]:
    """Return the volumes behind the layers, as they are written."""
    return [str(node.output) for node in net]


def matrix_product(net: Network, index: int = 1) -> MatrixProduct | None:
    """Return the matrix product that a layer amounts to."""
    node = net.layers[index - 1]
    return node.layer.matrix_product(node.sources)


def field_sizes(net: Network, index: int = -1) -> list[int | None]:
    """Return the size of the receptive field behind a layer, per dimension."""
    return [field and field.size for field in receptive_fields(net)[index]]


# ---- output sizes


@pytest.mark.parametrize(("stride", "side"), [(1, (7 - 3) // 1 + 1), (2, (7 - 3) // 2 + 1)])
def test_a_3x3_filter_on_7x7(stride: int, side: int):
    """A 7x7 input under a 3x3 filter: 5x5 with stride 1, 3x3 with stride 2."""
    assert load(f"conv 3x3x1 s{stride}", "7x7x1").output == (side, side, 1)


def test_stride_3_does_not_fit():
    """With stride 3 the same filter does not fit: (7 − 3)/3 + 1 = 2.33, which is 2 1/3."""
    with pytest.raises(SpecError) as raised:
        load("conv 3x3x1 s3", "7x7x1")
    assert raised.value.code == "does-not-fit"
    assert raised.value.detail == "(7 − 3 + 2·0)/3 + 1 = 2 1/3"
    assert round((7 - 3) / 3 + 1, 2) == 2.33


def test_padding_of_1_keeps_7x7():
    """A 7x7 input, 3x3 filter, stride 1, padding 1: 7x7 again."""
    assert load("conv 3x3x1 s1 p1", "7x7x1").output == ((7 - 3 + 2 * 1) // 1 + 1, 7, 1)


def test_volumes_shrink_without_padding():
    """Repeated 5x5 filters shrink 32 to 28, 24, …: by 4 each time."""
    net = load("(conv 5x5x6)*4", "32x32x3")
    assert [node.output[0] for node in net] == [32 - 4 * n for n in (1, 2, 3, 4)] == [28, 24, 20, 16]


def test_ten_filters_5x5():
    """32x32x3 under ten 5x5 filters, stride 1, padding 2: 32x32x10 and 760 parameters."""
    net = load("conv 5x5x10 s1 p2", "32x32x3")
    assert net.output == ((32 + 2 * 2 - 5) // 1 + 1, 32, 10)
    assert net.params == (5 * 5 * 3 + 1) * 10 == 760


def test_six_filters_5x5():
    """32x32x3 under six 5x5 filters: six activation maps of 28x28."""
    assert load("conv 5x5x6", "32x32x3").output == (28, 28, 6)


def test_a_1x1_convolution():
    """32 filters 1x1 on 56x56x64: 56x56x32, and each filter is a 64-dimensional dot product."""
    net = load("conv 1x1x32", "56x56x64")
    assert net.output == (56, 56, 32)
    assert matrix_product(net) == MatrixProduct(rows=32, inner=64, columns=56 * 56)


@pytest.mark.parametrize(("side", "padding"), [(3, 1), (5, 2), (7, 3)])
def test_padding_that_keeps_the_size(side: int, padding: int):
    """With stride 1, padding (F − 1)/2 keeps the size, and so does `same`."""
    assert padding == (side - 1) // 2
    assert load(f"conv {side}x{side}x8 p{padding}", "32x32x3").output == (32, 32, 8)
    assert load(f"conv {side}x{side}x8 same", "32x32x3").output == (32, 32, 8)


def test_whatever_fits():
    """F=5, S=2 takes "whatever fits": on 31 any padding does, on 32 none that is the same on both sides."""
    for padding in range(5):
        assert load(f"conv 5x5x8 s2 p{padding}", "31x31x3").output[0] == (31 - 5 + 2 * padding) // 2 + 1
        with pytest.raises(SpecError) as raised:
            load(f"conv 5x5x8 s2 p{padding}", "32x32x3")
        assert raised.value.code == "does-not-fit"
    assert load("conv 5x5x8 s2 p1:2", "32x32x3").output[0] == (32 - 5 + 1 + 2) // 2 + 1


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [7, 8, 32, 227])
def test_floor_form(size: int, stride: int, padding: int):
    """⌊(n + 2p − f)/s + 1⌋ where rounding is `floor`."""
    net = load(f"conv 5x5x1 s{stride} p{padding} floor", f"{size}x{size}x1")
    assert net.output[0] == floor((size + 2 * padding - 5) / stride + 1)


def test_valid_and_same():
    """`valid` is no padding, `same` an output as large as the input."""
    assert load("conv 5x5x6 valid", "32x32x3").output == (32 - 5 + 1, 28, 6)
    assert load("conv 5x5x6 same", "32x32x3").output == (32, 32, 6)


def test_photo_is_height_by_width_by_colours():
    """A colour photo 39 high and 31 wide has shape (39, 31, 3)."""
    photo = load("input 39x31x3 - identity").input
    assert photo == (39, 31, 3)
    assert (photo.spatial, photo.channels) == ((39, 31), 3)


@pytest.mark.parametrize(
    ("layer", "side"),
    [
        ("conv 3x3x{K} s1 p1", 224),
        ("conv 5x5x{K} s1 p2", 224),
        ("conv 1x1x{K} s1 p0", 224),
        ("conv 5x5x{K} s2 p1:2", 224 // 2),
    ],
)
@pytest.mark.parametrize("filters", [32, 64, 128, 512])
def test_common_convolutions(layer: str, side: int, filters: int):
    """F=3,S=1,P=1; F=5,S=1,P=2; F=1,S=1,P=0 keep the size; K is a power of 2."""
    assert load(f"param k = {filters}\n" + layer, "224x224x3").output == (side, side, filters)


@pytest.mark.parametrize(("pool", "side"), [("pool 2x2 s2", (224 - 2) // 2 + 1), ("pool 3x3 s2 p0:1", 112)])
def test_common_pools(pool: str, side: int):
    """F=2,S=2 halves the size; F=3,S=2 does with a row of padding."""
    assert load(pool, "224x224x64").output == (side, side, 64)
    assert load("pool 3x3 s2", "55x55x96").output == ((55 - 3) // 2 + 1, 27, 96)


def test_max_pool():
    """Max pooling 2x2 with stride 2 makes 3x3x3 of 6x6x3 and learns nothing."""
    net = load("pool 2x2 s2", "6x6x3")
    assert (net.output, net.params, net.macs) == (((6 - 2) // 2 + 1, 3, 3), 0, 0)


# ---- multiplications and parameters


@pytest.mark.parametrize(
    ("layer", "volume", "macs"),
    [
        ("conv 3x3x1", "4x4x1", (2 * 2) * (3 * 3 * 1)),
        ("conv 3x3x1", "6x6x3", (4 * 4) * (3 * 3 * 3)),
        ("conv 3x3x2", "6x6x3", (4 * 4) * (3 * 3 * 3) * 2),
    ],
)
def test_multiplications(layer: str, volume: str, macs: int):
    """36 for a 2x2 output and a 3x3x1 filter; 432 and 864 for a 4x4 output and one or two 3x3x3 filters."""
    assert load(layer, volume).macs == macs
    assert macs in (36, 432, 864)


def test_inception_branch():
    """28x28x192 to 5x5x32 `same`: about 120 M multiplications; a 1x1x16 in front brings them to 12.4 M."""
    direct = load("conv 5x5x32 same", "28x28x192")
    assert direct.output == (28, 28, 32)
    assert direct.macs == (28 * 28 * 32) * (5 * 5 * 192) == 120_422_400
    reduced = load("conv 1x1x16 - conv 5x5x32 same", "28x28x192")
    assert reduced.output == direct.output
    assert reduced.macs == (28 * 28 * 16) * 192 + (28 * 28 * 32) * (5 * 5 * 16) == 12_443_648
    assert round(reduced.macs / 1e6, 1) == 12.4
    assert round(direct.macs / reduced.macs) == 10


@pytest.mark.parametrize("channels", [1, 16, 64, 512])
def test_three_small_layers_against_one_large(channels: int):
    """Three 3x3 layers see 7x7 as one 7x7 layer does, with 27C² against 49C² weights."""
    small = load("(conv 3x3x{C} p1 nobias)*3", f"32x32x{channels}")
    large = load("conv 7x7x{C} p3 nobias", f"32x32x{channels}")
    assert field_sizes(small) == field_sizes(large) == [7, 7]
    assert [field_sizes(small, layer)[0] for layer in (1, 2, 3)] == [3, 5, 7]
    assert small.weights == 3 * (3 * 3) * channels**2 == 27 * channels**2
    assert large.weights == (7 * 7) * channels**2 == 49 * channels**2


def test_inputs_of_an_image():
    """A 1024x1024x3 image is 3,145,728 inputs."""
    net = load("fc 1", "1024x1024x3")
    assert net.input.values == net.weights == 1024 * 1024 * 3 == 3_145_728


def test_fully_connected_stretches():
    """A fully connected layer on 32x32x3 works on the volume stretched to 3072 x 1."""
    net = load("fc 10", "32x32x3")
    assert matrix_product(net) == MatrixProduct(rows=10, inner=32 * 32 * 3, columns=1)
    assert load("flatten", "32x32x3").output == (1, 1, 3072)


@pytest.mark.parametrize(("filters", "side", "depth", "size"), [(96, 11, 3, 227), (10, 5, 3, 32), (64, 3, 64, 56)])
def test_im2col(filters: int, side: int, depth: int, size: int):
    """A convolution is the matrix product [K x F·F·D] · [F·F·D x W2·H2]."""
    net = load(f"conv {side}x{side}x{filters}", f"{size}x{size}x{depth}")
    width, height = size - side + 1, size - side + 1
    assert matrix_product(net) == MatrixProduct(filters, side * side * depth, width * height)
    assert net.macs == filters * (side * side * depth) * (width * height)


@pytest.mark.parametrize("groups", [1, 2, 4, 8, 32])
def test_grouped_convolution(groups: int):
    """With g groups each filter sees 1/g of the channels, so weights and multiplications are 1/g."""
    net = load(f"conv 3x3x64 p1 g{groups} nobias", "56x56x32")
    assert net.weights == 3 * 3 * (32 // groups) * 64
    assert net.macs == (56 * 56) * net.weights
    assert matrix_product(net) == MatrixProduct(64 // groups, 3 * 3 * 32 // groups, 56 * 56, groups)


@pytest.mark.parametrize(("channels", "filters"), [(32, 63), (33, 64)])
def test_groups_divide_the_channels_in_and_out(channels: int, filters: int):
    """Both the channels in and the channels out are divisible by g."""
    with pytest.raises(SpecError) as raised:
        load(f"conv 3x3x{filters} g2", f"8x8x{channels}")
    assert raised.value.code == "bad-groups"


def test_depthwise_is_grouped_by_every_channel():
    """With g = channels in, a convolution is depthwise."""
    grouped, depthwise = load("conv 3x3x32 p1 g32", "56x56x32"), load("dwconv 3x3 p1", "56x56x32")
    for net in (grouped, depthwise):
        assert (net.weights, net.biases) == (3 * 3 * 1 * 32, 32)
        assert net.macs == (56 * 56 * 32) * (3 * 3)
