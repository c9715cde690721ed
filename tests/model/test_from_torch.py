"""From a PyTorch module to a spec: the same network, and a text that a person would want to read."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn import functional
from torchvision.ops import StochasticDepth

import cnncalc
from cnncalc import SpecError
from cnncalc.network import Network
from tests.oracle.torch_modules import Drawn, Shape, networks, volume
from tests.zoo import harness

# ---- the same network


@pytest.mark.slow
@pytest.mark.parametrize("name", harness.CLASSIFIERS)
def test_torchvision_classifiers(name: str) -> None:
    """All 68 keep torchvision's weights, biases, multiplications and volumes, in a text of at most 90 lines."""
    with harness._WithoutValues():
        module = harness.torchvision_model(name)
    size = harness.SIZES.get(name, 224)
    text = cnncalc.from_torch(module, (size, size, 3))
    net, expected = cnncalc.load(text), harness.measure(name)
    assert (net.weights, net.biases, net.macs) == (expected.weights, expected.biases, expected.macs)
    assert not harness.first_difference(harness.made(net), expected.made)
    assert len(text.splitlines()) <= 90


OF_EVERY_KIND = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "resnet18",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_EVERY_KIND)
def test_outputs(name: str) -> None:
    """With torchvision's weights, paired in execution order, the text computes what the module does."""
    torch.manual_seed(0)
    model = harness.torchvision_model(name)
    net = cnncalc.load(cnncalc.from_torch(model, (harness.SMALL, harness.SMALL, 3)))
    computed, expected = harness.outputs_of(model, net)
    assert harness.relative_difference(computed, expected) < 1e-4


KINDS = {"dwconv": "conv", "gap": "adaptiveavgpool", "gmp": "adaptivemaxpool"}
"""Words for a special case of another."""


def layers(net: Network) -> list[tuple[object, ...]]:
    """Return what a network does; `flatten` is left out, as `fc` does it by itself, and so is `identity`."""
    return [
        (KINDS.get(node.layer.kind, node.layer.kind), tuple(node.output), node.params, node.macs)
        for node in net
        if node.layer.kind not in ("flatten", "identity")
    ]


