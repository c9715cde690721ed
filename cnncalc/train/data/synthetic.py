"""Images of noise, to measure speed with."""

from __future__ import annotations

import torch

from cnncalc.core.volume import Volume
from cnncalc.train.data.arrays import check_memory
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.in_memory import MemorySplit
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

IMAGES = 10_240
"""Number of images, where nothing else is said."""


class Synthetic(DataSource):
    """Noise of the size of the spec's input."""

    name = "synthetic"
    shown = "`--data synthetic`: noise of any size, to measure speed with"

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Draw the images; see `load_synthetic`."""
        return load_synthetic(volume, outputs or 10, seed=request.seed, images=request.limit)


def load_synthetic(volume: Volume, classes: int, *, seed: int, images: int | None = None) -> Dataset:
    """Draw images and labels, uniformly and independently, from a seed; there is nothing to be learned from them."""
    generator = torch.Generator().manual_seed(seed)
    count = images or IMAGES
    check_memory(f"{count:,} images of {volume}", count * volume.values, "`--limit` draws fewer")
    shape = (count, volume.channels, *volume.spatial)
    pixels = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    labels = torch.randint(classes, (count,), generator=generator)
    return Dataset("synthetic", f"seed {seed}", tuple(map(str, range(classes))), MemorySplit(pixels, labels), None)
