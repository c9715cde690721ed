"""Which size of an array of images is the channels': the last one, or the first where that alone suits or is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cnncalc
from cnncalc.train.data import Dataset, check_dataset
from tests.train.data.files import load, noise
from tests.train.data.test_npz import everything

Complaint = Callable[..., str]


def written(*shape: int, size: str, **named: object) -> tuple[np.ndarray, Dataset]:
    """Write images of a shape, and return them and what is read for an input."""
    images = noise(4, *shape)
    np.savez("file.npz", x=images, y=np.arange(4))
    return images, load("file.npz", size, **named)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((3, 8, 6), "8x6x3"),
        ((1, 8, 8), "8x8x1"),
        ((2, 9), "9x2"),
        ((1, 4, 5, 6), "4x5x6x1"),
        ((3, 3, 6), "3x6x3"),
    ],
)
def test_channels_first_where_that_is_the_spec_s_input(folder: Path, shape: tuple[int, ...], size: str) -> None:
    """As PyTorch keeps images; it is said that it was done."""
    images, dataset = written(*shape, size=size)
    assert (everything(dataset.train) == images).all()
    sizes = " x ".join(map(str, shape))
    assert dataset.notes == (
        f"x in `file.npz` is N x {sizes}: it is read channels first, since the spec's input is {size}",
    )


def test_the_channels_decide_where_images_are_resized(folder: Path) -> None:
    _, dataset = written(3, 8, 6, size="4x4x3", resize="stretch")
    assert str(dataset.train.volume) == "4x4x3"


@pytest.mark.parametrize(("shape", "size"), [((8, 6, 3), "8x6x3"), ((3, 8, 6), "3x8x6"), ((6, 8), "6x8x1")])
def test_channels_last_without_a_word_where_that_is_the_spec_s_input(
    folder: Path, shape: tuple[int, ...], size: str
) -> None:
    images, dataset = written(*shape, size=size)
    assert (everything(dataset.train) == np.moveaxis(images.reshape(4, *map(int, size.split("x"))), -1, 1)).all()
    assert dataset.notes == ()


def test_where_both_suit_it_is_said_which_was_taken(folder: Path) -> None:
    images, dataset = written(3, 3, 3, size="3x3x3")
    assert (everything(dataset.train) == images.transpose(0, 3, 1, 2)).all()
    assert dataset.notes == (
        "x in `file.npz` is N x 3 x 3 x 3: it is read channels last; `--layout channels-first` reads it channels first",
    )


def test_what_is_said_goes_before_what_suits(folder: Path) -> None:
    images, dataset = written(3, 3, 3, size="3x3x3", layout="channels-first")
    assert (everything(dataset.train) == images).all()
    assert dataset.notes == ()
    _, last = written(3, 8, 8, size="8x8x3", layout="channels-last")
    assert str(last.train.volume) == "3x8x8"


def test_colours_are_converted_where_they_alone_do_not_suit(folder: Path) -> None:
    """Channels are found by being 1 or 3; grey is as Pillow has it."""
    for shape in ((3, 8, 6), (8, 6, 3)):
        images, dataset = written(*shape, size="8x6x1")
        photos = images if shape[2] == 3 else images.transpose(0, 2, 3, 1)
        greys = np.stack([np.array(Image.fromarray(np.ascontiguousarray(photo)).convert("L")) for photo in photos])
        assert (everything(dataset.train)[:, 0] == greys).all()
        assert dataset.notes[-1] == f"all {len(images)} images are in colour: they are converted to grey"


def test_where_neither_suits_it_is_said_what_to_write_for_each(folder: Path, complaint: Complaint) -> None:
    _, dataset = written(3, 8, 8, size="8x8x1", layout="channels-last")
    assert complaint(check_dataset, dataset, cnncalc.load("input 8x8x1\nfc 4")) == (
        "error[data-differs]: the images of file.npz are 3x8x8 (8 channels), and the spec's input is 8x8x1"
        " (grey, 1 channel)\n"
        "  = write `input 8x8x3` if the first size, 3, is the channels\n"
        "  = or `input 3x8x8` if the last one, 8, is"
    )


def test_a_layout_that_there_is_not(folder: Path, complaint: Complaint) -> None:
    assert complaint(load, "digits", "8x8x1", layout="nchw") == (
        "error[bad-option]: there is no layout called `nchw`\n  = choose auto, channels-first, channels-last"
    )


def test_parts_that_are_read_alike_are_named_once(folder: Path) -> None:
    images = noise(4, 3, 8, 6)
    np.savez("file.npz", x_train=images, y_train=np.arange(4), x_test=images, y_test=np.arange(4))
    dataset = load("file.npz", "8x6x3")
    assert (everything(dataset.test) == images).all()
    assert dataset.notes == (
        "x_train in `file.npz` is N x 3 x 8 x 6: it is read channels first, since the spec's input is 8x6x3",
    )