@pytest.mark.slow
@given(drawn=networks())
@settings(max_examples=60)
def test_text_to_module_to_text(drawn: tuple[Shape, Drawn]) -> None:
    """A random spec, built and imported, has the same layers; imported once more, it is the same text."""
    shape, network = drawn
    net = cnncalc.load(network.text + "\n", input=volume(shape))
    text = cnncalc.from_torch(cnncalc.build(net), tuple(net.input))
    again = cnncalc.load(text)
    assert (again.output, again.params, again.macs) == (net.output, net.params, net.macs)
    assert [layer for layer in layers(again) if layer[2]] == [layer for layer in layers(net) if layer[2]]
    assert layers(cnncalc.load(cnncalc.from_torch(cnncalc.build(again, device="meta"), tuple(net.input)))) == layers(
        again
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50", "googlenet", "unet", "mobilenet_v2", "densenet121", "convnext_tiny"])
def test_the_zoo_comes_back(name: str) -> None:
    """A network of the zoo, built and imported, has the same layers in the same order."""
    net = cnncalc.load(name)
    again = cnncalc.load(cnncalc.from_torch(cnncalc.build(net, device="meta"), tuple(net.input)))
    assert layers(again) == layers(net)


# ---- layers


class Does(nn.Module):
    """Does what a function says, with some modules of its own."""

    def __init__(self, function: Callable[..., object], *parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(parts)

    def forward(self, x: torch.Tensor) -> object:
        return self.function(x, *self.parts)


def imported(module: nn.Module, input: str = "8x8x4") -> str:
    """Import a module, and return the layers of the text on one line."""
    text = cnncalc.from_torch(module, input)
    return " - ".join(text.strip().split("\n\n")[-1].split("\n"))


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.Conv2d(4, 6, 3), "conv 3x3x6"),
        (nn.Conv2d(4, 6, (3, 1), padding=(1, 0), bias=False), "conv 3x1x6 p1x0 nobias"),
        (nn.Conv2d(4, 6, 3, padding="same"), "conv 3x3x6 p1"),
        (nn.Conv2d(4, 6, 2, padding="same"), "conv 2x2x6 same"),
        (nn.Conv2d(4, 6, 3, padding="valid", dilation=2), "conv 3x3x6 d2"),
        (nn.Conv2d(4, 6, 3, padding=1, groups=2), "conv 3x3x6 p1 g2"),
        (nn.Conv2d(4, 4, 3, padding=1, groups=4), "dwconv 3x3 p1"),
        (nn.Conv2d(4, 8, 3, padding=1, groups=4), "dwconv 3x3x8 p1"),
        (nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), "pad 1 reflect - conv 3x3x6"),
        (nn.ConvTranspose2d(4, 6, 2, stride=2), "deconv 2x2x6 s2"),
        (nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1), "deconv 3x3x6 s2 p1 op1"),
        (nn.MaxPool2d(2), "maxpool 2x2 s2"),
        (nn.MaxPool2d(3, 2, 1, ceil_mode=True), "maxpool 3x3 s2 p1 ceil"),
        (nn.AvgPool2d(2, padding=1, count_include_pad=False), "avgpool 2x2 s2 p1 nopad"),
        (nn.LPPool2d(3, 2), "lppool 2x2 s2 norm=3"),
        (nn.AdaptiveAvgPool2d(1), "gap"),
        (nn.AdaptiveAvgPool2d((3, None)), "adaptiveavgpool 3x8"),
        (nn.AdaptiveMaxPool2d(1), "gmp"),
        (nn.Sequential(nn.Flatten(), nn.Linear(256, 10, bias=False)), "fc 10 nobias"),
        (nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(256, 10)), "flatten - relu - fc 10"),
        (nn.BatchNorm2d(4, eps=1e-3, momentum=0.01), "bn eps=0.001 momentum=0.01"),
        (nn.GroupNorm(2, 4), "gn 2"),
        (nn.InstanceNorm2d(4, affine=True), "instancenorm affine"),
        (nn.LocalResponseNorm(5, k=2.0), "lrn 5 k=2"),
        (nn.PReLU(4), "prelu perchannel"),
        (nn.LeakyReLU(0.2), "leakyrelu 0.2"),
        (nn.Hardtanh(0, 6), "relu6"),
        (nn.Softmax(1), "softmax"),
        (nn.Dropout2d(0.25), "dropout2d 0.25"),
        (StochasticDepth(0.1, "row"), "droppath 0.1"),
        (nn.ZeroPad2d((0, 1, 2, 3)), "pad 2:3x0:1"),
        (nn.Upsample(scale_factor=2, mode="bilinear"), "upsample x2 bilinear"),
        (nn.Upsample(scale_factor=11 / 8), "upsample x1.375"),
        (nn.Upsample(scale_factor=7 / 6), "upsample x1.1666666666666667"),
        (nn.PixelShuffle(2), "pixelshuffle 2"),
        (nn.ChannelShuffle(2), "shuffle 2"),
        (Does(lambda x: functional.pad(x, (1, 1, 1, 1))), "pad 1"),
        (Does(lambda x: x[:, :, 1:-1, 2:]), "crop 1:1x2:0"),
        (Does(lambda x: x[:, 1:3]), "slice 1:3"),
        (Does(lambda x: x.chunk(2, 1)[1]), "slice 2:4"),
        (Does(lambda x: x.mean([2, 3])), "gap"),
        (Does(lambda x: x.mean((2, 3), keepdim=True)), "gap"),
        (Does(lambda x: x.mean(3).mean(2)), "gap"),
        (Does(lambda x: functional.interpolate(x, (16, 24))), "upsample x2x3"),
        (Does(lambda x: x.view(2, 2, 2, 8, 8).transpose(1, 2).reshape(2, 4, 8, 8)), "shuffle 2"),
        (Does(lambda x, n: n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), nn.LayerNorm(4, 1e-6)), "ln eps=1e-6"),
        (Does(lambda x, n: n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), nn.Linear(4, 9)), "conv 1x1x9"),
        (Does(lambda x: -functional.max_pool2d(-x, 2)), "minpool 2x2 s2"),
        (Does(lambda x: functional.lp_pool2d(x.sigmoid(), 3, 2)), "sigmoid - lppool 2x2 s2 norm=3"),
        (
            Does(lambda x, c: functional.conv_transpose2d(x, c.weight, c.bias, 2), nn.ConvTranspose2d(4, 6, 2)),
            "deconv 2x2x6 s2",
        ),
        (nn.Sequential(nn.ConstantPad2d((0, 1, 0, 1), -torch.inf), nn.MaxPool2d(3, 2)), "maxpool 3x3 s2 same"),
        (Does(lambda x: x + functional.relu(x)), "add( | relu )"),
        (Does(lambda x, c: c(x).sigmoid() * x, nn.Conv2d(4, 4, 1)), "mul( conv 1x1x4 - sigmoid | )"),
        (Does(lambda x, c: torch.cat([x, c(x)], dim=1), nn.Conv2d(4, 2, 1)), "concat( | conv 1x1x2 )"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_layers(module: nn.Module, text: str) -> None:
    """Modules, functions, methods and operators are written as a person would write them."""
    assert imported(module) == text


def test_other_numbers_of_dimensions() -> None:
    """Signals and clips have kernels of one and three sizes."""
    assert imported(nn.Sequential(nn.Conv1d(2, 8, 9), nn.MaxPool1d(2)), "40x2") == "conv 9x8 - maxpool 2 s2"
    assert imported(nn.Conv3d(2, 8, 3, stride=(1, 2, 2)), "5x9x9x2") == "conv 3x3x3x8 s1x2x2"


def test_rounding_is_written_only_where_it_is_needed() -> None:
    """A 2x2 pool fits 8x8 and does not fit 7x7."""
    assert "rounding" not in cnncalc.from_torch(nn.MaxPool2d(2), "8x8x4")
    assert "rounding floor" in cnncalc.from_torch(nn.MaxPool2d(2), "7x7x4")


def test_a_relu_in_place_is_seen_by_those_who_read_its_input_later() -> None:
    """Behind `relu_` the skip carries what the ReLU has written."""
    module = Does(lambda x, a, b: (lambda y: y + b(a(y)))(x * x), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 1))
    assert imported(module) == "mul( | ) - relu - add( | conv 1x1x4 )"


