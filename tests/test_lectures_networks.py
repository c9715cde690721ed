"""The networks whose numbers the lectures give, row by row."""

from __future__ import annotations

import pytest
import torchvision

import cnncalc
from cnncalc import SpecError
from tests.test_lectures import SPECS, field_sizes, load

# ---- VGG-16

VGG16 = """
input 224x224x3
conv3-64 - relu - conv3-64 - relu - pool2
conv3-128 - relu - conv3-128 - relu - pool2
conv3-256 - relu - conv3-256 - relu - conv3-256 - relu - pool2
conv3-512 - relu - conv3-512 - relu - conv3-512 - relu - pool2
conv3-512 - relu - conv3-512 - relu - conv3-512 - relu - pool2
fc-4096 - relu - fc-4096 - relu - fc-1000 - softmax
"""

VGG16_TABLE = """
INPUT: [224x224x3]        memory:  224*224*3=150K     params: 0
CONV3-64: [224x224x64]    memory:  224*224*64=3.2M    params: (3*3*3)*64 = 1,728
CONV3-64: [224x224x64]    memory:  224*224*64=3.2M    params: (3*3*64)*64 = 36,864
POOL2: [112x112x64]       memory:  112*112*64=800K    params: 0
CONV3-128: [112x112x128]  memory:  112*112*128=1.6M   params: (3*3*64)*128 = 73,728
CONV3-128: [112x112x128]  memory:  112*112*128=1.6M   params: (3*3*128)*128 = 147,456
POOL2: [56x56x128]        memory:  56*56*128=400K     params: 0
CONV3-256: [56x56x256]    memory:  56*56*256=800K     params: (3*3*128)*256 = 294,912
CONV3-256: [56x56x256]    memory:  56*56*256=800K     params: (3*3*256)*256 = 589,824
CONV3-256: [56x56x256]    memory:  56*56*256=800K     params: (3*3*256)*256 = 589,824
POOL2: [28x28x256]        memory:  28*28*256=200K     params: 0
CONV3-512: [28x28x512]    memory:  28*28*512=400K     params: (3*3*256)*512 = 1,179,648
CONV3-512: [28x28x512]    memory:  28*28*512=400K     params: (3*3*512)*512 = 2,359,296
CONV3-512: [28x28x512]    memory:  28*28*512=400K     params: (3*3*512)*512 = 2,359,296
POOL2: [14x14x512]        memory:  14*14*512=100K     params: 0
CONV3-512: [14x14x512]    memory:  14*14*512=100K     params: (3*3*512)*512 = 2,359,296
CONV3-512: [14x14x512]    memory:  14*14*512=100K     params: (3*3*512)*512 = 2,359,296
CONV3-512: [14x14x512]    memory:  14*14*512=100K     params: (3*3*512)*512 = 2,359,296
POOL2: [7x7x512]          memory:  7*7*512=25K        params: 0
FC: [1x1x4096]            memory:  4096               params: 7*7*512*4096 = 102,760,448
FC: [1x1x4096]            memory:  4096               params: 4096*4096 = 16,777,216
FC: [1x1x1000]            memory:  1000               params: 4096*1000 = 4,096,000

TOTAL memory: 24M * 4 bytes ~= 96MB / image (only forward! ~*2 for bwd)
TOTAL params: 138M parameters
"""

VGG16_ROWS = [
    ("224x224x64", (3 * 3 * 3) * 64, 1_728),
    ("224x224x64", (3 * 3 * 64) * 64, 36_864),
    ("112x112x64", 0, 0),
    ("112x112x128", (3 * 3 * 64) * 128, 73_728),
    ("112x112x128", (3 * 3 * 128) * 128, 147_456),
    ("56x56x128", 0, 0),
    ("56x56x256", (3 * 3 * 128) * 256, 294_912),
    ("56x56x256", (3 * 3 * 256) * 256, 589_824),
    ("56x56x256", (3 * 3 * 256) * 256, 589_824),
    ("28x28x256", 0, 0),
    ("28x28x512", (3 * 3 * 256) * 512, 1_179_648),
    ("28x28x512", (3 * 3 * 512) * 512, 2_359_296),
    ("28x28x512", (3 * 3 * 512) * 512, 2_359_296),
    ("14x14x512", 0, 0),
    ("14x14x512", (3 * 3 * 512) * 512, 2_359_296),
    ("14x14x512", (3 * 3 * 512) * 512, 2_359_296),
    ("14x14x512", (3 * 3 * 512) * 512, 2_359_296),
    ("7x7x512", 0, 0),
    ("1x1x4096", 7 * 7 * 512 * 4096, 102_760_448),
    ("1x1x4096", 4096 * 4096, 16_777_216),
    ("1x1x1000", 4096 * 1000, 4_096_000),
]

VGG16_FORMS = pytest.mark.parametrize("text", [VGG16, VGG16_TABLE], ids=["spec", "table"])


@VGG16_FORMS
def test_vgg16_row_by_row(text: str):
    """Volumes and parameters without biases, layer by layer; a table's row has no activation of its own."""
    rows = [node for node in load(text) if node.layer.kind not in ("relu", "softmax")]
    found = [(str(node.output), node.weights, node.weights) for node in rows]
    assert found == VGG16_ROWS


