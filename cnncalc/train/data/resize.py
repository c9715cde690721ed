"""Bringing images to the size of the spec's input."""

from __future__ import annotations

from typing import cast

import torch

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.train.data.dataset import Dataset, Split
from cnncalc.train.data.in_memory import MemorySplit

_AT_A_TIME = 1024
"""Images that are resized together, so that little memory is needed beside the result."""

Box = tuple[float, float, float, float]
"""A part of an image: left, top, right and bottom, in pixels."""


def centre_box(width: int, height: int, volume: Volume) -> Box:
    """Return the largest part in the middle of an image that has the proportions of a volume."""
    high, wide = volume.spatial
    scale = min(width / wide, height / high)
    across, down = min(wide * scale, width), min(high * scale, height)  # rounding must not lead out of the image
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down


def resized(dataset: Dataset, volume: Volume, how: str) -> Dataset:
    """Resize images that are in memory to the spatial sizes of a volume, where that is asked for.

    Raises:
        DataError: for data that are no images of two dimensions.

    """
    if how == "none":
        return dataset
    found = next((split.volume for _, split in dataset.parts() if split.volume.spatial != volume.spatial), volume)
    if found != volume and {len(found), len(volume)} != {3}:
        message = f"only images of two dimensions can be resized, and not {found} to {volume}"
        raise DataError("data-differs", message)
    return dataset._replace(
        train=_resized(dataset.train, volume, how),
        validation=dataset.validation and _resized(dataset.validation, volume, how),
        test=dataset.test and _resized(dataset.test, volume, how),
    )


def _resized(split: Split, volume: Volume, how: str) -> Split:
    if split.volume.spatial == volume.spatial:
        return split
    from torchvision.transforms.v2 import functional

    pixels = cast("MemorySplit", split).pixels  # what is streamed is resized while it is read
    digest = split.digest()  # of the images as they are, since another version may resize to other bits
    high, wide = pixels.shape[2:]
    left, top, right, bottom = (0, 0, wide, high) if how == "stretch" else map(round, centre_box(wide, high, volume))
    part = pixels[:, :, top:bottom, left:right]
    chunks = [functional.resize(chunk, list(volume.spatial), antialias=True) for chunk in torch.split(part, _AT_A_TIME)]
    return MemorySplit(torch.cat(chunks), split.labels, digest)
