"""Images of noise, to measure speed with."""

from __future__ import annotations

import torch

from cnncalc.core.volume import Volume
from cnncalc.train.data.arrays import check_memory
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.in_memory import MemorySplit
from cnncalc.train.data.kinds import CLASSES, KIND_OF_TASK, LABELS, MASKS, NUMBERS
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
        kind = KIND_OF_TASK.get(request.task, CLASSES)
        count = outputs or 10
        classes = 2 if count == 1 and kind in (CLASSES, MASKS) else count
        return load_synthetic(volume, classes, kind, seed=request.seed, images=request.limit)


def load_synthetic(
    volume: Volume, classes: int, kind: str = CLASSES, *, seed: int, images: int | None = None
) -> Dataset:
    """Draw images and targets, uniformly and independently, from a seed; there is nothing to be learned from them."""
    generator = torch.Generator().manual_seed(seed)
    count = images or IMAGES
    check_memory(f"{count:,} images of {volume}", count * volume.values, "`--limit` draws fewer")
    shape = (count, volume.channels, *volume.spatial)
    pixels = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    split = MemorySplit(pixels, _targets(kind, classes, count, volume, generator))
    return Dataset("synthetic", f"seed {seed}", tuple(map(str, range(classes))), split, None, kind=kind)


def _targets(kind: str, names: int, images: int, volume: Volume, generator: torch.Generator) -> torch.Tensor:
    """Draw targets as `Split.labels` has them."""
    if kind == LABELS:
        return torch.randint(2, (images, names), generator=generator).float()
    if kind == NUMBERS:
        return torch.rand((images, names), generator=generator)
    shape = (images, *volume.spatial) if kind == MASKS else (images,)
    drawn = torch.randint(names, shape, generator=generator)
    return drawn.to(torch.uint8) if kind == MASKS else drawn
