"""What the calculator counts and PyTorch would refuse: built in another way, or refused where it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torch.nn import functional

import cnncalc
from cnncalc import SpecError
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.steps import Module, Steps
from cnncalc.model import verify as proof
from cnncalc.model.plan import plan
from cnncalc.model.verify import verify


def run(text: str, volume: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return random images and what the built module makes of them."""
    network = cnncalc.load(text, input=volume)
    assert all(check.holds for check in verify(network))
    images = torch.randn(2, network.input.channels, *network.input.spatial)
    return images, cnncalc.build(network, seed=0).eval()(images)


@pytest.mark.parametrize(
    ("text", "volume"),
    [
        ("conv 1x1 s3 p2:0 floor", "1x1"),
        ("conv 1x1x1 s3 p2:0 floor", "1x1x1"),
        ("dwconv 1x2x1 s2x4x2 p0:3x3:1x1:1 floor", "1x1x2x4"),
        ("maxpool 3x3 s3 p1:0 floor", "2x2x1"),
        ("avgpool 3x3x3 p1", "1x1x1x2"),
        ("avgpool 3x3x3 p1 s2 floor", "1x2x2x2"),
        ("avgpool 1x3x1 same floor", "2x1x1x4"),
        ("avgpool 4x2x3 same ceil", "2x2x1x4"),
    ],
)
def test_padding_that_pytorch_refuses_is_done_in_front(text: str, volume: str) -> None:
    """A crop of more than there is, and a mean over a padded window larger than the clip."""
    run(text, volume)


def test_a_mean_over_a_window_larger_than_the_clip_counts_its_zeros() -> None:
    images, result = run("avgpool 3x3x3 p1", "1x1x1x2")
    torch.testing.assert_close(result, images / 27)


def test_values_that_no_window_reads_are_left_out() -> None:
    """Padding in front alone, and a stride that passes over the end: the convolution of the padded signal."""
    network = cnncalc.load("conv 2x3 s3 p2:0 floor", input="5x1")
    module = cnncalc.build(network, seed=0)
    images = torch.randn(2, 1, 5)
    expected = functional.conv1d(functional.pad(images, (2, 0)), module.conv1.weight, module.conv1.bias, stride=3)
    torch.testing.assert_close(module(images), expected)


@pytest.mark.parametrize(
    ("text", "what", "size"),
    [("avgpool 3x3x3 p1 nopad", "nopad", "1x1x1x2"), ("avgpool 2x4x1 s4x3x4 p0x2x0 ceil", "ceil", "3x3x2x3")],
)
def test_what_pytorch_has_not_is_said_with_its_place(text: str, what: str, size: str) -> None:
    """PyTorch itself refuses it; so do building and verifying, and the numbers are there all the same."""
    network = cnncalc.load(f"relu\n{text}", input=size)
    for use in (cnncalc.build, verify, plan):
        with pytest.raises(SpecError) as caught:
            use(network)
        assert str(caught.value) == (
            f"text:2:1: `avgpool1`: PyTorch has no avgpool with `{what}` over three dimensions whose kernel is larger "
            f"than its input\n  = the input is {size}; take a smaller kernel, or leave out `{what}`"
        )


def test_pytorch_does_refuse_it() -> None:
    with pytest.raises(RuntimeError, match="smaller than kernel size"):
        torch.nn.AvgPool3d(3, padding=1, count_include_pad=False)(torch.zeros(2, 2, 1, 1, 1))


@dataclass(eq=False, repr=False)
class Twice(Layer):
    """A layer that somebody wrote with two modules."""

    kind: ClassVar[str] = "relu"

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return Module("ReLU"), Module("BatchNorm2d", (sources[0].channels,))


@dataclass(eq=False, repr=False)
class Impossible(Layer):
    """A layer that asks PyTorch for what it does not do."""

    kind: ClassVar[str] = "relu"

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Module("MaxPool2d", (9,)),)


def with_layer(layer: Layer) -> cnncalc.Network:
    network = cnncalc.load("bn - relu", input="4x4x3")
    network.layers[1].operation.layer = layer
    return network


@dataclass(eq=False, repr=False)
class Unmade(Layer):
    """A layer whose module PyTorch does not even make."""

    kind: ClassVar[str] = "relu"

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Module("GroupNorm", (2, sources[0].channels)),)


def test_a_module_that_pytorch_does_not_make_is_said_with_its_place() -> None:
    with pytest.raises(SpecError) as caught:
        cnncalc.build(with_layer(Unmade()))
    assert str(caught.value) == (
        "text:1:6: PyTorch refuses `relu1` on 4x4x3: num_channels (3) must be divisible by num_groups (2)\n"
        "  = its numbers are right nevertheless, but it cannot be trained or exported so"
    )


def test_two_modules_of_one_layer_are_refused() -> None:
    """The second would replace the first without a word."""
    with pytest.raises(SpecError) as caught:
        cnncalc.build(with_layer(Twice()))
    assert str(caught.value) == (
        "text:1:6: `relu1` makes 2 modules of one name, and the last would replace the others\n"
        "  = in a layer's `torch_steps`, give each module a `label` of its own"
    )


def test_two_layers_of_one_name_are_refused() -> None:
    network = cnncalc.load("bn - relu", input="4x4x3")
    network.layers[1].name = "bn1"
    with pytest.raises(SpecError, match="two modules would be called `bn1`"):
        cnncalc.build(network)


def test_whatever_else_pytorch_refuses_is_said_by_verify() -> None:
    with pytest.raises(SpecError) as caught:
        proof.verify(with_layer(Impossible()))
    error = caught.value
    assert (error.code, error.line, error.column) == ("not-in-pytorch", 1, 6)
    assert error.message.startswith("PyTorch refuses `relu1` on 4x4x3: ")
