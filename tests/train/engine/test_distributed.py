"""Two processes under torchrun train one network, and test every image once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from cnncalc.train.checkpoints.tensor_file import unpack
from cnncalc.train.data import DataRequest
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.trained import load_trained
from tests.train.runs import RANDOM, SPEC, train, weights

pytestmark = pytest.mark.slow  # several processes, each of which loads PyTorch

ROOT = Path(__file__).parents[3]
SMOOTH = "input 8x8x1\nconv 3x3x4 p1 - relu - fc 10"
"""Without a norm of batches and without dropout, so that only the sums decide."""
SETTINGS: dict[str, Any] = {"epochs": 2, "batch": 32, "shift": 0, "optimizer": "sgd", "learning_rate": 0.02}


class Shared(NamedTuple):
    """What two processes left behind."""

    folder: Path
    out: str
    err: str
    ranks: list[dict[str, Any]]


def words(settings: dict[str, Any]) -> list[str]:
    return [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Two processes that train two networks one after the other, and are then asked for what is not there.

    200 images to train on in batches of 32 and 121 to test, which is an odd number.
    """
    folder = tmp_path_factory.mktemp("shared")
    images, labels = load_digits(return_X_y=True)
    pixels = (images / 16 * 255).astype(np.uint8).reshape(-1, 8, 8)
    np.savez(
        folder / "d.npz", x_train=pixels[:200], y_train=labels[:200], x_test=pixels[200:321], y_test=labels[200:321]
    )
    options = ["--data", "d.npz", "--device", "cpu"]
    commands = [
        ["train", SPEC, *options, *words(SETTINGS | RANDOM), "--out", "random"],
        ["train", SMOOTH, *options, *words(SETTINGS), "--accumulate", "2", "--quiet", "--out", "smooth"],
        ["train", SMOOTH, "--data", "nowhere", "--device", "cpu"],
    ]
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *(str(Path(__file__).with_name("shared_run.py")), str(folder), json.dumps(commands)),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    ranks = [json.loads((folder / f"rank-{rank}.json").read_text()) for rank in range(2)]
    return Shared(folder, done.stdout, done.stderr, ranks)


@pytest.mark.slow
def test_both_processes_end_with_the_same_weights(shared: Shared) -> None:
    """Those that are trained, and those that are handed out, with the statistics of norms."""
    first, second = shared.ranks
    assert first["statuses"] == second["statuses"] == [0, 0, 1]
    assert first["parameters"] == second["parameters"]
    assert first["handed out"] == second["handed out"]
    assert first["parameters"][0] != first["handed out"][0]  # the average is another


@pytest.mark.slow
def test_one_process_speaks_and_writes(shared: Shared) -> None:
    """Every epoch stands there once; an error that both meet is told once."""
    lines = shared.out.splitlines()
    assert [line.split()[0] for line in lines if line.strip().startswith(("1/2", "2/2"))] == ["1/2", "2/2"]
    assert len([line for line in lines if line.startswith("ended  ")]) == 1
    assert shared.err.count("error[no-such-data]: there is no data set or folder `nowhere`") == 1
    assert (shared.folder / "smooth" / "metrics.csv").read_text().count("\n") == 3


@pytest.mark.slow
def test_every_image_is_tested_once(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    """The accuracy in the table is that of a test in one process, of 121 images."""
    monkeypatch.chdir(shared.folder)
    result, what, *_ = load_trained("random", "last", torch.device("cpu")).test({}, None)
    told = (shared.folder / "random" / "metrics.csv").read_text().splitlines()[-1].split(",")
    assert (what, result.images) == ("the test images of d.npz", 121)
    assert float(told[6]) == result.accuracy
    assert float(told[5]) == pytest.approx(result.loss, rel=1e-5)


def test_two_processes_train_as_one_does(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two parts a step in each: the same batches, the same sums, but for the order of adding."""
    monkeypatch.chdir(shared.folder)
    train(SMOOTH, "alone", data=DataRequest("d.npz"), **SETTINGS)
    alone, together = (unpack(weights(name)["last"]).tensors for name in ("alone", "smooth"))
    for name, value in alone.items():
        torch.testing.assert_close(together[name], value, rtol=1e-4, atol=1e-5)
    for one, two in zip(*(RunFolder(run).history().gradients for run in ("alone", "smooth")), strict=True):
        assert two.norms == pytest.approx(one.norms, rel=1e-3)
