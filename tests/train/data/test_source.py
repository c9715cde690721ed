"""A data source is one class in one file: written in a file of its own, everything knows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.train.data import SOURCES, DataRequest, load_dataset
from tests.train.data.stripes import Stripes

OURS = Path(__file__).with_name("stripes.py")
SPEC = "conv 3x3x4 p1 - relu - maxpool 2x2 s2 - fc 2"


def run(*arguments: str) -> tuple[int, str, str]:
    """Run the command line with the source in it."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(OURS.parents[3])}
    done = subprocess.run(
        [sys.executable, str(OURS), *arguments], capture_output=True, text=True, env=environment, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_it_trains_goes_on_and_is_tested(tmp_path: Path) -> None:
    """`auto` takes it for its input; the run goes on with it, and is tested on it."""
    out = str(tmp_path / "run")
    status, said, err = run("train", SPEC, "--input", "12x12x1", "--epochs", "2", "--device", "cpu", "--out", out)
    assert (status, err) == (0, "")
    assert "stripes, since the input is 12x12x1" in said
    assert run("train", "--resume", out, "--device", "cpu")[0] == 0
    status, told, err = run("evaluate", out, "--format", "json", "--device", "cpu")
    assert (status, err) == (0, "")
    assert json.loads(told)["accuracy"] > 0.95  # stripes are told apart by anyone


def test_who_does_not_know_it_says_what_there_is() -> None:
    """A mistyped name is answered with the names that there are, this one among them once it is registered."""
    with pytest.raises(DataError) as caught:
        load_dataset(DataRequest("strips"), Volume((12, 12, 1)))
    names = "auto, digits, mnist, fashion-mnist, cifar10, cifar100, synthetic"
    assert caught.value.hints == (f"known are {names}, and the paths of folders, .npz and .csv files",)
    SOURCES.append(Stripes())
    try:
        with pytest.raises(DataError) as caught:
            load_dataset(DataRequest("strips"), Volume((12, 12, 1)))
    finally:
        SOURCES.pop()
    assert caught.value.hints == (
        "did you mean `stripes`?",
        f"known are {names}, stripes, and the paths of folders, .npz and .csv files",
    )
