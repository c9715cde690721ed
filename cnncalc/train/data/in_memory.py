"""Images and signals that fit in memory: decoded once, kept as bytes or floats on the training device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from cnncalc.core.volume import Volume
from cnncalc.train.data.fingerprint import digest_of_pixels, digest_of_some
from cnncalc.train.data.read_ahead import Read, Reader


class MemorySplit:
    """One part of a data set, with all its pixels in memory.

    Args:
        pixels: uint8 or float32 of shape N x C x H x W, with as many spatial sizes as an image has.
        labels: the targets, as `Split.labels` has them.
        digest: that of the images, where it is not that of the pixels: of files, or of pixels of another size.

    """

    in_memory = True

    def __init__(self, pixels: torch.Tensor, labels: torch.Tensor, digest: bytes | None = None) -> None:
        self._pixels = pixels.contiguous()
        self._labels = labels.to(pixels.device)
        self.labels = labels.cpu()
        self._digest = digest
        self.floats = pixels.is_floating_point()
        self.volume = Volume.of(pixels.shape[2:], pixels.shape[1])

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pixels(self) -> torch.Tensor:
        """All pixels, uint8 or float32 of shape N x C x H x W, on the split's device."""
        return self._pixels

    def to(self, device: torch.device) -> MemorySplit:
        """Return the same images, with pixels and labels on another device."""
        return MemorySplit(self._pixels.to(device), self.labels, self._digest)

    def subset(self, indices: torch.Tensor) -> MemorySplit:
        """Return a copy of the images at some indices, in their order."""
        rows = self._pixels.index_select(0, indices.to(self._pixels.device))
        digest = self._digest and digest_of_some(self._digest, indices)
        return MemorySplit(rows, self.labels[indices.cpu()], digest)

    def digest(self) -> bytes:
        """Return the digest of the images (see `Split.digest`)."""
        return self._digest or digest_of_pixels(self._pixels)

    def batches(
        self, order: Sequence[torch.Tensor], *, seed: int | None = None
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield a batch for each tensor of indices; nothing here is random (see `Split.batches`)."""
        device = self._pixels.device
        for indices in order:
            rows = indices.to(device, non_blocking=True)
            yield self._pixels.index_select(0, rows), self._labels.index_select(0, rows)

    def reader(self, seed: int | None) -> Reader:
        """Return what reads a batch (see `Split.reader`)."""
        return _MemoryReader(self._pixels.cpu(), self.labels)


class _MemoryReader(Reader):
    """Takes whole batches out of memory, in the processes of a DataLoader."""

    def __init__(self, pixels: torch.Tensor, labels: torch.Tensor) -> None:
        self._pixels, self._labels = pixels, labels

    def __getitem__(self, indices: list[int]) -> Read:
        """Return a batch."""
        rows = torch.tensor(indices)
        return self._pixels.index_select(0, rows), self._labels[rows], ""
