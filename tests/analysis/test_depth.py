"""The number of layers with weights is what the networks are named after, or what their papers say."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.analysis.depth import depth_of

PUBLISHED = {
    "lenet5": 5,
    "alexnet": 8,  # Krizhevsky et al., 2012: "eight learned layers: five convolutional and three fully connected"
    "vgg11": 11,
    "vgg16": 16,
    "vgg19": 19,
    "resnet18": 18,
    "resnet34": 34,
    "resnet50": 50,
    "resnet101": 101,
    "resnet152": 152,
    "googlenet": 22,  # Szegedy et al., 2014: "22 layers deep when counting only layers with parameters"
    "inception_v3": 48,
    "densenet121": 121,
    "densenet169": 169,
    "densenet201": 201,
    "mobilenet_v2": 53,
    "senet154": 154,  # Hu et al., 2017; the two layers of each excitation are not among them
    "se_resnet50": 50,
    "unet": 23,  # Ronneberger et al., 2015: "in total the network has 23 convolutional layers"
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_depths(name: str) -> None:
    assert depth_of(cnncalc.load(name)).longest_path == PUBLISHED[name]


def test_norms_and_projections_are_not_on_the_path() -> None:
    """ResNet-18 has 17 convolutions of 3x3 or 7x7, 3 projections of 1x1 and a fully connected layer."""
    assert depth_of(cnncalc.load("resnet18")) == (17 + 3, 1, 17 + 1)


def test_a_network_without_weights_has_no_depth() -> None:
    assert depth_of(cnncalc.load("relu - maxpool 2x2", input="4x4x1")) == (0, 0, 0)
