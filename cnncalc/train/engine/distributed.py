"""The processes that train together: one, or those that torchrun or srun started."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import torch
from torch import Tensor, distributed, nn

from cnncalc.core.errors import SpecError
from cnncalc.train.launch import Launch, launched


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


_ANOTHER_ENDED = re.compile(r"Connection (closed by peer|reset)|remote process exited|Broken pipe")
"""What gloo and NCCL say where a process that others wait for is gone."""

MEETING_SECONDS = 300
"""How long process 0 of srun waits for the others."""


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the other processes, if there are any, and leave them in the end."""
    launch = launched()
    if launch.size == 1:
        yield Processes()
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    try:
        _meet(launch, backend)
    except (RuntimeError, ValueError) as error:
        raise _not_met(launch, str(error).splitlines()[0]) from None
    try:
        processes = Processes(distributed.get_rank(), distributed.get_world_size(), launch.local_rank)
        yield processes
        processes.wait()  # the process that leaves first would close the connections of the others
    except RuntimeError as error:
        if _ANOTHER_ENDED.search(str(error)) is None:
            raise
        message = f"process {launch.rank} of {launch.size} lost its connection: another process of the run has ended"
        raise SpecError("no-world", message, hints=["see what that process wrote"]) from None
    finally:
        distributed.destroy_process_group()


def _meet(launch: Launch, backend: str) -> None:
    """Let the processes find each other: as torchrun says, or at the machine of process 0."""
    if not launch.address:
        distributed.init_process_group(backend)
        return
    host, _, port = launch.address.rpartition(":")
    wait = timedelta(seconds=MEETING_SECONDS)
    store = distributed.TCPStore(host, int(port), launch.size, is_master=launch.rank == 0, timeout=wait)  # type: ignore[attr-defined]  # torch documents it and does not list it
    distributed.init_process_group(backend, store=store, rank=launch.rank, world_size=launch.size)


def _not_met(launch: Launch, reason: str) -> SpecError:
    if not launch.address:
        message = f"the processes of torchrun do not find each other: {reason}"
        return SpecError("no-world", message, hints=["start them with: torchrun --nproc-per-node 2 -m cnncalc train …"])
    message = f"the {launch.size} tasks of SLURM do not find each other at {launch.address}: {reason}"
    hints = ["start every task: srun cnncalc train …", "or train in one process: SLURM_NTASKS=1 cnncalc train …"]
    return SpecError("no-world", message, hints=hints)
