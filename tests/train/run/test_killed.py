"""Real processes and real signals: a run that is killed goes on, and ends with the weights that it would have had."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnncalc.train.data import DataRequest
from tests.train.runs import RANDOM, SPEC, resume, train, weights

ROOT = Path(__file__).parents[3]
EPOCHS = 14
DATA = DataRequest("digits", limit=600)
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that takes a second, with everything random in it."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(SPEC, str(out), data=DATA, epochs=EPOCHS, **RANDOM)
    return out


def started(*arguments: str) -> subprocess.Popen[str]:
    """Start ``cnncalc train`` with a thread of its own; what it says can be read."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "cnncalc", "train", *arguments, "--device", "cpu"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, encoding="utf-8"
    )


def begun(out: str) -> subprocess.Popen[str]:
    """Begin the run that `uninterrupted` is; a checkpoint is due at every look."""
    options = {
        **RANDOM,
        "speed": "plain",
        "epochs": EPOCHS,
        "batch": 32,
        "learning_rate": 0.02,
        "limit": 600,
        "data": "digits",
    }
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return started(SPEC, *words, "--checkpoint-every", "0s", "--out", out)


def has_come_to(process: subprocess.Popen[str], epoch: int) -> None:
    """Wait until a process says what an epoch came to; one that says nothing for long is ended."""
    assert process.stdout is not None
    watch = threading.Timer(PATIENCE_SECONDS, process.kill)
    watch.start()
    try:
        for line in process.stdout:
            if line.strip().startswith(f"{epoch}/{EPOCHS} "):
                return
    finally:
        watch.cancel()
    raise AssertionError(f"the process ended before: {process.stderr and process.stderr.read()}")


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a process's end; return its status and what else it said."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out, err


@pytest.mark.slow
def test_killed_twice_at_a_random_moment(uninterrupted: Path, folder: Path) -> None:
    """SIGKILL leaves no time for a word. The weights of the best and of the last epoch are the same to the bit."""
    moment = random.Random(0)
    first = begun("run")
    has_come_to(first, 3)
    time.sleep(moment.uniform(0, 0.1))
    first.kill()
    assert ended(first)[0] == -signal.SIGKILL

    second = started("--resume", "run")
    has_come_to(second, 9)
    time.sleep(moment.uniform(0, 0.1))
    second.kill()
    assert ended(second)[0] == -signal.SIGKILL

    assert resume("run").complete
    assert weights("run") == weights(uninterrupted)
    assert not [path.name for path in Path("run").rglob(".*")]


def stops(process: subprocess.Popen[str], epoch: int, number: signal.Signals) -> tuple[int, str]:
    """Send a signal to a process after an epoch; return its status and why the run says it ended."""
    has_come_to(process, epoch)
    process.send_signal(number)
    status, out, err = ended(process)
    assert err == ""
    assert "  cnncalc train --resume run   continues the run\n" in out
    [reason] = [line for line in out.splitlines() if line.startswith("ended  ")]
    return status, reason.removeprefix("ended").split(",")[0].strip()


@pytest.mark.slow
def test_a_signal_saves_and_leaves(uninterrupted: Path, folder: Path) -> None:
    """The status is the shell's for the signal, and nothing is lost of what was trained."""
    assert stops(begun("run"), 2, signal.SIGTERM) == (143, "stopped by SIGTERM")
    assert stops(started("--resume", "run"), 8, signal.SIGINT) == (130, "interrupted with Ctrl-C")
    assert resume("run").complete
    assert weights("run") == weights(uninterrupted)
