"""Who started this process, and which of several it is: torchrun's environment, or that of SLURM's srun. No torch."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten

PORT = 29_500
"""Where processes of srun meet when neither MASTER_PORT nor the job's number says a port."""


class Launch(NamedTuple):
    """A process among those that were started together.

    Attributes:
        rank: its number, from 0.
        size: how many there are.
        local_rank: its number on its machine.
        address: the machine and the port where process 0 waits for the others; "" where torchrun brings them together.

    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    address: str = ""


def launched() -> Launch:
    """Return which process this is: torchrun's variables first, then those of srun, else the only one.

    Raises:
        SpecError: where another program has set them to something else.

    """
    if "WORLD_SIZE" in os.environ or "LOCAL_RANK" in os.environ:
        return Launch(_told("RANK", 0), _told("WORLD_SIZE", 1), _told("LOCAL_RANK", 0))
    tasks = "SLURM_STEP_NUM_TASKS" if "SLURM_STEP_NUM_TASKS" in os.environ else "SLURM_NTASKS"
    size = _told(tasks, 1)
    if "SLURM_PROCID" not in os.environ or "SLURM_JOB_NODELIST" not in os.environ or size < 2:
        return Launch()
    return Launch(_told("SLURM_PROCID", 0), size, _told("SLURM_LOCALID", 0), f"{_first_machine()}:{_port()}")


def restarted() -> bool:
    """Say whether these processes were started again: by torchrun after a fault, or by SLURM after a requeue."""
    return _told("TORCHELASTIC_RESTART_COUNT", 0) > 0 or _told("SLURM_RESTART_COUNT", 0) > 0


def job() -> str:
    """Return the name of the job that torchrun runs, which a restart keeps; empty where it has none of its own."""
    name = os.environ.get("TORCHELASTIC_RUN_ID", "")
    return "" if name == "none" else name


def _first_machine() -> str:
    """Return where process 0 is: MASTER_ADDR, or the first machine of the job; this one where there is no other."""
    given = os.environ.get("MASTER_ADDR")
    machines = os.environ["SLURM_JOB_NODELIST"]
    if given:
        return given
    return first_host(machines) if re.search(r"[\[,]", machines) else "127.0.0.1"


def first_host(machines: str) -> str:
    """Return the first name of a list as SLURM writes it: ``gpu[07-09,12],big1`` begins with ``gpu07``."""
    first = re.split(r",(?![^\[]*\])", machines)[0]
    return re.sub(r"\[([^\],-]+)[^\]]*\]", r"\1", first)


def _port() -> int:
    """Return the port where the processes meet: MASTER_PORT, or one that other jobs on the machine do not have."""
    number = _told("SLURM_JOB_ID", 0)
    return _told("MASTER_PORT", 20_000 + number % 20_000 if number else PORT)


def _told(name: str, usual: int) -> int:
    """Return a number that torchrun or srun puts into the environment.

    Raises:
        SpecError: where another program has set something else.

    """
    written = os.environ.get(name, str(usual))
    if re.fullmatch(r"[0-9]{1,9}", written) is None:
        message = f"{name} in the environment is {shorten(repr(written))}, not a number"
        sets = "srun" if name.startswith("SLURM") else "torchrun"
        raise SpecError("no-world", message, hints=[f"{sets} sets it; without {sets}: unset {name}"])
    return int(written)
