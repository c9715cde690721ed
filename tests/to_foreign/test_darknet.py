"""Darknet: what is written is run by OpenCV, which reads such files itself, and read back as a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.to_foreign.darknet_cfg import DarknetCfg
from tests.commands.conftest import Cnncalc
from tests.to_foreign.test_keras import TWO_INPUTS, assert_near, module_of

SMALL = """\
input 16x16x3
rounding floor
conv 3x3x8 s2 p1 nobias - bn - leakyrelu 0.1 - pool 2x2 s2
a: add( conv 3x3x8 p1 nobias - bn | ) - relu
mul( | gap - conv 1x1x4 - relu - conv 1x1x8 - sigmoid )
upsample x2 - concat( conv 1x1x4 | slice 4:8 ) - conv 3x3x8 g2 p1 - dropout 0.2
fc 20 nobias - bn - tanh - fc 6 - softmax
"""
NAMES = ["lenet5", "vgg16", "resnet18", "resnet50", "squeezenet1_1", "mobilenet_v2"]


@pytest.mark.parametrize("text", [SMALL, *NAMES])
def test_it_is_read_back_as_the_same_network(text: str) -> None:
    """The same volumes at both ends, and the same parameters and multiplications."""
    net = cnncalc.load(text)
    back = cnncalc.load(DarknetCfg(net).text())
    assert (back.input, back.output, back.params, back.macs) == (net.input, net.output, net.params, net.macs)


@pytest.mark.slow
@pytest.mark.parametrize("text", [SMALL, "lenet5", "resnet18", "squeezenet1_1"])
def test_opencv_computes_the_same(text: str, tmp_path: Path) -> None:
    """OpenCV reads the configuration and the weights, and its output is that of the built module."""
    import torch

    cv2 = pytest.importorskip("cv2")
    net = cnncalc.load(text.replace("fc 20 nobias - bn - tanh", "gap"))  # OpenCV refuses these two
    module = module_of(net)
    written = DarknetCfg(net)
    (tmp_path / "net.cfg").write_text(written.text())
    values = {name: value.numpy() for name, value in module.state_dict().items()}
    (tmp_path / "net.weights").write_bytes(written.weights_file(values))
    theirs = cv2.dnn.readNetFromDarknet(str(tmp_path / "net.cfg"), str(tmp_path / "net.weights"))
    images = torch.randn(1, net.input.channels, *net.input.spatial, generator=torch.Generator().manual_seed(0))
    theirs.setInput(images.numpy())
    made = torch.from_numpy(theirs.forward())
    ours = module(images).detach()
    assert_near(made.reshape(ours.shape), ours, 1e-3)  # another ε in the normalisations


def test_sections_of_a_small_network() -> None:
    """A convolution, its normalisation and its activation are one section; a shortcut counts back."""
    text = "input 8x8x3\nconv 3x3x4 p1 nobias - bn - leakyrelu 0.1\nadd( conv 3x3x4 p1 - relu | )\nfc 10\n"
    assert DarknetCfg(cnncalc.load(text)).text() == (
        "[net]\nbatch=1\nheight=8\nwidth=8\nchannels=3\n\n"
        "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=leaky\n\n"
        "[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=relu\n\n"
        "[shortcut]\nfrom=-2\nactivation=linear\n\n"
        "[connected]\noutput=10\nactivation=linear\n"
    )


def test_the_file_of_weights_has_a_head_of_20_bytes_and_all_numbers(cnncalc: Cnncalc, folder: Path) -> None:
    """Three whole numbers of 4 bytes and one of 8, then every weight and statistic in 4."""
    spec = ["conv 3x3x4 nobias - bn - relu - fc 5", "--input", "8x8x3", "--seed", "0"]
    assert cnncalc("export", *spec, "-o", "net.cfg") == (0, "", "note: the weights are in net.weights\n")
    numbers = 3 * 3 * 3 * 4 + 4 * 4 + (6 * 6 * 4 + 1) * 5
    assert (folder / "net.weights").stat().st_size == 20 + 4 * numbers


def fault(text: str, volume: str = "8x8x4") -> tuple[str, int | None]:
    """Return what cannot be said of a network, and its line."""
    with pytest.raises(cnncalc.SpecError) as caught:
        DarknetCfg(cnncalc.load(text, input=volume))
    assert caught.value.code == "not-in-format"
    return caught.value.message, caught.value.line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lppool 2x2", "`lppool1`: Darknet has no section for `lppool 2x2`"),
        ("conv 1x3x4", "`conv1`: Darknet has one kernel for height and width, not 1x3"),
        ("conv 3x3x4 d2", "`conv1`: Darknet has no dilation"),
        ("conv 3x3x4 nobias", "`conv1`: Darknet has a bias where no batch normalisation follows"),
        ("conv 3x3x4 - bn", "`conv1`: Darknet has no bias in front of a batch normalisation"),
        ("conv 3x3x4 nobias - bn noaffine", "`bn1`: Darknet's batch normalisation learns a scale and a shift"),
        ("conv 3x3x4 nobias - bn noscale", "`bn1`: Darknet's batch normalisation learns a scale and a shift"),
        ("leakyrelu 0.2", "`leakyrelu1`: Darknet's leaky has a slope of 0.1"),
        ("avgpool 2x2", "`avgpool1`: Darknet has an average over all positions alone"),
        ("pool 3x3 s1 p1:0", "`pool1`: Darknet pads a pool alike in height and width, an odd value after"),
        ("add( conv 1x1x4 | )", "`add1`: Darknet reads the image in its first section alone"),
        ("upsample x2 bilinear", "`upsample1`: Darknet enlarges by one whole factor, and repeats values"),
        ("softmax", "`softmax1`: Darknet has a softmax over one vector alone"),
        ("conv 1x1x6 - slice 1:3", "`slice1`: Darknet takes one of several equal parts of 6 channels"),
    ],
)
def test_what_cannot_be_said(text: str, said: str) -> None:
    assert fault(f"relu\n{text}" if text.startswith(("conv 1x1x6",)) else text) == (
        said,
        2 if text.startswith("conv 1x1x6") else 1,
    )


def test_a_signal_is_no_image() -> None:
    message = "Darknet reads images, which have a height and a width, and not 16x2"
    assert fault("relu", "16x2") == (message, None)


def values_of(net: Any) -> dict[str, Any]:
    """Return the weights of a built network as arrays."""
    return {name: value.numpy() for name, value in cnncalc.build(net, seed=0).state_dict().items()}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("conv 3x3x4", ["conv1.bias", "conv1.weight"]),
        ("conv 3x3x4 nobias - bn", ["bn1.bias", "bn1.weight", "bn1.running_mean", "bn1.running_var", "conv1.weight"]),
        ("fc 4 nobias - bn", ["bn1.bias", "fc1.weight", "bn1.weight", "bn1.running_mean", "bn1.running_var"]),
    ],
)
def test_weights_are_those_of_the_sections_in_order(text: str, names: list[str]) -> None:
    """As Darknet's `load_convolutional_weights` and `load_connected_weights` read them."""
    import numpy

    net = cnncalc.load(text, input="8x8x3")
    values = values_of(net)
    expected = numpy.concatenate([values[name].ravel() for name in names])
    numpy.testing.assert_array_equal(numpy.frombuffer(DarknetCfg(net).weights_file(values)[20:], "<f4"), expected)


def test_several_inputs_are_refused() -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        DarknetCfg(cnncalc.load(TWO_INPUTS))
    assert str(caught.value) == (
        "Darknet reads one image, and the network has 3 inputs: left, table, right\n"
        "  = export PyTorch source, Keras or ONNX"
    )
