"""Class activation maps, next to the formula of the paper."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import cnncalc
from cnncalc.inspect.cam import cam_layer, class_activation_maps, over_image
from cnncalc.inspect.images import HEAT
from cnncalc.inspect.maps import activations
from tests.inspect.subjects import make_subject, noise

SPEC = "input 9x9x3\nconv 3x3x6 p1 - bn - relu\nconv 3x3x7 s2 p1 - relu\ngap - fc 4"


def test_behind_a_global_pool_it_is_the_map_of_zhou(tmp_path: Path) -> None:
    """Σ w·A with the weights of the fully connected layer; what speaks against the class is 0, the largest is 1."""
    subject = make_subject(tmp_path, SPEC)
    node = cam_layer(subject.network)
    assert node is not None
    assert node.name == "relu2"
    image = subject.seen(torch.from_numpy(noise(1, 3, 9, 9)))
    found = class_activation_maps(subject, image, node, [0, 3])
    with torch.no_grad():
        maps = activations(subject.module, subject.network, image, [node.index]).layers[node.index][0]
    for place, map_ in zip((0, 3), found, strict=True):
        weights = subject.module.state_dict()["fc1.weight"].view(4, 7)[place]
        expected = torch.einsum("c,chw->hw", weights, maps).relu()
        torch.testing.assert_close(map_, expected / expected.max())


def test_elsewhere_the_weights_are_means_of_gradients(tmp_path: Path) -> None:
    """Grad-CAM at the maps that two fully connected layers read; the gradients come from a hook on PyTorch's module."""
    subject = make_subject(tmp_path, "input 8x8x1\nconv 3x3x4 - relu - pool2\nfc 6 - relu - fc 3")
    node = cam_layer(subject.network)
    assert node is not None
    assert node.name == "pool1"
    image = subject.seen(torch.from_numpy(noise(1, 1, 8, 8)))
    kept = {}
    module = cnncalc.build(subject.network, inplace=False)
    module.load_state_dict(subject.module.state_dict())
    module.pool1.register_forward_hook(lambda part, given, output: kept.update(maps=output))
    scores = module(image).flatten()
    gradient = torch.autograd.grad(scores[1], kept["maps"])[0]
    expected = (kept["maps"] * gradient.mean((2, 3), keepdim=True)).sum(1)[0].relu().detach()
    found = class_activation_maps(subject, image, node, [1])[0]
    torch.testing.assert_close(found, expected / expected.max().clamp_min(1e-12))


def test_what_nothing_speaks_for_is_0(tmp_path: Path) -> None:
    weights = {"fc1.weight": -torch.ones(4, 7)}
    subject = make_subject(tmp_path, SPEC, weights=weights)
    node = cam_layer(subject.network)
    assert node is not None
    found = class_activation_maps(subject, subject.seen(torch.from_numpy(noise(1, 3, 9, 9))), node, [0])
    assert not found.any()


@pytest.mark.parametrize(("spec", "name"), [(SPEC, "relu2"), ("input 6x6x1\nfc 5 - relu - fc 2", None)])
def test_the_layer_is_the_last_with_maps(spec: str, name: str | None) -> None:
    node = cam_layer(cnncalc.load(spec))
    assert (node and node.name) == name


def test_the_map_lies_over_the_image() -> None:
    """Black where it is 0, on a black image, and where it is 1 the last colour of the ramp, weakened by the image."""
    black = torch.zeros(1, 2, 2, dtype=torch.uint8)
    tile = over_image(black, torch.tensor([[0.0, 1.0], [0.0, 1.0]]), 2)
    assert tile[0, 0].tolist() == [round(0.55 * part) for part in HEAT[0]]
    assert tile[0, 1].tolist() == [round(0.55 * part) for part in HEAT[-1]]