def test_what_the_output_does_not_depend_on_is_left_out() -> None:
    """A branch whose result nobody reads is no part of the text."""
    assert imported(Does(lambda x, a, b: (a(x), b(x))[1], nn.Conv2d(4, 4, 1), nn.ReLU())) == "relu"


class Repeated(nn.Module):
    """A residual block, with its width and its stride."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1)
        self.skip = nn.Conv2d(channels, width, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.conv2(functional.relu(self.conv1(x))) + self.skip(x))


def test_modules_that_differ_in_numbers_become_a_block_with_arguments() -> None:
    """The block is called by its class, and what differs is a parameter."""
    sizes = [(4, 8, 1), (8, 24, 3), (24, 40, 3), (40, 50, 1), (50, 40, 3), (40, 60, 1)]
    module = nn.Sequential(*(Repeated(*numbers) for numbers in sizes))
    assert cnncalc.from_torch(module, "55x55x4") == (
        "input 55x55x4\n"
        "\n"
        "block repeated(width, stride=1)\n"
        "  add( conv 3x3x{width} s{stride} p1 - relu - conv 3x3x{width} p1 | conv 1x1x{width} s{stride} )\n"
        "  relu\n"
        "end\n"
        "\n"
        "repeated(8)\n"
        "repeated(24, stride=3)\n"
        "repeated(40, stride=3)\n"
        "repeated(50)\n"
        "repeated(40, stride=3)\n"
        "repeated(60)\n"
    )


def test_skips_that_lie_in_each_other_are_labels() -> None:
    """A U-Net of three levels reads from top to bottom."""

    def net(x: torch.Tensor, *convs: nn.Module) -> torch.Tensor:
        skips = []
        for down in convs[:3]:
            x = down(x)
            skips.append(x)
            x = functional.max_pool2d(x, 2)
        for up in convs[3:]:
            x = torch.cat([up(x), skips.pop()], 1)
        return x

    downs = [nn.Conv2d(4, 4, 1) for _ in range(3)]
    ups = [nn.ConvTranspose2d(channels, 4, 2, 2) for channels in (4, 8, 8)]
    assert imported(Does(net, *downs, *ups)).split(" - ") == [
        *("skip1: conv 1x1x4", "maxpool 2x2 s2", "skip2: conv 1x1x4", "maxpool 2x2 s2"),
        *("skip3: conv 1x1x4", "maxpool 2x2 s2", "deconv 2x2x4 s2", "concat( | @skip3 )"),
        *("deconv 2x2x4 s2", "concat( | @skip2 )", "deconv 2x2x4 s2", "concat( | @skip1 )"),
    ]


# ---- what cannot be said


AS_MATRICES = "it multiplies volumes as matrices, as attention does, and a spec multiplies them position by position"
BY_VALUES = "it chooses by what the values are, and a spec computes the same for all images"
FREQUENCIES = "it goes over to frequencies, and the windows of a spec lie over positions"
WINDOWS = "it lays windows out as channels, and the windows of a spec are those of layers that compute"
CHOSEN = "it takes what values choose, or positions in an order of their own, and a spec takes ranges"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (Does(lambda x: x**0.5), "`pow` (LINE): it has powers up to 4, which are products of a volume with itself"),
        (nn.Sequential(nn.LogSigmoid()), "nn.LogSigmoid in `0`: the language has no such activation"),
        (nn.Sequential(nn.Unfold(2)), f"nn.Unfold in `0`: {WINDOWS}"),
        (Does(lambda x: functional.unfold(x, 2)), f"`unfold` (LINE): {WINDOWS}"),
        (nn.Sequential(nn.LSTM(8, 8)), "nn.LSTM in `0`: it is recurrent, and a spec has no layer that remembers"),
        (Does(lambda x: x.var(1, keepdim=True)), "`var` (LINE): a spec has variances in its normalisations alone"),
        (Does(lambda x: torch.fft.fft(x, dim=-1)), f"`fft_fft` (LINE): {FREQUENCIES}"),
        (Does(lambda x: x.eq(0) * x), f"`eq` (LINE): {BY_VALUES}"),
        (Does(lambda x: x.flatten(2) @ x.flatten(2).mT), f"`matmul` (LINE): {AS_MATRICES}"),
        (Does(lambda x: torch.bmm(x.flatten(2), x.flatten(2).mT)), f"`bmm` (LINE): {AS_MATRICES}"),
        (Does(lambda x: (x, x)), "2 outputs: one of them is the input"),
        (
            Does(lambda x: torch.einsum("nchw,nchw,nchw->nchw", x, x, x)),
            "`einsum` (LINE): no layer of a spec computes it",
        ),
        (Does(lambda x: x[:, :, [0, 2]]), f"`getitem` (LINE): {CHOSEN}"),
        (Does(lambda x: x.index_select(2, torch.tensor([0, 2]))), f"`index_select` (LINE): {CHOSEN}"),
        (Does(lambda x: x[:, :3, [0, 2]]), f"`getitem` (LINE): {CHOSEN}"),
        (Does(lambda x: x[[0, 0]]), f"`getitem` (LINE): {CHOSEN}"),
        (Does(lambda x: x.flip(2)), "`flip` (LINE): it turns rows or columns round"),
        (Does(lambda x: x.repeat_interleave(2, 0)), "`repeat_interleave` (LINE): it repeats images"),
        (
            Does(lambda x: x.repeat_interleave(2)),
            "`repeat_interleave` (LINE): it flattens what it repeats: give it `dim`, and one number of repeats",
        ),
        (Does(lambda x: x / x.sum(1, keepdim=True)), "`truediv` (LINE): it divides by numbers, not by volumes"),
        (Does(lambda x: functional.pad(x, (1, 1, 0, 0, 0, 2))), "`pad` (LINE): no layer of a spec computes it"),
        (Does(lambda x: 1 / x), "`truediv` (LINE): it divides by numbers, not by volumes"),
        (Does(lambda x: torch.cat([x.transpose(0, 1)] * 2, 2)), "`cat` (LINE): its `concat` concatenates channels"),
        (
            Does(lambda x: torch.cat([x.view(-1, 2, 2, 1, 8, 8)] * 2, 4)),
            "`cat` (LINE): its `concat` concatenates channels",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_language_cannot_say(module: nn.Module, said: str) -> None:
    """The fault names the part of the module and the operation, and says why."""
    with pytest.raises(SpecError) as raised:
        cnncalc.from_torch(module, "8x8x4")
    assert raised.value.code == "cannot-import"
    message = re.sub(r"\(test_from_torch\.py:\d+\)", "(LINE)", raised.value.message)
    assert message == f"a spec cannot express {said}"


def test_a_module_that_cannot_be_traced() -> None:
    """A step that depends on values is named, in one line."""
    with pytest.raises(SpecError, match="cannot be traced on an input of 8x8x4") as raised:
        cnncalc.from_torch(Does(lambda x: x if x.sum() > 0 else -x), "8x8x4")
    assert raised.value.code == "cannot-trace"


def test_an_input_that_does_not_suit_the_module_is_said_at_its_layer() -> None:
    with pytest.raises(SpecError, match="`1` cannot be traced on an input of 8x8x3"):
        cnncalc.from_torch(nn.Sequential(nn.ReLU(), nn.Conv2d(4, 4, 1)), "8x8x3")


def test_the_module_is_handed_back_as_it_was() -> None:
    """Tracing in eval mode leaves the mode of every part and the running statistics alone."""
    module = nn.Sequential(nn.BatchNorm2d(4), nn.Dropout().eval())
    before = {name: values.clone() for name, values in module.state_dict().items()}
    cnncalc.from_torch(module, "8x8x4")
    assert [part.training for part in module.modules()] == [True, True, False]
    assert all(torch.equal(values, before[name]) for name, values in module.state_dict().items())
