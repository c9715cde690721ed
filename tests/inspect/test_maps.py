"""The maps of every layer are what PyTorch's modules return."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import cnncalc
from cnncalc.inspect.choosing import chosen_layers, exciting_layers
from cnncalc.inspect.maps import activations, images_at_once

LENET = "input 28x28x1\nconv 5x5x6 p2 - relu - pool2\nconv 5x5x16 - relu - pool2\nfc 84 - relu - fc 10"
RESIDUAL = "input 8x8x3\nconv 3x3x4 p1 - bn - relu\nadd( conv 3x3x4 p1 - bn | identity ) - relu\ngap - fc 3 - softmax"


def images(network: cnncalc.Network) -> torch.Tensor:
    """Two images of noise."""
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, network.input.channels, *network.input.spatial, generator=generator)


def test_maps_are_what_modules_return() -> None:
    """Hooks of PyTorch on each module; nothing works in place there, so that what a hook sees stays as it is."""
    network = cnncalc.load(LENET)
    module = cnncalc.build(network, seed=0)
    plain = cnncalc.build(network, seed=0, inplace=False)
    hooked: list[torch.Tensor] = []
    for child in plain.children():
        child.register_forward_hook(lambda module, given, output: hooked.append(output.detach()))
    pixels = images(network)
    plain(pixels)
    layers = [node.index for node in network]
    with torch.no_grad():
        found = activations(module, network, pixels, layers)
    assert len(hooked) == len(layers)
    for index, expected in zip(layers, hooked, strict=True):
        torch.testing.assert_close(found.layers[index], expected, rtol=0, atol=0)
    torch.testing.assert_close(found.output, hooked[-1], rtol=0, atol=0)


def test_a_sum_of_branches_and_the_input_have_maps_too() -> None:
    network = cnncalc.load(RESIDUAL)
    module = cnncalc.build(network, seed=0).eval()
    pixels = images(network)
    by_name = {node.name: node.index for node in network}
    with torch.no_grad():
        found = activations(module, network, pixels, [0, *by_name.values()]).layers
        added = module.bn2(module.conv2(found[by_name["relu1"]])) + found[by_name["relu1"]]
    assert torch.equal(found[0], pixels)
    torch.testing.assert_close(found[by_name["add1"]], added)
    torch.testing.assert_close(found[by_name["softmax1"]].flatten(1).sum(1), torch.ones(2))


def test_a_module_is_left_as_it_was() -> None:
    """Training or not; and statistics of a norm are not touched."""
    network = cnncalc.load(RESIDUAL)
    module = cnncalc.build(network, seed=0).train()
    before: dict[str, Any] = {name: value.clone() for name, value in module.state_dict().items()}
    activations(module, network, images(network), [1])
    assert module.training
    assert module.bn1.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_what_pytorch_does_nothing_for_has_the_maps_of_its_input() -> None:
    """`flatten` of what is a vector already."""
    network = cnncalc.load("input 4x4x1\nfc 5 - flatten - fc 2")
    module = cnncalc.build(network, seed=0)
    found = activations(module, network, images(network), [1, 2]).layers
    assert torch.equal(found[2].flatten(), found[1].flatten())


def test_gradients_flow_through_maps_that_are_overwritten() -> None:
    """The gradient with respect to a convolution's output, which ReLU overwrites, is that of a copy of the network."""
    network = cnncalc.load(LENET)
    pixels = images(network)
    conv2 = next(node.index for node in network if node.name == "conv2")
    gradients = []
    for inplace in (True, False):
        found = activations(cnncalc.build(network, seed=0, inplace=inplace), network, pixels, [conv2])
        gradients.append(torch.autograd.grad(found.output[:, 3].sum(), found.layers[conv2])[0])
    assert torch.equal(*gradients)
    assert gradients[0].abs().sum() > 0


@pytest.mark.parametrize("name", ["lenet5", "squeezenet1_1"])
def test_networks_of_the_zoo(name: str) -> None:
    """Every layer has the volume that the table says."""
    network = cnncalc.load(name)
    found = activations(cnncalc.build(network, seed=0), network, images(network)[:1], [node.index for node in network])
    for node in network:
        sizes = node.output.spatial if found.layers[node.index].dim() == 4 else ()
        assert tuple(found.layers[node.index].shape) == (1, node.output.channels, *sizes)


# ---- which layers are shown


def test_a_short_network_shows_what_computes() -> None:
    """Everything but norms, dropout and flatten."""
    network = cnncalc.load("input 8x8x1\nconv 3x3x4 - bn - relu - dropout 0.5 - pool2 - flatten - fc 3 - softmax")
    assert [node.name for node in chosen_layers(network)] == ["conv1", "relu1", "pool1", "fc1", "softmax1"]


def test_a_long_network_shows_the_first_and_the_last_at_each_size() -> None:
    """ResNet-18: 112, 56, 28, 14 and 7, and the output."""
    network = cnncalc.load("resnet18")
    shown = chosen_layers(network)
    assert [(node.name, node.output.spatial[0]) for node in shown] == [
        ("conv1", 112),
        ("relu1", 112),
        ("basic2.relu1", 56),
        ("basic_stage1.basic1.relu1", 28),
        ("basic_stage2.basic1.relu1", 14),
        ("basic_stage3.basic1.relu1", 7),
        ("fc1", 1),
    ]
    assert [node.name for node in exciting_layers(network, shown, ())][-1] == "fc1"


def test_named_layers_are_shown_once_each_in_their_order() -> None:
    """By name, by number, or by the name of a block for its last layer."""
    network = cnncalc.load("resnet18")
    named = ["fc1", "basic2", "1", "conv1"]
    assert [node.name for node in chosen_layers(network, named)] == ["fc1", "basic2.relu1", "conv1"]


def test_few_images_are_in_memory_at_a_time_where_maps_are_large() -> None:
    """VGG-16 has 28.8 million values for an image: 110 MiB in float32, of which four go into 512 MiB."""
    network = cnncalc.load("vgg16")
    assert images_at_once(network, 64) == 2**29 // (4 * network.activations) == 4
    assert images_at_once(cnncalc.load(LENET), 64) == 64