@VGG16_FORMS
def test_vgg16_totals(text: str):
    """138,344,128 parameters without biases, and one bias for each filter more with them."""
    net = load(text)
    filters = 2 * 64 + 2 * 128 + 3 * 256 + 6 * 512 + 2 * 4096 + 1000
    assert net.weights == sum(weights for _, weights, _ in VGG16_ROWS) == 138_344_128
    assert net.biases == filters
    assert net.params == 138_344_128 + filters == 138_357_544


def test_vgg16_memory_rows():
    """H·W·C values in each row: 150K, 3.2M, 3.2M, 800K, … as the lecture rounds them, or cuts them off."""
    net = load(VGG16_TABLE)
    values = [net.input.values, *(node.output.values for node in net)]
    assert values[:4] == [224 * 224 * 3, 224 * 224 * 64, 224 * 224 * 64, 112 * 112 * 64]
    assert [f"{count / 1e6:.1f}M" for count in values[1:3]] == ["3.2M", "3.2M"]
    assert [count // 10_000 * 10 for count in (values[0], values[3])] == [150, 800]


def test_vgg16_memory_is_the_sum_of_its_rows():
    """The rows add up to 15.2M values, about 61 MB; the 24M that the lecture prints is noted as wrong."""
    net = load(VGG16_TABLE)
    by_hand = (
        224 * 224 * (3 + 2 * 64)
        + 112 * 112 * (64 + 2 * 128)
        + 56 * 56 * (128 + 3 * 256)
        + 28 * 28 * (256 + 3 * 512)
        + 14 * 14 * (512 + 3 * 512)
        + 7 * 7 * 512
        + (4096 + 4096 + 1000)
    )
    assert net.activations == by_hand
    assert round(by_hand / 1e6, 1) == 15.2
    assert round(cnncalc.count(net).activation_bytes / 1e6) == round(by_hand * 4 / 1e6) == 61
    assert [note.code for note in net.notes] == ["wrong-total"]
    assert "24,000,000" in net.notes[0].message
    assert f"{by_hand:,}" in net.notes[0].message


def test_vgg16_table_with_a_wrong_number_is_refused():
    """A row's volume and its parameters are claims; so is the stated total of the parameters."""
    for right, wrong in [("[56x56x128]", "[57x57x128]"), ("73,728", "73,729"), ("138M", "139M"), ("=1.6M", "=1.7M")]:
        with pytest.raises(SpecError) as raised:
            load(VGG16_TABLE.replace(right, wrong))
        assert raised.value.code == "claim-failed"


def test_vgg16_receptive_field():
    """A unit of VGG-16's last pool sees 212x212 pixels."""
    net = load(VGG16)
    last_pool = max(node.index for node in net if node.layer.kind == "pool")
    side = 1
    for convolutions in (3, 3, 3, 2, 2):  # backwards: the pool doubles and adds none, a convolution adds 2
        side = side * 2 + 2 * convolutions
    assert field_sizes(net, last_pool) == [side, side] == [212, 212]


def test_vgg19():
    """VGG-19 has three more convolutions: 143,667,240 parameters."""
    text = VGG16
    for width in (256, 512, 512):
        text = text.replace(f"conv3-{width} - relu - pool2", f"conv3-{width} - relu - conv3-{width} - relu - POOL2", 1)
    net = load(text)
    added = (3 * 3 * 256 + 1) * 256 + 2 * (3 * 3 * 512 + 1) * 512
    assert net.params == 138_357_544 + added == 143_667_240


# ---- the other systems whose numbers the lectures give

LENET5 = """
input 32x32x1
conv 5x5x6 - tanh - pool 2x2 s2
conv 5x5x16 - tanh - pool 2x2 s2
fc 120 - tanh - fc 84 - tanh - fc 10
"""

ALEXNET = """
input 227x227x3
conv 11x11x96 s4 - relu - pool 3x3 s2 - lrn 5
conv 5x5x256 p2 g2 - relu - pool 3x3 s2 - lrn 5
conv 3x3x384 p1 - relu - conv 3x3x384 p1 g2 - relu - conv 3x3x256 p1 g2 - relu - pool 3x3 s2
(dropout 0.5 - fc 4096 - relu)*2 - fc 1000 - softmax
"""

CONVNETJS = """
input 32x32x3
conv 5x5x16 p2 - relu - pool 2x2 s2
(conv 5x5x20 p2 - relu - pool 2x2 s2)*2
fc 10 - softmax
"""


def test_lenet5():
    """LeNet-5: 32→28→14→10→5, and about 60 thousand parameters."""
    net = load(LENET5)
    sides = [net.input[0], *(node.output[0] for node in net if node.layer.kind in ("conv", "pool"))]
    assert sides == [32, 28, 14, 10, 5]
    by_hand = [(5 * 5 * 1 + 1) * 6, (5 * 5 * 6 + 1) * 16, (5 * 5 * 16 + 1) * 120, (120 + 1) * 84, (84 + 1) * 10]
    assert [node.params for node in net if node.params] == by_hand
    assert net.params == sum(by_hand) == 61_706


def test_alexnet():
    """AlexNet: 227→55→27→13→6, and about 60 million parameters."""
    net = load(ALEXNET)
    assert net.layers[0].output == ((227 - 11) // 4 + 1, 55, 96)
    assert [node.output[0] for node in net if node.layer.kind == "pool"] == [27, 13, 6]
    assert net.params == (
        (11 * 11 * 3 + 1) * 96
        + (5 * 5 * 48 + 1) * 256
        + (3 * 3 * 256 + 1) * 384
        + (3 * 3 * 192 + 1) * 384
        + (3 * 3 * 192 + 1) * 256
        + (6 * 6 * 256 + 1) * 4096
        + (4096 + 1) * 4096
        + (4096 + 1) * 1000
    )
    assert 60e6 < net.params < 62.4e6


def test_convnetjs():
    """The ConvNetJS CIFAR-10 net: 1216, 8020, 10020 and 3210 parameters, 22,466 in all."""
    net = load(CONVNETJS)
    by_hand = [(5 * 5 * 3 + 1) * 16, (5 * 5 * 16 + 1) * 20, (5 * 5 * 20 + 1) * 20, (4 * 4 * 20 + 1) * 10]
    assert [node.params for node in net if node.params] == by_hand == [1216, 8020, 10020, 3210]
    assert net.params == 22_466


RESNET50 = """
input 224x224x3
rounding floor
block path(width, first, second)
  conv 1x1x{width} s{first} nobias - bn - relu
  conv 3x3x{width} s{second} p1 nobias - bn - relu
  conv 1x1x{4*width} nobias - bn
end
block stage(width, times, first=1, second=1)
  add( path(width, first, second) | conv 1x1x{4*width} s{first*second} nobias - bn ) - relu
  ( add( path(width, 1, 1) | ) - relu )*{times - 1}
end
conv 7x7x64 s2 p3 nobias - bn - relu - maxpool 3x3 s2 p1
"""

STRIDE_IN_1X1 = RESNET50 + "stage(64, 3) - stage(128, 4, first=2) - stage(256, 6, first=2) - stage(512, 3, first=2)"
STRIDE_IN_3X3 = RESNET50 + "stage(64, 3) - stage(128, 4, second=2) - stage(256, 6, second=2) - stage(512, 3, second=2)"


def test_resnet50_receptive_field():
    """483 pixels: the original ResNet-50 has the stride of a stage in its first 1x1 convolution."""
    net = load(STRIDE_IN_1X1)
    side, jump = 1 + (7 - 1) + (3 - 1) * 2, 4
    for times, stride in [(3, 1), (4, 2), (6, 2), (3, 2)]:
        jump *= stride
        side += times * (3 - 1) * jump
    assert field_sizes(net) == [side, side] == [483, 483]


def test_resnet50_receptive_field_with_the_stride_in_the_3x3():
    """427 pixels: torchvision's ResNet-50 has it in the 3x3 convolution, which then steps over less."""
    net = load(STRIDE_IN_3X3)
    # in each of the three strided stages the first 3x3 works at the jump of the stage before
    assert field_sizes(net) == [483 - (3 - 1) * (4 + 8 + 16)] * 2 == [427, 427]


def test_resnet50_parameters():
    """Both have torchvision's parameters: 25,557,032 with the 1000 classes."""
    expected = sum(p.numel() for p in torchvision.models.resnet50(weights=None).parameters())
    for text in (STRIDE_IN_1X1, STRIDE_IN_3X3):
        assert load(text + " - gap - fc 1000").params == expected == 25_557_032


def test_inception_v3():
    """Inception v3 sees 1311 pixels at its last convolution, and has torchvision's parameters up to there."""
    net = cnncalc.load(SPECS / "inception_v3.txt")
    assert net.input == (299, 299, 3)
    assert net.output == (8, 8, 2048)
    assert field_sizes(net) == [1311, 1311]
    model = torchvision.models.inception_v3(weights=None, init_weights=False, aux_logits=False)
    learned = [p.numel() for name, p in model.named_parameters() if not name.startswith("fc.")]
    assert net.params == sum(learned)
    biases = [p.numel() for name, p in model.named_parameters() if name.endswith("bn.bias")]
    assert net.biases == sum(biases)


def test_three_convolutions_and_a_logistic_output() -> None:
    """39x39x3 → 37x37x10 → 17x17x20 → 7x7x40 → 1960 → 1"""
    text = "conv 3x3x10 - conv 5x5x20 s2 - conv 5x5x40 s2 - flatten - fc 1 - sigmoid"
    net = cnncalc.load(text, input="39x39x3")
    assert [str(node.output) for node in net][:5] == ["37x37x10", "17x17x20", "7x7x40", "1x1x1960", "1x1x1"]


def test_vgg16_has_16_trainable_layers() -> None:
    assert sum(node.params > 0 for node in cnncalc.load("vgg16")) == 16
