"""What is larger than the machine: one error in place of a process that is killed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.train.data.files import load

Complaint = Callable[..., str]


def test_noise_that_no_machine_holds(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnncalc.train.data.arrays.installed_memory", lambda: 2**34)
    assert complaint(load, "synthetic", "1000000x1000000x3") == (
        "error[bad-data]: 10,240 images of 1000000x1000000x3: 27.3 PiB of memory are needed;"
        " this machine has 16.0 GiB\n"
        "  = `--limit` draws fewer"
    )


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")]
)
def test_memory_that_runs_out_while_reading(
    complaint: Complaint, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """NumPy's way of saying it, and PyTorch's."""

    def full(*arguments: object) -> None:
        raise error

    monkeypatch.setattr("cnncalc.train.data.load._read", full)
    assert complaint(load, "digits", "8x8x1") == (
        "error[out-of-memory]: memory ran out while `digits` was read\n"
        "  = smaller images take less\n"
        "  = a folder is read batch by batch, where it is larger than 4 GiB"
    )


def test_other_errors_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("another")

    monkeypatch.setattr("cnncalc.train.data.load._read", broken)
    with pytest.raises(RuntimeError, match=r"^another$"):
        load("digits", "8x8x1")
