"""Images that do not fit in memory: decoded batch by batch, in processes beside the training."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from cnncalc.core.errors import CnncalcError, DataError
from cnncalc.train.data.fingerprint import digest_of_files, mark_of_size
from cnncalc.train.data.fit import ImageFit, centre_box
from cnncalc.train.data.images import Crop, Unusable, quiet_pillow, random_crop, read_pixels
from cnncalc.train.data.mask_files import MaskFiles

_Read = tuple[torch.Tensor, torch.Tensor, str]
"""Pixels and targets of a batch, and what went wrong with it, or ""."""


class StreamedSplit:
    """One part of a data set, as files that are read when they are needed.

    Args:
        paths: the files.
        labels: the target of each, as `Split.labels` has it.
        fit: what each becomes, and how.
        workers: processes that read; 0 for none beside the training itself.
        device: where batches arrive.
        masks: the targets, where they are masks.

    """

    in_memory = False

    def __init__(
        self,
        paths: Sequence[str],
        labels: torch.Tensor,
        fit: ImageFit,
        *,
        workers: int = 2,
        device: torch.device | None = None,
        masks: MaskFiles | None = None,
    ) -> None:
        self._paths = paths
        self.labels = labels
        self.volume = fit.volume
        self._fit = fit
        self._workers = workers
        self._device = device or torch.device("cpu")
        self._masks = masks

    def __len__(self) -> int:
        return len(self._paths)

    def to(self, device: torch.device) -> StreamedSplit:
        """Return the same images, whose batches arrive on another device."""
        return self._with(self._paths, self.labels, device, self._masks)

    def subset(self, indices: torch.Tensor) -> StreamedSplit:
        """Return the images at some indices, in their order."""
        rows = indices.cpu()
        masks = self._masks and self._masks.at(rows.tolist())
        return self._with([self._paths[row] for row in rows.tolist()], self.labels[rows], self._device, masks)

    def digest(self) -> bytes:
        """Return the digest of the files' names and sizes (see `Split.digest`)."""
        paths = [*self._paths, *(self._masks.paths if self._masks else ())]
        return digest_of_files(paths, map(mark_of_size, paths))

    def _with(
        self, paths: Sequence[str], labels: torch.Tensor, device: torch.device, masks: MaskFiles | None
    ) -> StreamedSplit:
        return StreamedSplit(paths, labels, self._fit, workers=self._workers, device=device, masks=masks)

    def batches(
        self, order: Sequence[torch.Tensor], *, seed: int | None = None
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield a batch for each tensor of indices (see `Split.batches`), and read the next ones meanwhile.

        Where images are cropped, each is cropped at random when there is a seed, and in the middle else.

        Raises:
            DataError: for a file that cannot be decoded, and where a process that reads is killed.

        """
        try:
            for pixels, labels, fault in self._loader(order, seed):
                if fault:
                    raise DataError("unreadable-image", fault, hints=["replace or delete it"])
                yield pixels.to(self._device, non_blocking=True), labels.to(self._device, non_blocking=True)
        except (RuntimeError, OSError, EOFError) as error:
            if isinstance(error, RuntimeError) and "DataLoader worker" not in str(error):
                raise
            raise _worker_died() from None  # the other errors are those of a connection that breaks

    def _loader(self, order: Sequence[torch.Tensor], seed: int | None) -> Iterator[_Read]:
        with warnings.catch_warnings(), _own_child_handler():
            warnings.simplefilter("ignore")  # about more workers than cores, and about forking beside threads
            return iter(
                DataLoader(
                    _Reader(self._paths, self.labels, self._fit, seed, self._masks),
                    batch_size=None,  # the reader is asked for whole batches
                    sampler=_Batches(order),
                    num_workers=min(self._workers, len(order)),
                    pin_memory=self._device.type == "cuda",
                    worker_init_fn=_leave_signals_to_training,
                    generator=torch.Generator(),  # so that nothing is drawn from the one that training draws from
                )
            )


class _Batches(Iterable[list[int]]):
    """The indices of each batch as plain numbers, made when they are needed."""

    def __init__(self, order: Sequence[torch.Tensor]) -> None:
        self._order = order

    def __iter__(self) -> Iterator[list[int]]:
        return (indices.tolist() for indices in self._order)


class _Reader(TorchDataset[_Read]):
    """Reads whole batches, in the processes of a DataLoader."""

    def __init__(
        self,
        paths: Sequence[str],
        labels: torch.Tensor,
        fit: ImageFit,
        seed: int | None,
        masks: MaskFiles | None,
    ) -> None:
        self._paths, self._masks = paths, masks
        self._labels = labels
        self._fit = fit
        self._seed = seed

    def __getitem__(self, indices: list[int]) -> _Read:
        """Return a batch. A fault comes back as text: from another process no error keeps its kind."""
        labels = self._labels[indices]
        try:
            with quiet_pillow():
                return self._read(indices), self._targets(indices), ""
        except Unusable as unusable:
            return torch.empty(0), labels, f"cannot read {unusable}"
        except CnncalcError as error:
            return torch.empty(0), labels, error.message

    def _read(self, indices: list[int]) -> torch.Tensor:
        volume = self._fit.volume
        pixels = torch.empty((len(indices), volume.channels, *volume.spatial), dtype=torch.uint8)
        for row, index in enumerate(indices):
            pixels[row] = read_pixels(self._paths[index], self._fit, self._crop(index)).pixels
        return pixels

    def _targets(self, indices: list[int]) -> torch.Tensor:
        """Return the targets of a batch; a mask is cut as its image is, since the crop depends on the index alone."""
        if self._masks is None:
            return self._labels[indices]
        return torch.stack([self._masks.read(index, self._fit, self._crop(index)) for index in indices])

    def _crop(self, index: int) -> Crop:
        return centre_box if self._seed is None else random_crop(self._seed, index)


@contextmanager
def _own_child_handler() -> Iterator[None]:
    """Undo the handler with which PyTorch would raise an error the moment a worker dies.

    It would be raised wherever the training is just then, be it in the middle of writing a checkpoint. Without it the
    loader notices within seconds, when it waits for the next batch.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGCHLD"):
        yield
        return
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        if before is not None:  # else it is none of Python's
            signal.signal(signal.SIGCHLD, before)


def _leave_signals_to_training(worker: int) -> None:
    """Let Ctrl-C and what else is sent to the whole group reach the training only, which then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgrp"):  # not on Windows
        os.setpgrp()


def _worker_died() -> DataError:
    hints = [
        "most often memory ran out, or shared memory (/dev/shm) is too small",
        "`--workers 0` reads in the training process, without shared memory",
    ]
    return DataError("worker-died", "a process that reads images was killed", hints=hints)
