"""Drawn scenes: bright discs and squares on dark noise, with their masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.uint8]

UNET = """
input 32x32x1
down1: conv 3x3x8 p1 - bn - relu
pool2
down2: conv 3x3x16 p1 - bn - relu
pool2
conv 3x3x24 p1 - bn - relu
deconv 2x2x16 s2 - concat( @down2 | ) - conv 3x3x16 p1 - bn - relu
deconv 2x2x8 s2 - concat( @down1 | ) - conv 3x3x8 p1 - bn - relu
conv 1x1x3
"""
"""A small U-Net."""

UNPADDED = """
input 44x44x1
down1: conv 3x3x12 - bn - relu
pool2
conv 3x3x24 - bn - relu
conv 3x3x24 p1 - bn - relu
deconv 2x2x12 s2 - concat( @down1 - crop 2 | ) - conv 3x3x12 - bn - relu
conv 1x1x3
"""
"""A small U-Net without padding, whose output is 36x36."""


def scenes(count: int, seed: int, size: int = 32) -> tuple[Array, Array]:
    """Return images and masks, uint8 [count x size x size]: class 1 is a disc, class 2 a square."""
    draw = np.random.default_rng(seed)
    images = draw.integers(0, 90, (count, size, size), dtype=np.uint8)
    masks = np.zeros_like(images)
    down, across = np.mgrid[:size, :size]
    for image, mask in zip(images, masks, strict=True):
        for label in (1, 2):
            radius = draw.integers(size // 8, size // 4)
            row, column = draw.integers(radius, size - radius, 2)
            disc = (down - row) ** 2 + (across - column) ** 2 <= radius**2
            square = (abs(down - row) <= radius) & (abs(across - column) <= radius)
            shape = disc if label == 1 else square
            mask[shape] = label
            image[shape] = draw.integers(150, 200) if label == 1 else draw.integers(205, 256)
    return images, masks


def write_scenes(path: Path, *, train: int = 60, test: int = 20, size: int = 32) -> None:
    """Write them as an .npz file."""
    (x_train, y_train), (x_test, y_test) = scenes(train, 0, size), scenes(test, 1, size)
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
