"""Predicted masks as PNG files, with a palette that tells the classes apart."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

from PIL import Image
from torch import Tensor

from cnncalc.core.writing import make_folder, write_file


def palette() -> list[int]:
    """Return red, green and blue of 256 classes as PASCAL VOC has them: the bits of a class, spread over colours."""
    colours = []
    for label in range(256):
        red, green, blue, rest = 0, 0, 0, label
        for bit in range(7, -1, -1):
            red |= (rest & 1) << bit
            green |= (rest >> 1 & 1) << bit
            blue |= (rest >> 2 & 1) << bit
            rest >>= 3
        colours += [red, green, blue]
    return colours


def mask_png(mask: Tensor) -> bytes:
    """Return a mask, uint8 of shape H x W, as a PNG file whose pixels are indices of the palette."""
    picture = Image.fromarray(mask.numpy()).convert("P")
    picture.putpalette(palette())
    data = io.BytesIO()
    picture.save(data, format="PNG")
    return data.getvalue()


def write_masks(masks: Sequence[tuple[str, Tensor]], folder: str) -> list[str]:
    """Write a PNG file for each image into a folder, and return their paths.

    Each has the name of its image; of images of one name, in several folders, the later ones get a number.

    Raises:
        WriteError: where the folder or a file cannot be written.

    """
    make_folder(folder)
    written: list[str] = []
    for path, mask in masks:
        stem = os.path.splitext(os.path.basename(path))[0]
        name, number = f"{stem}.png", 2
        while os.path.join(folder, name) in written:
            name, number = f"{stem}-{number}.png", number + 1
        write_file(mask_png(mask), os.path.join(folder, name))
        written.append(os.path.join(folder, name))
    return written
