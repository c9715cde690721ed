"""What makes images hard to learn from is said once, before the first step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnncalc.train.data import DataRequest
from tests.train.runs import Heard, train


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 8, 8), dtype=np.uint8)


def hints(counts: list[int], **settings: object) -> list[str]:
    """Train on so many images of each class, and return what is said."""
    labels = np.repeat(np.arange(len(counts)), counts)
    images = pictures(len(labels) + 2)
    np.savez("d.npz", x_train=images[2:], y_train=labels, x_test=images[:2], y_test=[0, 1])
    heard = Heard()
    train("input 8x8x1\nfc 2", "run", data=DataRequest("d.npz"), heard=heard, **settings)
    (begun,) = heard.all("begin")
    return [text for word, text in begun.facts if word == "hint"]


@pytest.mark.parametrize(
    ("counts", "settings", "said"),
    [
        ([30, 30], {"batch": 2, "epochs": 2}, []),
        (
            [100, 10],
            {"batch": 2, "epochs": 1},
            ["class 1 has 10 images to train on, and class 0 100: --balance weights or sampling may help"],
        ),
        (
            [9, 40],
            {"batch": 1, "epochs": 2},
            ["class 0 has 9 images to train on: more images, or trained --weights, help"],
        ),
        (
            [30, 30],
            {"batch": 60, "epochs": 3},
            ["the run has 3 steps: a smaller --batch or more --epochs give it more"],
        ),
    ],
    ids=["enough", "uneven", "few images", "few steps"],
)
def test_what_is_said(folder: Path, counts: list[int], settings: dict[str, object], said: list[str]) -> None:
    assert hints(counts, **settings) == said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"flip": "random"},
            [
                "images are mirrored and moved, and their numbers stay: "
                "use --flip none --shift 0 if these are places or angles"
            ],
        ),
        ({"shift": 1}, ["images are moved, and their numbers stay: use --shift 0 if these are places or angles"]),
        ({"shift": 0}, []),
    ],
)
def test_numbers_stay_where_images_move(folder: Path, settings: dict[str, object], said: list[str]) -> None:
    images = pictures(62)
    np.savez("d.npz", x_train=images[2:], y_train=np.linspace(-2, 2, 60), x_test=images[:2], y_test=[0.5, 1])
    heard = Heard()
    train("input 8x8x1\nfc 1", "run", data=DataRequest("d.npz"), heard=heard, **{"batch": 1, "epochs": 1} | settings)
    (begun,) = heard.all("begin")
    assert [text for word, text in begun.facts if word == "hint"] == said


@pytest.mark.parametrize(
    ("tested", "validated", "said"),
    [
        ([1, 70], [90, 91], "1 of 2 test images is"),
        ([5, 6, 70], None, "2 of 3 test images are"),
        ([70, 71], [90, 5], "1 of 2 validation images is"),
        ([70, 71], None, None),
    ],
    ids=["a test image", "two of three", "a validation image", "none"],
)
def test_images_that_are_tested_and_trained_on_are_counted(
    folder: Path, tested: list[int], validated: list[int] | None, said: str | None
) -> None:
    images, names = pictures(100), np.arange(60) % 2
    more = {} if validated is None else {"x_val": images[validated], "y_val": np.arange(len(validated))}
    np.savez(
        "d.npz", x_train=images[:60], y_train=names, x_test=images[tested], y_test=np.arange(len(tested)) % 2, **more
    )
    heard = Heard()
    train("input 8x8x1\nfc 2", "run", data=DataRequest("d.npz"), heard=heard, batch=1, epochs=1)
    (begun,) = heard.all("begin")
    wanted = [f"{said} among the training images, too: what is measured on them says little about new ones"]
    assert [text for word, text in begun.facts if word == "hint"] == (wanted if said else [])
