"""Processes that count designs: they start without a word where Ctrl-C is pressed meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing import active_children
from pathlib import Path

import pytest

from cnncalc.design.running import _parts

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no masks of signals")


def blocked(designs: Sequence[int]) -> set[int]:
    """Return the signals that are blocked in the process that counts."""
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


@pytest.mark.slow
def test_ctrl_c_is_blocked_in_processes_from_their_start_on() -> None:
    """A terminal sends it to all of them; the one that handed out the work answers, and hears it as before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with _parts(blocked, iter([[1], [2]]), 2) as parts:  # type: ignore[arg-type]
        masks = list(parts)
    assert all(signal.SIGINT in mask for mask in masks)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


COUNTS = """
import sys, os
from cnncalc.design import running

def count(designs):
    return os.getpid()

if __name__ == "__main__":
    with running._parts(count, iter([[1], [2], [3]]), 1 + 1) as parts:
        print(*{part for part in parts}, flush=True)
        sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked for in /proc")
def test_processes_end_with_the_one_that_handed_out_the_work(tmp_path: Path) -> None:
    """Where that one is killed and can tell them nothing."""
    script = tmp_path / "counts.py"
    script.write_text(COUNTS)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        others = [Path("/proc", number) for number in parent.stdout.readline().split()]
        assert others
        parent.kill()
    end = time.monotonic() + 60
    while any(each.exists() and "Z" not in (each / "stat").read_text().split()[2] for each in others):
        assert time.monotonic() < end
        time.sleep(0.05)


class BrokenOff(BaseException):
    """What Ctrl-C raises."""


def broken_off() -> Iterator[list[int]]:
    """Hand out three parts, and be broken off before a process is ready to count one."""
    yield from ([1], [2], [3])
    raise BrokenOff


@pytest.mark.slow
def test_what_is_broken_off_while_processes_start_ends() -> None:
    """They would wait for work for ever, and this process for them."""
    with pytest.raises(BrokenOff), _parts(blocked, broken_off(), 2) as parts:  # type: ignore[arg-type]
        list(parts)
    assert active_children() == []
