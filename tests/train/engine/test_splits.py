"""What a run trains on, what it is tested on after every epoch, and what is kept for the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cnncalc.train.data import DataRequest, Dataset, MemorySplit
from cnncalc.train.engine.devices import choose_device
from cnncalc.train.engine.splits import held_back, missing_classes, run_splits, validation_share
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.trained import load_trained
from tests.train.data.files import write_images
from tests.train.runs import Heard, train

Complaint = Callable[..., str]
SPEC = "input 8x8x3\ngap - fc 2"


def split(*labels: int) -> MemorySplit:
    """Return images of one pixel, whose values are their places, with some labels."""
    return MemorySplit(torch.arange(len(labels), dtype=torch.uint8).view(-1, 1, 1, 1), torch.tensor(labels))


def dataset(*labels: int, classes: int = 3, **parts: MemorySplit | None) -> Dataset:
    """Return a data set of small images."""
    return Dataset("mine", "here", tuple("abcdefgh"[:classes]), split(*labels), **{"test": None, **parts})


LABELS = [0, 1, 2] * 10
OTHERS = {"test": split(0, 1), "validation": split(2, 1)}


@pytest.mark.parametrize(
    ("parts", "asked", "share"),
    [
        ({}, 0.0, 0.1),
        ({}, 0.3, 0.3),
        ({"test": OTHERS["test"]}, 0.0, 0.0),
        ({"test": OTHERS["test"]}, 0.3, 0.3),
        ({"validation": OTHERS["validation"]}, 0.0, 0.0),
        (OTHERS, 0.0, 0.0),
    ],
)
def test_a_share_is_kept_where_it_is_asked_for_or_nothing_else_is_there(
    parts: dict[str, MemorySplit], asked: float, share: float
) -> None:
    assert validation_share(Recipe(validation=asked), dataset(*LABELS, **parts)) == share


def test_a_share_beside_validation_images_is_refused(complaint: Complaint) -> None:
    assert complaint(validation_share, Recipe(validation=0.3), dataset(*LABELS, **OTHERS)) == (
        "error[bad-recipe]: mine has 2 validation images of its own\n"
        "  = leave `--validation` out: the best epoch is chosen on them"
    )


def test_what_is_kept_is_not_trained_on() -> None:
    """Together they are all images, and each class gives the same share."""
    data, recipe = dataset(*LABELS), Recipe(validation=0.2)
    splits = run_splits(data, recipe, None)
    pixels = [part.pixels.flatten().tolist() for part in (splits.train, splits.tested)]
    assert sorted(pixels[0] + pixels[1]) == list(range(30))
    assert torch.bincount(splits.tested.labels).tolist() == [2, 2, 2]
    assert held_back(data, recipe).digest() == splits.tested.digest()
    assert (splits.test, splits.validates) == (None, True)


@pytest.mark.parametrize(
    ("parts", "tested", "test", "validates"),
    [
        ({"test": OTHERS["test"]}, "test", None, False),
        ({"validation": OTHERS["validation"]}, "validation", None, True),
        (OTHERS, "validation", "test", True),
    ],
)
def test_with_both_the_best_epoch_is_chosen_on_the_validation_images(
    parts: dict[str, MemorySplit], tested: str, test: str | None, validates: bool
) -> None:
    splits = run_splits(dataset(*LABELS, **parts), Recipe(), None)
    assert splits.tested is parts[tested]
    assert splits.test is (parts[test] if test else None)
    assert splits.validates == validates


def test_classes_without_images_are_named() -> None:
    """One that is never trained, and three with too few images to give one for validation."""
    data = dataset(*[0] * 20, *[1] * 20, 2, 3, 4, classes=6)
    assert missing_classes(run_splits(data, Recipe(validation=0.1), None)) == (
        "1 of 6 classes have no image to train with: f; 4 of 6 classes have no image to validate with: c, d, e, f"
    )
    assert missing_classes(run_splits(dataset(*LABELS), Recipe(validation=0.1), None)) == ""


def test_single_images_of_every_class_cannot_be_split(complaint: Complaint) -> None:
    assert complaint(run_splits, dataset(0, 1, 2), Recipe(validation=0.4), None) == (
        "error[too-few-images]: no class has two images: none can be kept for validation\n"
        "  = add images, or a folder `val` or `test` with others"
    )


# ---- a whole run


@pytest.mark.slow
def test_a_run_on_a_folder_with_validation_and_test_images(folder: Path) -> None:
    """Every epoch is tested on `val`; `test` is tested once, with the weights of the best epoch."""
    for part, count in (("train", 8), ("val", 5), ("test", 3)):
        write_images(folder / "pets" / part, count=count)
    heard = Heard()
    ended = train(SPEC, "run", heard=heard, epochs=2, data=DataRequest(str(folder / "pets")))

    facts = dict(heard.all("begin")[0].facts)
    assert facts["data"].endswith("16 images to train on, 10 to validate, 6 to test; 2 classes")
    assert ended.best_score == max(row.score for row in heard.all("epoch"))
    assert (ended.best_score * 10).is_integer()
    assert (ended.test_score * 6) == pytest.approx(round(ended.test_score * 6))
    result, what, *_ = load_trained("run", "best", choose_device("cpu")).test({}, None)
    assert (what, result.accuracy) == ("the test images of pets", ended.test_score)


@pytest.mark.slow
def test_without_test_images_a_trained_network_is_tested_on_the_validation_images(folder: Path) -> None:
    for part, count in (("train", 8), ("val", 5)):
        write_images(folder / "pets" / part, count=count)
    ended = train(SPEC, "run", epochs=2, data=DataRequest(str(folder / "pets")))
    result, what, *_ = load_trained("run", "best", choose_device("cpu")).test({}, None)
    assert (what, result.accuracy) == ("the validation images of pets", ended.best_score)
    assert ended.test_score is None


@pytest.mark.slow
def test_a_class_that_is_missing_is_told_at_the_start(folder: Path) -> None:
    """As where only some of the images are used."""
    images = np.zeros((30, 4, 4), np.uint8)
    np.savez("mine.npz", x_train=images, y_train=np.arange(30) // 10 * 2, x_test=images, y_test=np.arange(30) % 5)
    heard = Heard()
    train("input 4x4x1\nfc 5", "run", heard=heard, epochs=1, data=DataRequest("mine.npz"))
    facts = dict(heard.all("begin")[0].facts)
    assert facts["few images"] == "2 of 5 classes have no image to train with: 1, 3"
