"""Processes that count designs: they start without a word where Ctrl-C is pressed meanwhile."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from multiprocessing import active_children

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
