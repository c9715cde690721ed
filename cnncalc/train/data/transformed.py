"""Training images that torchvision augments one by one, in processes beside the training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from cnncalc.train.data.dataset import Split
from cnncalc.train.data.read_ahead import Read, Reader, read_ahead
from cnncalc.train.data.transforms import ImageTransforms


class TransformedSplit:
    """One part of a data set, whose images are changed at random where there is a seed.

    Args:
        split: the images as they are; those in memory are on the CPU.
        transforms: what changes them.
        workers: processes that read and change; 0 for none beside the training itself.
        device: where batches arrive.

    """

    in_memory = False

    def __init__(
        self, split: Split, transforms: ImageTransforms, *, workers: int = 2, device: torch.device | None = None
    ) -> None:
        self._split, self._transforms, self._workers = split, transforms, workers
        self._device = device or torch.device("cpu")
        self.labels, self.volume, self.floats = split.labels, split.volume, split.floats

    def __len__(self) -> int:
        return len(self._split)

    def to(self, device: torch.device) -> TransformedSplit:
        """Return the same images, whose batches arrive on another device."""
        return TransformedSplit(self._split, self._transforms, workers=self._workers, device=device)

    def subset(self, indices: torch.Tensor) -> TransformedSplit:
        """Return the images at some indices, in their order."""
        some = self._split.subset(indices)
        return TransformedSplit(some, self._transforms, workers=self._workers, device=self._device)

    def digest(self) -> bytes:
        """Return the digest of the images as they are."""
        return self._split.digest()

    def batches(
        self, order: Sequence[torch.Tensor], *, seed: int | None = None
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield a batch for each tensor of indices (see `Split.batches`), and make the next ones meanwhile."""
        return read_ahead(self.reader(seed), order, workers=self._workers, device=self._device)

    def reader(self, seed: int | None) -> Reader:
        """Return what reads a batch (see `Split.reader`)."""
        reader = self._split.reader(seed)
        return reader if seed is None else _TransformingReader(reader, self._transforms, seed)


class _TransformingReader(Reader):
    """Changes what another one reads."""

    def __init__(self, reader: Reader, transforms: ImageTransforms, seed: int) -> None:
        self._reader, self._transforms, self._seed = reader, transforms, seed

    def __getitem__(self, indices: list[int]) -> Read:
        """Return a batch, changed."""
        pixels, targets, fault = self._reader[indices]
        if fault or not len(pixels):
            return pixels, targets, fault
        return *self._transforms.batch(pixels, targets, indices, self._seed), ""
