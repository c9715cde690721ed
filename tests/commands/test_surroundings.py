"""Where a command runs: folders that are gone, an environment that others have filled."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc


def test_a_folder_that_has_been_deleted(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The calculator needs no folder; PyTorch does, and would end the process without an error of Python's."""
    monkeypatch.chdir(tmp_path)
    with tempfile.TemporaryDirectory() as gone:
        monkeypatch.chdir(gone)
    assert cnncalc("params", "fc 10", "--input", "4x4x1").status == 0
    done = cnncalc("verify", "fc 10", "--input", "4x4x1")
    assert done == (
        1,
        "",
        "error[no-folder]: the current folder has been deleted\n  = change to one that is there: cd\n",
    )


def test_a_rank_that_is_no_number_keeps_nobody_silent(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the other processes of torchrun leave an error to the first."""
    words = ("train", "fc 10", "--input", "4x4x1", "--data", "missing", "--device", "cpu")
    monkeypatch.setenv("LOCAL_RANK", "zero")
    assert cnncalc(*words).err.startswith("error[")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert cnncalc(*words).err == ""
