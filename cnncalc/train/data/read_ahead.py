"""Reading batches in processes beside the training, while one is trained with."""

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

from cnncalc.core.errors import DataError

Read = tuple[torch.Tensor, torch.Tensor, str]
"""Pixels and labels of a batch, and what went wrong with it, or ""."""

Reader = TorchDataset[Read]
"""Reads the batch of a list of indices; in the processes of a DataLoader, from which no error keeps its kind."""


def read_ahead(
    reader: Reader, order: Sequence[torch.Tensor], *, workers: int, device: torch.device
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield a batch for each tensor of indices, and read the next ones meanwhile.

    Args:
        reader: reads a batch.
        order: indices of the images of each batch.
        workers: processes that read; 0 for none beside the training itself.
        device: where batches arrive.

    Raises:
        DataError: for what cannot be read, and where a process that reads is killed.

    """
    try:
        for pixels, labels, fault in _loader(reader, order, workers, device):
            if fault:
                raise DataError("unreadable-image", fault, hints=["replace or delete it"])
            yield pixels.to(device, non_blocking=True), labels.to(device, non_blocking=True)
    except (RuntimeError, OSError, EOFError) as error:
        if isinstance(error, RuntimeError) and "DataLoader worker" not in str(error):
            raise
        raise _worker_died() from None  # the other errors are those of a connection that breaks


def _loader(reader: Reader, order: Sequence[torch.Tensor], workers: int, device: torch.device) -> Iterator[Read]:
    with warnings.catch_warnings(), _own_child_handler():
        warnings.simplefilter("ignore")  # about more workers than cores, and about forking beside threads
        return iter(
            DataLoader(
                reader,
                batch_size=None,  # the reader is asked for whole batches
                sampler=_Batches(order),
                num_workers=min(workers, len(order)),
                pin_memory=device.type == "cuda",
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
