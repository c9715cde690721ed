"""What training sees of a data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import torch

from cnncalc.core.volume import Volume
from cnncalc.train.data.kinds import CLASSES
from cnncalc.train.data.read_ahead import Reader


class Split(Protocol):
    """One part of a data set: the training images, or the test images.

    Attributes:
        labels: the target of every image, always on the CPU, as the data set's `Dataset.kind` has it; of masks that
            are read with their images, an empty tensor of shape [N, 0].
        volume: the volume of one image, channels last.
        floats: whether the values are float32, as they are in the data; else they are bytes.
        in_memory: whether the decoded pixels are held in memory; else they are read batch by batch.

    """

    @property
    def labels(self) -> torch.Tensor: ...  # noqa: D102

    @property
    def volume(self) -> Volume: ...  # noqa: D102

    @property
    def floats(self) -> bool: ...  # noqa: D102

    @property
    def in_memory(self) -> bool: ...  # noqa: D102

    def __len__(self) -> int: ...

    def to(self, device: torch.device) -> Split:
        """Return the same images for another device: pixels in memory are moved, batches of a stream arrive there."""
        ...

    def subset(self, indices: torch.Tensor) -> Split:
        """Return the images at some indices, in their order."""
        ...

    def digest(self) -> bytes:
        """Return 32 bytes that differ where the images or their order differ; see `fingerprint`."""
        ...

    def batches(
        self, order: Sequence[torch.Tensor], *, seed: int | None = None
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the images and targets of one batch for each tensor of indices, in that order.

        Args:
            order: indices of the images of each batch, int64, on any device.
            seed: None when evaluating. When training, what is random per image (the random crop of a
                stream) depends on this and on the image's index alone: the same whatever the number of
                workers, and from whichever batch the epoch is resumed.

        Yields:
            Pixels, uint8 or float32 (see ``floats``), of shape N x C x H x W (as many spatial sizes as the volume has)
            and contiguous, and targets as in ``labels`` (masks always whole), both on the split's device.

        """
        ...

    def reader(self, seed: int | None) -> Reader:
        """Return what reads batches, on the CPU, also in another process; the seed is as in `batches`."""
        ...


class Dataset(NamedTuple):
    """A data set that has been read.

    Attributes:
        name: the name it goes by: ``mnist``, or that of its folder or file.
        where: where it was read from, for people.
        classes: the names of the classes, the labels or the numbers that images are learned as.
        train, test, validation: its parts; the last two are None where it has none.
        skipped: the images left out since they could not be used, a line for each: path and reason.
        chosen: where the choice was left open, what was picked and why; else "".
        notes: how the files were understood, where that is not plain, a sentence each.
        kind: what the targets of its splits are, one of `kinds.KINDS`.

    """

    name: str
    where: str
    classes: tuple[str, ...]
    train: Split
    test: Split | None
    skipped: tuple[str, ...] = ()
    chosen: str = ""
    validation: Split | None = None
    notes: tuple[str, ...] = ()
    kind: str = CLASSES

    def parts(self) -> Iterator[tuple[str, Split]]:
        """Go through the parts that there are, each with what its images are called: ``training``, …."""
        yield "training", self.train
        if self.validation is not None:
            yield "validation", self.validation
        if self.test is not None:
            yield "test", self.test


def spread(count: int, limit: int | None) -> torch.Tensor:
    """Return at most ``limit`` of the indices below ``count``, evenly spaced, int64."""
    if limit is None or limit >= count:
        return torch.arange(count)
    return torch.arange(limit) * count // limit
