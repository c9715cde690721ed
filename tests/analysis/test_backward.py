"""The multiplications of the backward pass, beside those that PyTorch counts of autograd."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import cnncalc
from cnncalc import Network
from cnncalc.analysis.backward import backward_counts

SPECS = [
    ("lenet5", None),
    ("vgg16", "32x32x3"),
    ("resnet18", "64x64x3"),
    ("convnetjs-cifar10", None),
    ("deconv 3x3x4 s2 - relu - deconv 2x2x2 s2 - conv 3x3x5 d2 s2 floor - fc 7", "9x9x3"),
    ("relu - conv 3x3x4 p1 - add( conv 1x1x4 | ) - gap - fc 3", "8x8x2"),
    ("conv 3x3x2 fixed kernel=sobelx - fc 3", "8x8x1"),
    ("conv 3x3x4 weights=w p1 - conv 3x3x4 weights=w p1", "8x8x4"),
]


def autograd_macs(network: Network) -> int:
    """Return the multiplications of PyTorch's backward pass for one image: half of what it counts as FLOPs."""
    module = cnncalc.build(network, device="meta")
    image = torch.empty(1, network.input.channels, *network.input.spatial, device="meta")
    made = module.train()(torch.cat([image, image]))
    with FlopCounterMode(display=False) as counter:
        made.sum().backward()
    return counter.get_total_flops() // 4


@pytest.mark.parametrize(("text", "volume"), SPECS)
def test_autograd_multiplies_as_often(text: str, volume: str | None) -> None:
    """Twice for every MAC of the forward pass, and once in the first layer, whose input needs no gradient."""
    network = cnncalc.load(text if volume is None or " " not in text else text + "\n", input=volume)
    assert sum(found.macs for found in backward_counts(network)) == autograd_macs(network)


def test_groups_are_counted_as_layers_of_their_own() -> None:
    """PyTorch's counter takes the weights' gradients of grouped convolutions for those of whole ones."""
    grouped = cnncalc.load("relu - conv 3x3x8 g2 nobias", input="6x6x4")
    halves = cnncalc.load("concat( slice 0:2 - conv 3x3x4 nobias | slice 2:4 - conv 3x3x4 nobias )", input="6x6x4")
    counted = [sum(found.macs for found in backward_counts(network)) for network in (grouped, halves)]
    assert counted == [autograd_macs(halves)] * 2


def test_a_layer_has_gradients_of_what_it_learns_and_of_what_is_learned_before_it() -> None:
    first, pool, last = backward_counts(cnncalc.load("conv 3x3x4 - pool 2x2 - fc 5", input="8x8x2"))
    assert (first.needs_input, first.input_macs, first.weight_macs) == (False, 0, 6 * 6 * 4 * 3 * 3 * 2)
    assert (pool.needs_input, pool.macs) == (True, 0)
    assert (last.input_macs, last.weight_macs) == (5 * 3 * 3 * 4, 5 * 3 * 3 * 4)
    assert (first.bias_additions, last.bias_additions) == (6 * 6 * 4, 5)
