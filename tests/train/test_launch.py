"""Which process this is among several: as torchrun says, as SLURM's srun says, or alone."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable

import pytest
import torch

from cnncalc.train.engine import distributed
from cnncalc.train.launch import Launch, first_host, job, launched, restarted

Complaint = Callable[..., str]
STEP = {
    "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1",
    "SLURM_NTASKS": "8",
    "SLURM_JOB_NODELIST": "gpu[07-08]",
    "SLURM_JOB_ID": "1234567",
}


@pytest.fixture(autouse=True)
def blank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the surroundings of the tests have set."""
    for name in list(os.environ):
        if re.match(r"SLURM_|TORCHELASTIC_|MASTER_|(WORLD_SIZE|RANK|LOCAL_RANK)$", name):
            monkeypatch.delenv(name)


def told(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_a_process_is_alone() -> None:
    assert (launched(), restarted(), job()) == (Launch(0, 1, 0, ""), False, "")


def test_torchrun_brings_its_processes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also inside of a job of SLURM, whose own tasks are then machines."""
    told(monkeypatch, **STEP, WORLD_SIZE="4", RANK="3", LOCAL_RANK="1")
    assert launched() == Launch(3, 4, 1, "")


def test_srun_numbers_its_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Task 0 waits on the first machine; the port depends on the job, so that two jobs on a machine do not meet."""
    told(monkeypatch, **STEP)
    assert launched() == Launch(5, 8, 1, f"gpu07:{20_000 + 1234567 % 20_000}")
    told(monkeypatch, MASTER_ADDR="login", MASTER_PORT="29501")
    assert launched().address == "login:29501"


def test_on_one_machine_it_is_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name need not be known to its own resolver."""
    told(monkeypatch, **{**STEP, "SLURM_JOB_NODELIST": "workstation"})
    monkeypatch.delenv("SLURM_JOB_ID")
    assert launched().address == "127.0.0.1:29500"


def test_a_step_of_one_task_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """`srun --pty bash` in an allocation of eight tasks is a step of one."""
    told(monkeypatch, **STEP, SLURM_STEP_NUM_TASKS="1")
    assert launched().size == 1


@pytest.mark.parametrize(
    ("machines", "first"),
    [
        ("node1", "node1"),
        ("node1,node2", "node1"),
        ("gpu[07-09,12],big1", "gpu07"),
        ("gpu[3,5]", "gpu3"),
        ("rack[1-2]node[04-07]", "rack1node04"),
        ("a-b-[001-128]-x", "a-b-001-x"),
    ],
)
def test_the_first_machine_of_a_list(machines: str, first: str) -> None:
    """The notation is that of `scontrol show hostnames`."""
    assert first_host(machines) == first


def test_a_restart_is_told_by_both(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, TORCHELASTIC_RESTART_COUNT="1", TORCHELASTIC_RUN_ID="none")
    assert (restarted(), job()) == (True, "")
    told(monkeypatch, TORCHELASTIC_RESTART_COUNT="0", TORCHELASTIC_RUN_ID="cifar")
    assert (restarted(), job()) == (False, "cifar")
    told(monkeypatch, SLURM_RESTART_COUNT="2")
    assert restarted()


@pytest.mark.parametrize(
    ("name", "ask", "sets"),
    [
        ("WORLD_SIZE", launched, "torchrun"),
        ("LOCAL_RANK", launched, "torchrun"),
        ("TORCHELASTIC_RESTART_COUNT", restarted, "torchrun"),
        ("SLURM_PROCID", launched, "srun"),
        ("SLURM_NTASKS", launched, "srun"),
    ],
)
def test_what_is_no_number_in_the_environment(
    name: str, ask: Callable[[], object], sets: str, complaint: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script of a cluster may have set these; the error says which, and how to go on without them."""
    told(monkeypatch, **({**STEP, name: "x"} if sets == "srun" else {name: "x"}))
    assert complaint(ask) == (
        f"error[no-world]: {name} in the environment is 'x', not a number\n"
        f"  = {sets} sets it; without {sets}: unset {name}"
    )


@pytest.mark.slow
def test_tasks_that_nobody_started_are_an_error(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script of sbatch that forgets `srun` is task 0 of two, and waits for the other no longer than it should."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told(
        monkeypatch,
        **{**STEP, "SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_JOB_NODELIST": "here"},
        MASTER_PORT=port,
    )
    monkeypatch.setattr(distributed, "MEETING_SECONDS", 1)

    def join() -> None:
        with distributed.joined_processes(torch.device("cpu")):
            pass

    first, *hints = complaint(join).splitlines()
    assert first.startswith(f"error[no-world]: the 2 tasks of SLURM do not find each other at 127.0.0.1:{port}: ")
    assert hints == [
        "  = start every task: srun cnncalc train …",
        "  = or train in one process: SLURM_NTASKS=1 cnncalc train …",
    ]
