"""The filters of the first layer are its weights, and where none can be shown that is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import cnncalc
from cnncalc.inspect.filters import filters_picture, first_filters
from cnncalc.inspect.images import SIGNED
from cnncalc.inspect.look import filters_part
from tests.inspect.subjects import make_subject


def test_a_convolution_has_its_weights_as_filters() -> None:
    network = cnncalc.load("input 8x8x3\nbn - conv 3x3x5 p1 - relu - fc 2")
    module = cnncalc.build(network, seed=0)
    found = first_filters(module, network)
    assert found is not None
    assert found[0].name == "conv1"
    assert torch.equal(found[1], module.conv1.weight)


def test_a_fully_connected_layer_has_filters_of_the_size_of_the_image() -> None:
    """A linear classifier adds up an image times a template: the sum over all pixels of the filter is the score."""
    network = cnncalc.load("input 4x5x3\nfc 2")
    module = cnncalc.build(network, seed=0)
    found = first_filters(module, network)
    assert found is not None
    image = torch.rand(1, 3, 4, 5)
    scores = (found[1] * image).sum((1, 2, 3)) + module.fc1.bias
    torch.testing.assert_close(scores, module(image)[0])


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("input 16x3\nconv 3x4 - fc 2", "the input 16x3 has no height and width"),
        ("input 8x8x3\ngap - fc 2", "no layer with weights reads the images themselves"),
    ],
)
def test_what_cannot_be_shown_is_said(tmp_path: Path, spec: str, why: str) -> None:
    part = filters_part(make_subject(tmp_path, spec))
    assert part.text == f"They cannot be shown: {why}."
    assert part.rows == ()


def test_filters_of_other_numbers_of_channels_have_a_row_each() -> None:
    """Two filters of four channels: the largest weight of each filter is red, and the most negative blue."""
    weight = torch.zeros(2, 4, 3, 3)
    weight[0, 1, 0, 0], weight[1, 3, 2, 2] = 2.0, -5.0
    picture = filters_picture(weight)
    side = (picture.shape[0] - 2) // 2
    assert picture.shape[:2] == (2 * side + 2, 4 * side + 3 * 2)
    colours = {tuple(map(int, colour)) for colour in picture[..., :3].reshape(-1, 3)}
    assert {SIGNED[0], SIGNED[2], SIGNED[4]} <= colours


def test_a_spec_of_the_zoo_names_its_filters(tmp_path: Path) -> None:
    part = filters_part(make_subject(tmp_path, "squeezenet1_1"))
    assert part.text == "The weights of conv1, each filter on a scale of its own. Mid-grey is a weight of 0."
    assert part.rows[0].lines == ("conv 3x3x64 s2", "64 filters", "of 3x3x3")
