"""Networks for sound, brain waves and clips are trained, resumed, tested and asked, on data that the tests draw."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncalc.commands.cli import run
from cnncalc.train.data import DataRequest
from cnncalc.train.run.signals import Signals
from tests.train.runs import Heard, resume, train, weights

Complaint = Callable[..., str]

M5 = """
input 256x1
rounding floor
conv 8x8 s2 - bn - relu - pool 4
conv 3x16 - bn - relu - pool 4
gap - fc 3 - logsoftmax
"""
EEGNET = """
input 8x32x1
rounding floor
conv 1x8x4 same nobias - bn
dwconv 8x1x8 nobias - bn - elu - avgpool 1x4 - dropout 0.2
dwconv 1x4 same nobias - conv 1x1x8 nobias - bn - elu - avgpool 1x4
fc 3
"""
C3D = """
input 6x12x12x3
conv3-8 - relu - pool 1x2x2
conv3-16 - relu - pool2
gap - fc 3 - softmax
"""


def waves(count: int) -> tuple[Any, Any]:
    """Sound, int16: the three classes are three pitches, in any phase and with noise."""
    draw = np.random.default_rng(0)
    labels, time = np.arange(count) % 3, np.arange(256) / 256
    pitch = np.array([6, 20, 45])[labels, None]
    sound = np.sin(2 * np.pi * (pitch * time + draw.random((count, 1)))) + 0.3 * draw.normal(size=(count, 256))
    return (sound * 8000).astype(np.int16), labels


def brain_waves(count: int) -> tuple[Any, Any]:
    """Volts at 8 electrodes, N x 1 x C x T: each class is a rhythm at electrodes of its own."""
    draw = np.random.default_rng(1)
    labels = np.arange(count) % 3
    values = draw.normal(size=(count, 1, 8, 32))
    for place, label in enumerate(labels):
        values[place, 0, 2 * label : 2 * label + 3] += 2 * np.sin(2 * np.pi * 5 * np.arange(32) / 32 + draw.random())
    return values * 1e-5, labels


def clips(count: int) -> tuple[Any, Any]:
    """Clips N x T x H x W x C of a square: at rest, moving across or moving down."""
    draw = np.random.default_rng(2)
    labels = np.arange(count) % 3
    values = 0.1 * draw.normal(size=(count, 6, 12, 12, 3)).astype(np.float32)
    for place, label in enumerate(labels):
        top, left = draw.integers(0, 4, 2)
        for frame in range(6):
            row, column = top + frame * (label == 2), left + frame * (label == 1)
            values[place, frame, row : row + 3, column : column + 3] += 1
    return values, labels


KINDS: dict[str, tuple[str, Callable[[int], tuple[Any, Any]], dict[str, Any]]] = {
    "M5": (M5, waves, {"epochs": 8}),
    "EEGNet": (EEGNET, brain_waves, {"epochs": 12}),
    "C3D": (C3D, clips, {"epochs": 12, "learning_rate": 0.01}),
}


@pytest.fixture(scope="module", params=KINDS)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run on `.npy` files, 180 samples to train with and 60 to test."""
    spec, make, settings = KINDS[request.param]
    place = tmp_path_factory.mktemp("signals")
    values, labels = make(240)
    for name, part in (("train", slice(0, 180)), ("test", slice(180, 240))):
        np.save(place / f"x_{name}.npy", values[part])
        np.save(place / f"y_{name}.npy", labels[part])
    (place / "net.txt").write_text(spec)
    train(str(place / "net.txt"), str(place / "run"), data=DataRequest(str(place)), **{"batch": 16} | settings)
    return place


@pytest.mark.slow
def test_it_learns_and_is_tested(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(trained / "run"), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.9


@pytest.mark.slow
def test_it_says_what_single_samples_are(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", str(trained / "run"), str(trained / "x_test.npy"), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["predictions"]
    labels = np.load(trained / "y_test.npy").tolist()
    right = [one["classes"][0]["class"] == str(label) for one, label in zip(told, labels, strict=True)]
    assert np.mean(right) > 0.9


@pytest.mark.slow
def test_values_are_normalised_by_those_that_were_learned_from(trained: Path) -> None:
    facts = json.loads((trained / "run" / "run.json").read_text())
    values = np.load(trained / "x_train.npy").astype(np.float64)
    axes = (0, 1, 2, 3) if facts["data_name"] and values.ndim == 5 else None
    assert facts["floats"] is True
    np.testing.assert_allclose(facts["mean"], np.atleast_1d(values.mean(axes)), rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(facts["deviation"], np.atleast_1d(values.std(axes)), rtol=1e-4)


def test_a_run_on_floats_goes_on_to_the_bit(folder: Path) -> None:
    values, labels = waves(60)
    np.savez("d.npz", x=values, y=labels, x_test=values[:9], y_test=labels[:9])
    settings: dict[str, Any] = {"data": DataRequest("d.npz"), "epochs": 3, "shift": 10}
    train(M5, "whole", **settings)
    signals = Signals()
    train(M5, "run", **settings, signals=signals, heard=Heard(epoch=lambda row: signals.receive(15, None)))
    assert len(Path("run/metrics.csv").read_text().splitlines()) == 2
    resume("run")
    assert weights("run") == weights("whole")


def test_floats_are_neither_moved_nor_mirrored_unless_asked(folder: Path) -> None:
    values = np.random.default_rng(0).normal(size=(40, 8, 8, 3))
    np.savez("d.npz", x=values, y=np.arange(40) % 2)
    heard = Heard()
    train("input 8x8x3\nfc 2", "run", data=DataRequest("d.npz"), heard=heard, epochs=1)
    (begun,) = heard.all("begin")
    assert dict(begun.facts)["augmentation"] == "none"


def test_a_run_on_floats_refuses_images_and_bytes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = np.random.default_rng(0).normal(size=(40, 8, 8))
    np.savez("d.npz", x=values, y=np.arange(40) % 2)
    train("input 8x8x1\nfc 2", "run", data=DataRequest("d.npz"), epochs=1)
    np.save("bytes.npy", values.astype(np.uint8))
    assert run(["predict", "run", "photo.png"]) == 1
    assert run(["predict", "run", "bytes.npy"]) == 1
    assert capsys.readouterr().err == (
        "error[data-differs]: `photo.png` is not an array, and the run was trained on floats\n"
        "  = name a .npy file of N samples like those of training\n"
        "error[data-differs]: `bytes.npy[0]` holds bytes, and the run was trained on floats\n"
        "  = store the array as the training data were stored\n"
    )


def test_what_a_run_on_floats_sees_is_drawn(folder: Path) -> None:
    values = np.random.default_rng(0).normal(size=(40, 8, 8))
    np.savez("d.npz", x=values, y=np.arange(40) % 2, x_test=values[:6], y_test=np.arange(6) % 2)
    train("input 8x8x1\nconv 3x3x4 - relu\ngap - fc 2", "run", data=DataRequest("d.npz"), epochs=1)
    assert run(["inspect", "run", "-o", "look.html"]) == 0
    assert run(["report", "run", "-o", "page.html"]) == 0
