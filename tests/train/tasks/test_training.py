"""Every task trains, goes on to the bit where it was stopped, and is tested as it was in training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cnncalc.train.data import DataRequest
from cnncalc.train.run.signals import Signals
from cnncalc.train.run.trained import load_trained
from tests.train.runs import Heard, resume, train, weights
from tests.train.tasks.scenes import UNET, UNPADDED, scenes, write_scenes

Complaint = Callable[..., str]
BODY = "input 16x16x1\nconv 3x3x6 p1 - bn - relu - pool2 - dropout 0.2\n"
SMALL = {
    "classes": f"{BODY}gap - fc 3",
    "labels": f"{BODY}gap - fc 2 - sigmoid",
    "binary": f"{BODY}gap - fc 1 - sigmoid",
    "regression": f"{BODY}gap - fc 2",
    "masks": "input 16x16x1\nconv 3x3x6 p1 - bn - relu - dropout 0.2 - conv 1x1x3 - softmax",
    "one channel": "input 16x16x1\nconv 3x3x6 p1 - bn - relu - conv 1x1x1 - sigmoid",
    "auxiliary": f"{BODY}mid: conv 3x3x6 p1 - relu\ngap\nhead: fc 3\n@mid - conv 3x3x6 p1 - relu - gap\nmain: fc 3\n"
    "output @main @head",
}
"""A network for each task."""
RANDOM: dict[str, Any] = {"shift": 1, "cutout": 2, "flip": "random", "ema": 0.9, "epochs": 3, "batch": 8}
FIRST = {
    "classes": "accuracy",
    "labels": "mean_ap",
    "binary": "accuracy",
    "regression": "rmse",
    "masks": "mean_iou",
    "one channel": "mean_iou",
    "auxiliary": "accuracy",
}


def write_data(name: str, folder: Path) -> DataRequest:
    """Write scenes with targets for a task."""
    (images, masks), (tested, test_masks) = scenes(40, 0, 16), scenes(16, 1, 16)
    targets = {
        "masks": lambda found: found,
        "one channel": lambda found: found > 0,
        "labels": lambda found: np.stack([(found == label).sum((1, 2)) > 20 for label in (1, 2)], 1).astype(int),
        "binary": lambda found: ((found > 0).mean((1, 2)) > 0.25).astype(int),
        "regression": lambda found: np.stack([(found == label).mean((1, 2)) for label in (1, 2)], 1),
    }.get(name, lambda found: np.arange(len(found)) % 3)
    np.savez(folder / "d.npz", x_train=images, y_train=targets(masks), x_test=tested, y_test=targets(test_masks))
    return DataRequest("d.npz")


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_stopped_run_goes_on_to_the_bit(folder: Path, name: str) -> None:
    """Everything random is on: layers, flips, shifts, cutout."""
    data = write_data(name, folder)
    whole = Heard()
    train(SMALL[name], "whole", data=data, heard=whole, **RANDOM)
    signals = Signals()
    train(
        SMALL[name],
        "part",
        data=data,
        signals=signals,
        heard=Heard(epoch=lambda row: signals.receive(15, None)),
        **RANDOM,
    )
    assert resume("part").complete
    assert weights("part") == weights("whole")
    rows = [row.columns() for row in whole.all("epoch")]
    assert all(row[FIRST[name]] is not None for row in rows)
    assert list(rows[0]) == Path("part/metrics.csv").read_text().splitlines()[0].split(",")


@pytest.mark.parametrize("name", SMALL)
def test_a_test_comes_to_what_training_said(folder: Path, name: str) -> None:
    """`evaluate` finds the score of the best epoch again, by the main output alone."""
    data = write_data(name, folder)
    ended = train(SMALL[name], "run", data=data, **RANDOM | {"epochs": 2})
    facts = json.loads(Path("run/run.json").read_text())
    assert facts["data"]["task"] == {"auxiliary": "classes", "one channel": "masks"}.get(name, name)
    trained = load_trained("run", "best", torch.device("cpu"))
    tested = trained.test({}, None).score
    assert tested.metrics[FIRST[name]] == pytest.approx(ended.best_score, rel=1e-6)
    assert ended.measure.name == FIRST[name]


@pytest.mark.slow
def test_a_unet_finds_discs_and_squares(folder: Path) -> None:
    """Mean IoU over background, discs and squares, of scenes that it has not seen."""
    write_scenes(folder / "scenes.npz", train=200, test=40)
    ended = train(UNET, "run", data=DataRequest("scenes.npz"), epochs=12, batch=16, learning_rate=0.01)
    assert ended.best_score is not None
    assert ended.best_score >= 0.9


@pytest.mark.slow
def test_a_unet_without_padding_learns_the_middle_of_masks(folder: Path) -> None:
    """Its output is 36x36 of 44x44: it is tested on the middle, and predicts it."""
    write_scenes(folder / "scenes.npz", train=200, test=40, size=44)
    ended = train(UNPADDED, "run", data=DataRequest("scenes.npz"), epochs=8, batch=16, learning_rate=0.01)
    trained = load_trained("run", "best", torch.device("cpu"))
    images, masks = scenes(40, 1, 44)
    with torch.no_grad():
        prepared = trained.augmenter.plain(torch.tensor(images)[:, None])
        taken = trained.module(prepared).argmax(1)
    true = torch.tensor(masks)[:, 4:40, 4:40]
    pairs = [(taken == label, true == label) for label in range(3)]
    iou = sum(float((found & there).sum() / (found | there).sum()) for found, there in pairs) / 3
    assert ended.best_score == pytest.approx(iou, rel=1e-6)
    assert iou >= 0.8


@pytest.mark.parametrize("name", SMALL)
def test_noise_can_be_learned_as_anything(folder: Path, name: str) -> None:
    """`synthetic` draws targets for the task, to measure speed with."""
    task = {"auxiliary": "classes", "one channel": "masks"}.get(name, name)
    data = DataRequest("synthetic", limit=20, task=task)
    assert train(SMALL[name], "run", data=data, epochs=1, batch=8).complete


def test_an_error_gets_smaller_and_the_smallest_is_the_best(folder: Path) -> None:
    """Of numbers the smallest error is the best, and the first outputs lie around the mean."""
    images = scenes(40, 0, 16)[0]
    np.savez("d.npz", x=images, y=1000 + images.mean((1, 2)), x_test=images, y_test=1000 + images.mean((1, 2)))
    heard = Heard()
    ended = train(f"{BODY}gap - fc 1", "run", data=DataRequest("d.npz"), heard=heard, epochs=2, batch=8)
    errors = [row.score for row in heard.all("epoch")]
    assert ended.best_score == min(errors)
    assert errors[0] < 100


def test_auxiliary_outputs_count_with_their_weight(folder: Path) -> None:
    """Without them the same network trains as one that has no such output, to the bit."""
    data = write_data("classes", folder)
    plain = SMALL["auxiliary"].replace("output @main @head", "output @main")
    quiet: dict[str, Any] = {"epochs": 1, "batch": 8, "ema": 0.0}
    train(SMALL["auxiliary"], "off", data=data, auxiliary_weight=0.0, **quiet)
    train(plain, "plain", data=data, **quiet)
    train(SMALL["auxiliary"], "on", data=data, **quiet)
    losses = [
        float(Path(run, "metrics.csv").read_text().splitlines()[1].split(",")[3]) for run in ("off", "plain", "on")
    ]
    assert losses[0] == losses[1] < losses[2]


@pytest.mark.parametrize(
    ("name", "spec", "task", "complains"),
    [
        (
            "masks", "input 17x17x1\nconv 3x3x3 s2 - relu", "masks",
            "error[no-classifier]: the network's output is 8x8x3; a classifier needs one output per class\n"
            "  = end it with `gap - fc 10`, or `fc 10`, for as many classes as there are\n"
            "  = or make it as large as the input, 17x17x1, for a class of each pixel",
        ),
        (
            "classes", SMALL["classes"], "masks",
            "error[no-task]: --task masks needs a class for each pixel, and the network's output is 1x1x3\n"
            "  = its output is as large as its input, with a channel per class",
        ),
        (
            "classes", SMALL["binary"], "classes",
            "error[no-task]: --task classes needs one output per class, at least two, "
            "and the network's output is 1x1x1\n"
            "  = end it with `fc 2` or more",
        ),
        (
            "masks", SMALL["masks"].replace("x3 -", "x2 -"), "auto",
            "error[data-differs]: the masks of d.npz have 3 classes, and the network's output 2 channels\n"
            "  = write a layer with 3 channels in line 2 in place of `conv 1x1x2`",
        ),
        (
            "masks", SMALL["classes"], "auto",
            "error[bad-data]: y_train in `{folder}/d.npz` holds masks, uint8 of shape 40 x 16 x 16, "
            "and the network has no output for each pixel\n"
            "  = masks are learned with an output as large as the input",
        ),
        (
            "labels", SMALL["labels"].replace("fc 2", "fc 3"), "auto",
            "error[data-differs]: d.npz has 2 labels, and the network 3 outputs\n"
            "  = write `fc 2` in line 3 in place of `fc 3`",
        ),
    ],
)  # fmt: skip
def test_what_goes_not_together(
    folder: Path, complaint: Complaint, name: str, spec: str, task: str, complains: str
) -> None:
    """One error, before anything is written."""
    data = write_data(name, folder)._replace(task=task)
    assert complaint(train, spec, "run", data=data) == complains.replace("{folder}", str(folder))
    assert not Path("run").exists()
