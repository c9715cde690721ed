"""Sizes of Caffe that follow from the input: of the one that the caller gives, in the place of the file's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

import cnncalc as package

from .test_caffe_training import conv, layer

ZOOM = layer("Interp", "data", "y", "interp_param { zoom_factor: 2 }")
SHRINK = layer("Interp", "data", "y", "interp_param { shrink_factor: 2 }")
LIKE_THE_INPUT = layer("Pooling", "data", "p", "pooling_param { kernel_size: 2 stride: 2 }") + layer(
    "Interp", "p data", "y"
)
CROP = layer("Pooling", "data", "p", "pooling_param { kernel_size: 3 stride: 2 }") + layer(
    "Crop", "data p", "y", "crop_param { offset: 1 }"
)
RESHAPE = layer("Reshape", "data", "y", "reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } }")


def interpolated(height: int, width: int, images: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(images, (height, width), mode="bilinear", align_corners=True)


@pytest.mark.parametrize("own", ["", " input_dim: 1 input_dim: 4 input_dim: 8 input_dim: 8"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ZOOM, lambda x: interpolated(23, 17, x)),  # 12 + 11 and 9 + 8
        (SHRINK, lambda x: interpolated(6, 5, x)),
        (LIKE_THE_INPUT, lambda x: interpolated(12, 9, functional.max_pool2d(x, 2, ceil_mode=True))),
        (CROP, lambda x: x[:, :, 1:7, 1:5]),  # to 6x4, as the windows of 3x3 make
        (RESHAPE, lambda x: x.reshape(2, 2, 24, 9)),
    ],
)
def test_sizes_follow_from_the_input_that_is_given(own: str, text: str, expected: object) -> None:
    """Whether the file says another input, or none."""
    network = package.load(f'input: "data"{own}\n{text}', input="12x9x4")
    images = torch.rand(2, 4, 12, 9) - 0.5
    torch.testing.assert_close(package.build(network)(images), expected(images))  # type: ignore[operator]


def test_sizes_follow_from_each_of_several_inputs() -> None:
    """The label of the second is another one than its name, which is a word of specs."""
    dimensions = "input_dim: 1 input_dim: 4 input_dim: 8 input_dim: 8"
    text = f'input: "left" {dimensions}\ninput: "input" {dimensions}\n' + conv("left", "c", 5)
    text += layer("Interp", "c input", "y") + layer("Concat", "y input", "z")
    network = package.load(text, input={"left": "6x6x4", "input_": "10x12x4"})
    assert str(network.output) == "10x12x9"
