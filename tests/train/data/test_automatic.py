"""Which data set ``auto`` takes, and names that are not one."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.data.files import load, write_mnist
from tests.train.data.test_named import Complaint, write_cifar

# ---- auto


@pytest.mark.parametrize(
    ("size", "classes", "there", "picked"),
    [
        ("8x8x1", 10, "", "digits, since the input is 8x8x1"),
        ("28x28x1", 10, "MNIST", "mnist, since the input is 28x28x1"),
        ("32x32x1", 10, "MNIST", "mnist, since the input is 32x32x1"),
        (
            "28x28x1",
            10,
            "FashionMNIST",
            "fashion-mnist, since the input is 28x28x1 and its files are there, those of mnist not",
        ),
    ],
)
def test_what_is_picked_and_why(folder: Path, size: str, classes: int, there: str, picked: str) -> None:
    if there:
        write_mnist(folder / "data" / there / "raw")
    dataset = load("auto", size, classes)
    assert dataset.chosen == picked
    assert dataset.name == picked.split(",")[0]


def test_lenet_5_sees_mnist_in_a_frame(folder: Path) -> None:
    """LeCun et al., 1998, section II.B: the images of 28x28 lie in the middle of 32x32."""
    images, *_ = write_mnist(folder / "data" / "MNIST" / "raw")
    dataset = load("auto", "32x32x1", 10)
    (pixels, _), *_ = dataset.train.batches([torch.arange(len(images))])
    assert np.array_equal(pixels[:, 0], np.pad(images, ((0, 0), (2, 2), (2, 2))))
    assert dataset.notes == ("the images of 28x28 have a frame of 2 black pixels, as LeNet-5 saw them",)


@pytest.mark.parametrize(
    ("classes", "picked"),
    [
        (None, "cifar10, since the input is 32x32x3"),
        (10, "cifar10, since the input is 32x32x3 and there are 10 outputs"),
        (100, "cifar100, since the input is 32x32x3 and there are 100 outputs"),
    ],
)
def test_cifar_is_picked_by_the_outputs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, classes: int | None, picked: str
) -> None:
    for kind in ("CIFAR10", "CIFAR100"):
        write_cifar(folder / "data", monkeypatch, kind)
    assert load("auto", "32x32x3", classes).chosen == picked


def test_a_name_that_is_given_is_not_a_choice() -> None:
    assert load("digits", "8x8x1").chosen == ""


def test_where_nothing_can_be_picked(folder: Path, complaint: Complaint) -> None:
    assert complaint(load, "auto", "32x32x3", 7) == (
        "error[no-such-data]: no data set with a name has images of 32x32x3 and 7 outputs: say which data to train on\n"
        "  = `--data FOLDER`: images in a folder for each class, or IDX files\n"
        "  = `--data FILE.csv`: a table with the columns file and label\n"
        "  = `--data FILE.npz`: arrays x_train and y_train; or a folder of such .npy files\n"
        "  = `--data synthetic`: noise of any size, to measure speed with\n"
        "  = `--data auto` knows 8x8x1 (digits), 28x28x1 and 32x32x1 (mnist), 32x32x3 and 10 or 100 outputs (cifar)"
    )


def test_picked_but_not_there(folder: Path, complaint: Complaint) -> None:
    """Where the files of no set of that size are there, the error is that of the first."""
    assert complaint(load, "auto", "28x28x1").startswith("error[no-such-data]: mnist is not there")


# ---- names that are none, and other requests


def test_a_name_that_is_none(folder: Path, complaint: Complaint) -> None:
    assert complaint(load, "mnits", "28x28x1") == (
        "error[no-such-data]: there is no data set or folder `mnits`\n"
        "  = did you mean `mnist`?\n"
        "  = known are auto, digits, mnist, fashion-mnist, cifar10, cifar100, synthetic, and the paths of folders,"
        " .npz and .csv files"
    )


def test_a_file_that_is_no_npz(folder: Path, complaint: Complaint) -> None:
    (folder / "images.gz").write_bytes(gzip.compress(b""))
    assert complaint(load, "images.gz", "28x28x1") == (
        "error[bad-data]: `images.gz` is neither a folder nor a .npz, .npy, .csv, .tsv or .tar file\n"
        "  = give the folder that holds the images or the IDX files"
    )


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ({"resize": "fill"}, "there is no way to resize called `fill`\n  = choose none, pad, crop, stretch"),
        ({"colour": "red"}, "there is no way to treat colours called `red`\n  = choose auto, grey, rgb"),
        ({"unreadable": "hide"}, "unreadable images cannot be treated with `hide`\n  = choose refuse, skip"),
        ({"limit": 0}, "a limit of 0 leaves no image to train with"),
        ({"workers": -1}, "there cannot be -1 workers"),
    ],
)
def test_requests_that_cannot_be_met(complaint: Complaint, named: dict[str, object], text: str) -> None:
    assert complaint(load, "digits", "8x8x1", **named) == f"error[bad-option]: {text}"


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_a_limit_takes_images_evenly_from_the_whole(limit: int) -> None:
    """Of N training images, the limited ones are every (N / limit)th; the test images stay."""
    whole, limited = load("digits", "8x8x1"), load("digits", "8x8x1", limit=limit)
    rows = [index * len(whole.train) // limit for index in range(limit)]
    assert limited.train.labels.tolist() == whole.train.labels[rows].tolist()
    assert len(limited.test) == 360


def test_a_limit_above_the_number_of_images_changes_nothing() -> None:
    assert len(load("digits", "8x8x1", limit=10**9).train) == 1437
