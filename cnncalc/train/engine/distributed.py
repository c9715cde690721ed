"""The processes that train together: one, or those that torchrun started."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, distributed, nn

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten


class Processes(NamedTuple):
    """A process among all that train together.

    Attributes:
        rank: its number, from 0. Process 0 writes; all compute.
        size: how many there are.
        local_rank: its number on its machine, which is the number of its GPU.

    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def writes(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    @property
    def shared(self) -> bool:
        """Whether there are others."""
        return self.size > 1

    def total(self, values: Tensor) -> Tensor:
        """Return the sum over all processes of a tensor that each of them has."""
        if self.shared:
            values = values.clone()
            distributed.all_reduce(values)
        return values

    def largest(self, values: Tensor) -> Tensor:
        """Return the largest of all processes' values, one by one."""
        if self.shared:
            values = values.clone()
            distributed.all_reduce(values, distributed.ReduceOp.MAX)
        return values

    def share_buffers(self, module: nn.Module) -> None:
        """Give all processes the buffers of process 0: the running statistics of norms differ in each."""
        if self.shared:
            for buffer in module.buffers():
                distributed.broadcast(buffer, 0)

    def agree_on(self, text: str) -> str:
        """Return the text of process 0."""
        if not self.shared:
            return text
        holder: list[str] = [text]
        distributed.broadcast_object_list(holder, 0)
        return holder[0]

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.shared:
            distributed.barrier()


def started_by_torchrun() -> bool:
    """Say whether several processes were started together."""
    return _told("WORLD_SIZE", 1) > 1


def restarted() -> bool:
    """Say whether torchrun has started these processes again, after a fault or a change of their number."""
    return _told("TORCHELASTIC_RESTART_COUNT", 0) > 0


def local_rank() -> int:
    """Return this process's number on its machine, from 0."""
    return _told("LOCAL_RANK", 0)


def _told(name: str, usual: int) -> int:
    """Return a number that torchrun puts into the environment.

    Raises:
        SpecError: where somebody else has put something there.

    """
    written = os.environ.get(name, str(usual))
    if re.fullmatch(r"[0-9]{1,9}", written) is None:
        message = f"{name} in the environment is {shorten(repr(written))}, not a number"
        raise SpecError("no-world", message, hints=[f"torchrun sets it; without torchrun: unset {name}"])
    return int(written)


def job() -> str:
    """Return the name of the job that torchrun runs, which a restart keeps; empty where it has none of its own."""
    name = os.environ.get("TORCHELASTIC_RUN_ID", "")
    return "" if name == "none" else name


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the other processes, if there are any, and leave them in the end."""
    if not started_by_torchrun():
        yield Processes()
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    try:
        distributed.init_process_group(backend)
    except (RuntimeError, ValueError) as error:
        message = f"the processes of torchrun do not find each other: {str(error).splitlines()[0]}"
        hints = ["start them with: torchrun --nproc-per-node 2 -m cnncalc train …"]
        raise SpecError("no-world", message, hints=hints) from None
    try:
        processes = Processes(distributed.get_rank(), distributed.get_world_size(), local_rank())
        yield processes
        processes.wait()  # whoever leaves first would take the connections away from the others
    finally:
        distributed.destroy_process_group()
