"""An optimizer is one class in one file: written in a file of its own, everything knows it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory
from cnncalc.optimizers import OPTIMIZERS, Optimizer, readers, register
from tests.oracle.torch_memory import fake_mode, tracked_peak, with_memory
from tests.train.run.test_killed import ended, has_come_to
from tests.train.runs import SPEC, weights

OURS = Path(__file__).with_name("nadam.py")
OPTIONS = {"data": "digits", "limit": 300, "optimizer": "nadam", "epochs": 14, "batch": 32, "device": "cpu"}
RUN = [SPEC, *(word for name, value in OPTIONS.items() for word in (f"--{name}", str(value)))]


def started(*arguments: str) -> subprocess.Popen[str]:
    """Start the command line with the optimizer in it."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(OURS.parents[2]), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, str(OURS), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_it_trains_is_killed_and_goes_on(tmp_path: Path) -> None:
    """A killed run ends with the weights that it would have had; the state has a scalar that no other one has."""
    whole, killed = str(tmp_path / "whole"), str(tmp_path / "killed")
    assert ended(started("train", *RUN, "--out", whole))[0] == 0
    process = started("train", *RUN, "--checkpoint-every", "0s", "--out", killed)
    has_come_to(process, 3)
    process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    status, _, err = ended(started("train", "--resume", killed, "--device", "cpu"))
    assert (status, err) == (0, "")
    assert weights(killed) == weights(whole)


@pytest.mark.slow
def test_the_help_names_it() -> None:
    """In the choices of the option, and behind the settings that it reads."""
    _, out, _ = ended(started("train", "--help"))
    words = " ".join(out.split())
    assert "adadelta|adam|adamw|muon|rmsprop|sgd|nadam" in words
    assert "β1 (adam, adamw, nadam)" in words


def test_memory_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prediction of a step is the tracker's peak, to the byte."""
    from tests.optimizers.nadam import NAdam

    OPTIMIZERS.pop("nadam", None)  # importing the file registered it for good
    monkeypatch.setitem(OPTIMIZERS, "nadam", NAdam())
    network = cnncalc.load("alexnet")
    module = cnncalc.build(network, device="meta")
    with fake_mode():
        module = with_memory(module)
        stepper = torch.optim.NAdam(module.parameters(), foreach=True)
        expected = tracked_peak(module, network, 2, stepper=stepper)
    setup = TrainingSetup(batch=2, optimizer="nadam", device="cpu")
    assert predict_memory(network, setup).peak_bytes == expected


def test_two_optimizers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two optimizers are called 'sgd'"):

        @register
        class Another(Optimizer):
            name = "sgd"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_and_prediction_agree(name: str) -> None:
    """What `cnncalc memory` assumes where nothing is said is what `cnncalc train` does."""
    from cnncalc.train.engine.step_memory import setup_of
    from cnncalc.train.recipe.presets import load_recipe

    optimizer = OPTIMIZERS[name]
    recipe = load_recipe("default", {"optimizer": name, "weight_decay": optimizer.weight_decay})
    trained = setup_of(recipe, 8, torch.device("cuda"))
    asked = TrainingSetup(batch=8, optimizer=name, implementation=optimizer.trains_with)
    assert trained.effective_momentum == asked.effective_momentum
    assert trained.effective_weight_decay == asked.effective_weight_decay
    assert trained.state_tensors == asked.state_tensors


def test_settings_name_their_readers() -> None:
    assert readers("momentum") == "Momentum (muon, rmsprop, sgd) or β1 (adam, adamw)"
    assert readers("rho") == "Smoothing α (rmsprop) or ρ (adadelta)"
