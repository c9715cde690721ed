"""Gradient norms: measured by what a step of plain SGD does to the weights, which is the gradient times the rate."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import cnncalc
from cnncalc.train.checkpoints.tensor_file import unpack
from cnncalc.train.data import DataRequest
from cnncalc.train.progress import EpochGradients, Progress, progress_from
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.history import gradients_text, read_history
from tests.train.runs import Heard, train, weights

Complaint = Callable[..., str]

SPEC = """
input 8x8x1
conv 3x3x6 p1 - bn - relu - pool2
a: conv 3x3x6 p1 nobias - relu
gap - fc 10
"""
RATE = 0.5
ONE_STEP: dict[str, Any] = {
    "optimizer": "sgd",
    "momentum": 0.0,
    "nesterov": False,
    "weight_decay": 0.0,
    "schedule": "constant",
    "learning_rate": RATE,
    "epochs": 1,
    "batch": 200,
}


def recorded(run: str = "run") -> list[dict[str, str]]:
    with Path(run, "gradients.csv").open(newline="") as file:
        return [*csv.DictReader(file)]


def moved(spec: str) -> dict[str, float]:
    """Return how far the parameters of each layer moved in a run of one step, divided by the learning rate."""
    first = cnncalc.build(cnncalc.load(spec), seed=0).state_dict()
    last = unpack(weights("run")["last"]).tensors
    layers = dict.fromkeys(name.rpartition(".")[0] for name in first)
    parts = {layer: [first[name] - last[name] for name in last if name.startswith(f"{layer}.")] for layer in layers}
    return {layer: torch.cat([p.flatten() for p in found]).norm().item() / RATE for layer, found in parts.items()}


@pytest.mark.parametrize("changed", [{}, {"accumulate": 4}, {"channels_last": True}])
def test_norms_are_those_of_the_step(folder: Path, changed: dict[str, Any]) -> None:
    """Layers with weights have a column each, from the input to the output; norms of batches and pools have none."""
    train(SPEC, "run", **ONE_STEP, **changed)
    [row] = recorded()
    assert list(row) == ["epoch", "conv1", "a", "fc1"]
    expected = moved(SPEC)
    assert {name: float(row[name]) for name in ("conv1", "a", "fc1")} == pytest.approx(
        {name: expected[name] for name in ("conv1", "a", "fc1")}, rel=1e-4
    )


def test_norms_are_taken_before_the_gradient_is_clipped(folder: Path) -> None:
    train(SPEC, "run", **ONE_STEP)
    free = recorded()
    train(SPEC, "clipped", **ONE_STEP, clip=1e-3)
    assert recorded("clipped") == free


def test_a_network_without_weights_has_none(folder: Path) -> None:
    train("input 8x8x2\nbn - gap", "run", data=DataRequest("synthetic", limit=64), epochs=1)
    assert not Path("run/gradients.csv").exists()
    assert RunFolder("run").history().gradients == []


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    """Names of layers may hold dots; a norm that was no number is an empty cell."""
    rows = [EpochGradients(2, {"stage1.a": 0.5, "fc1": None}), EpochGradients(3, {"stage1.a": 1e-30, "fc1": 12.0})]
    (tmp_path / "g.csv").write_text(gradients_text(rows))
    assert (tmp_path / "g.csv").read_text() == "epoch,stage1.a,fc1\n2,0.5,\n3,1e-30,12.0\n"
    assert read_history(str(tmp_path / "none.csv"), str(tmp_path / "g.csv")) == ([], rows)


DAMAGED = {
    "epoch,a\n1,x\n": "line 2: `a` is 'x'",
    "epoch,a\n1,nan\n": "line 2: `a` is 'nan'",
    "epoch,a\n1,0.5\n3,0.5\n": "line 3: the epochs are not in order",
    "epoch,a\n1,0.5,0.5\n": "line 2: the cells are not as many as the names of columns",
    "step,a\n1,0.5\n": "line 2: `epoch` is missing",
    "epoch,a\n-1,0.5\n": "line 2: `epoch` is '-1'",
    "epoch,\xff\n": "line 1: it is not UTF-8",
}


@pytest.mark.parametrize("text", DAMAGED)
def test_a_file_that_somebody_changed_is_refused(folder: Path, complaint: Complaint, text: str) -> None:
    Path("g.csv").write_text(text, encoding="latin-1")
    assert complaint(read_history, "none.csv", "g.csv") == (
        f"error[bad-metrics]: `g.csv` is not what cnncalc wrote: {DAMAGED[text]}\n"
        "  = put back the file that `cnncalc train` wrote"
    )


# ---- checkpoints


def test_a_checkpoint_that_is_older_than_gradient_norms_has_none() -> None:
    facts = Progress(step=7, gradients=[EpochGradients(1, {"fc1": 0.5})]).facts()
    assert progress_from(facts).gradients == [EpochGradients(1, {"fc1": 0.5})]
    del facts["gradients"]
    assert progress_from(facts) == Progress(step=7)


@pytest.mark.parametrize(
    "found", [None, 1, [1], [{}], [{"epoch": 1, "norms": [1]}], [{"epoch": 1, "norms": {"a": "x"}}]]
)
def test_what_is_no_gradient_norm_is_refused(complaint: Complaint, found: object) -> None:
    assert complaint(progress_from, {**Progress().facts(), "gradients": found}) == (
        "error[bad-checkpoint]: a checkpoint does not say how far the run had come"
    )


# ---- vanishing


@pytest.mark.parametrize(("activation", "told"), [("sigmoid", 1), ("relu", 0)])
def test_a_deep_stack_of_sigmoids_lets_the_gradient_vanish(folder: Path, activation: str, told: int) -> None:
    """A sigmoid's slope is at most 1/4, so ten of them leave at most a millionth; a ReLU's is 1 or 0."""
    heard = Heard()
    train(f"input 8x8x1\n(fc 32 - {activation})*10 - fc 10", "run", heard=heard, epochs=1)
    assert len([note for note in heard.all("note") if note.endswith("the gradient vanishes.")]) == told
