"""Whether data suits a network: one clear error before anything starts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import cnncalc
from cnncalc.train.data import Dataset, MemorySplit, check_class_names, check_dataset
from tests.train.data.files import noise

Complaint = Callable[..., str]


def dataset(*shape: int, classes: int = 10, labels: tuple[int, ...] = (0, 1, 2), test: int = 3) -> Dataset:
    """Return a data set of three training images, channels first, and some test images."""
    images = torch.from_numpy(noise(len(labels), *shape))
    splits = [MemorySplit(images[:count], torch.tensor(labels)[:count]) for count in (len(labels), test)]
    return Dataset("mine", "here", tuple(map(str, range(classes))), splits[0], splits[1])


def check(data: Dataset, spec: str) -> None:
    """Check a data set against a spec."""
    check_dataset(data, cnncalc.load(spec))


@pytest.mark.parametrize(
    ("data", "spec"),
    [
        (dataset(3, 8, 8), "input 8x8x3\nconv 3x3x4 - relu - fc 10 - softmax"),
        (dataset(1, 8), "input 8x1\nconv 3x4 - gap - fc 10"),
        (dataset(2, 4, 4, 4), "input 4x4x4x2\nfc 10"),
        (dataset(1, 8, 8)._replace(test=None), "input 8x8x1\nconv 8x8x10"),
    ],
)
def test_what_suits_passes(data: Dataset, spec: str) -> None:
    check(data, spec)


@pytest.mark.parametrize(
    ("data", "spec", "text"),
    [
        (
            dataset(1, 8, 8),
            "input 8x8x3\nfc 10",
            "error[data-differs]: the images of mine are 8x8x1 (grey, 1 channel), and the spec's input is 8x8x3"
            " (colour, 3 channels)\n"
            "  = write `input 8x8x1`",
        ),
        (
            dataset(1, 28, 28),
            "input 32x32x1\nfc 10",
            "error[data-differs]: the images of mine are 28x28x1, and the spec's input is 32x32x1\n"
            "  = write `input 28x28x1`\n"
            "  = `--resize pad`, `crop` or `stretch` brings them to the input's size",
        ),
        (
            dataset(1, 9),
            "input 8x1\nfc 10",
            "error[data-differs]: the images of mine are 9x1, and the spec's input is 8x1\n  = write `input 9x1`",
        ),
        (
            dataset(2, 8, 8, classes=10),
            "input 8x8x2\nconv 3x3x4 - relu\nfc 12 - softmax",
            "error[data-differs]: mine has 10 classes, and the network 12 outputs\n"
            "  = write `fc 10` in line 3 in place of `fc 12`",
        ),
        (
            dataset(3, 8, 8, classes=10),
            "param classes = 12\ninput 8x8x3\nconv 3x3x4 - relu\nfc {classes}",
            "error[data-differs]: mine has 10 classes, and the network 12 outputs\n"
            "  = write `fc 10` in line 4 in place of `fc 12`\n"
            "  = or `--set classes=10`",
        ),
        (
            dataset(3, 8, 8, classes=10),
            "input 8x8x3\nconv 3x3x12 - gap",
            "error[data-differs]: mine has 10 classes, and the network 12 outputs\n"
            "  = write a layer with 10 channels in line 2 in place of `conv 3x3x12`",
        ),
        (
            dataset(3, 8, 8, classes=10),
            "input 8x8x3\ngap",
            "error[data-differs]: mine has 10 classes, and the network 3 outputs\n  = end with `fc 10`",
        ),
        (
            dataset(3, 8, 8, classes=10),
            "input 8x8x3\nconv 3x3x10",
            "error[data-differs]: the network's output is 6x6x10; for 10 classes it is 1x1x10\n"
            "  = end with `gap - fc 10`",
        ),
        (
            dataset(1, 8, 8, classes=1),
            "input 8x8x1\nfc 1",
            "error[bad-data]: mine has one class, `0`: a classifier needs two or more",
        ),
        (dataset(1, 8, 8, labels=()), "input 8x8x1\nfc 10", "error[bad-data]: mine has no training images"),
        (dataset(1, 8, 8, test=0), "input 8x8x1\nfc 10", "error[bad-data]: mine has no test images"),
        (
            dataset(1, 8, 8, classes=3, labels=(0, 1, 3)),
            "input 8x8x1\nfc 3",
            "error[bad-data]: the training labels of mine go from 0 to 3\n  = with 3 classes they go from 0 to 2",
        ),
    ],
)
def test_what_differs_is_one_clear_error(complaint: Complaint, data: Dataset, spec: str, text: str) -> None:
    assert complaint(check, data, spec) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (
            dataset(3, 8, 8),
            "error[data-differs]: the images of mine are 8x8x3 (colour, 3 channels), and the spec's input is 28x28x1"
            " (grey, 1 channel)",
        ),
        (
            dataset(1, 32, 32),
            "error[data-differs]: the images of mine are 32x32x1, and the spec's input is 28x28x1\n"
            "  = `--resize pad`, `crop` or `stretch` brings them to the input's size",
        ),
        (
            dataset(1, 28, 28, classes=12),
            "error[data-differs]: mine has 12 classes, and the network 10 outputs\n"
            "  = it was trained on other classes: name data that have the same",
        ),
    ],
)
def test_of_a_trained_network_no_line_of_the_spec_is_to_be_changed(
    complaint: Complaint, data: Dataset, text: str
) -> None:
    assert complaint(check_dataset, data, cnncalc.load("input 28x28x1\nfc 10"), trained=True) == text


def test_a_repair_of_the_classes_really_repairs() -> None:
    """The hints are followed: the spec with `fc 10`, and the parameter set to 10, pass."""
    data = dataset(3, 8, 8)
    check(data, "input 8x8x3\nconv 3x3x4 - relu\nfc 10")
    check_dataset(data, cnncalc.load("param classes = 12\ninput 8x8x3\nfc {classes}", params={"classes": 10}))


@pytest.mark.parametrize("trained", [("cat", "dog"), ("0", "1")])
def test_classes_that_are_only_numbered_have_no_names_to_compare(trained: tuple[str, ...]) -> None:
    check_class_names(dataset(1, 8, 8, classes=2), trained)


@pytest.mark.parametrize(
    ("classes", "trained", "text"),
    [
        (("ape", "cat"), ("cat", "dog"), "class 0 is `ape` in mine, and `cat` was trained"),
        (("1", "2"), ("0", "1"), "class 0 is `1` in mine, and `0` was trained"),
        (("cat", "dog"), ("0", "1"), "class 0 is `cat` in mine, and `0` was trained"),
    ],
)
def test_other_classes_than_those_that_were_trained(
    complaint: Complaint, classes: tuple[str, ...], trained: tuple[str, ...], text: str
) -> None:
    """As many, but called otherwise: each accuracy would be wrong without a word."""
    data = dataset(1, 8, 8)._replace(classes=classes)
    assert complaint(check_class_names, data, trained) == (
        f"error[data-differs]: {text}\n  = test on data with the classes of the run"
    )
