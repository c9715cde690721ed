"""What ``cnncalc evaluate`` finds, next to a computation by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from sklearn import metrics
from torch.nn import functional

import cnncalc as library
from cnncalc.core.volume import Volume
from cnncalc.train.data import DataRequest, load_dataset
from tests.commands.conftest import Cnncalc

# ---- next to a computation by hand


def by_hand(folder: Path, weights: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits and labels of the test images, with nothing of the run but its files.

    The weights are a plain state dict of the module that `cnncalc.build` makes of the run's spec.
    """
    module = library.build(library.load(folder / "spec.txt")).eval()
    module.load_state_dict(load_file(folder / f"{weights}.safetensors"), strict=True)
    facts = json.loads((folder / "run.json").read_text())
    test = load_dataset(DataRequest("digits"), Volume((8, 8, 1)), classes=10).test
    assert test is not None
    [(pixels, labels)] = test.batches([torch.arange(len(test))])
    images = (pixels / 255 - facts["mean"][0]) / facts["deviation"][0]
    with torch.no_grad():
        return module(images).flatten(1).log(), labels  # the spec ends in a softmax


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["best", "last"])
def test_a_test_is_what_scikit_learn_makes_of_the_files(cnncalc: Cnncalc, first: Path, weights: str) -> None:
    logs, labels = by_hand(first / "first", weights)
    done = cnncalc("evaluate", "first", "--weights", weights, "--format", "json")
    data = json.loads(done.out)

    assert (done.status, data["images"], data["weights"]) == (0, 360, weights)
    assert data["accuracy"] == metrics.accuracy_score(labels, logs.argmax(1)) > 0.5
    assert data["confusion"] == metrics.confusion_matrix(labels, logs.argmax(1)).tolist()
    shares = metrics.precision_recall_fscore_support(labels, logs.argmax(1))
    for name, expected in zip(("precision", "recall", "f1"), shares, strict=False):
        assert data[name] == pytest.approx(expected)
        assert data[f"macro_{name}"] == pytest.approx(expected.mean())
    assert data["top5_accuracy"] == metrics.top_k_accuracy_score(labels, logs, k=5, labels=range(10))
    assert data["loss"] == pytest.approx(functional.nll_loss(logs, labels).item(), rel=1e-4)


def test_what_was_trained_in_fp16_is_tested_on_a_cpu(cnncalc: Cnncalc, first: Path) -> None:
    """In float32, which a CPU has; nobody is told to train anew."""
    exact = cnncalc("evaluate", "first").out
    recipe = first / "first" / "recipe.toml"
    recipe.write_text(recipe.read_text().replace('precision = "float32"', 'precision = "fp16"'))
    assert 'precision = "fp16"' in recipe.read_text()
    done = cnncalc("evaluate", "first", "--device", "cpu")
    assert (done.status, done.out, done.err) == (0, exact, "")


def test_a_test_is_what_training_measured(cnncalc: Cnncalc, first: Path) -> None:
    """The row of the best epoch in the run's metrics, and that of the last."""
    rows = [line.split(",") for line in (first / "first" / "metrics.csv").read_text().splitlines()]
    accuracies = [float(row[rows[0].index("accuracy")]) for row in rows[1:]]
    for weights, accuracy in (("best", max(accuracies)), ("last", accuracies[-1])):
        data = json.loads(cnncalc("evaluate", "first", "--weights", weights, "--format", "json").out)
        assert data["accuracy"] == accuracy
        assert data["epoch"] == (accuracies.index(accuracy) + 1 if weights == "best" else len(accuracies))
