"""Folders of images: layouts, what is read, and what is refused by name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torchvision.datasets import ImageFolder
from torchvision.transforms.v2.functional import pil_to_tensor

from tests.train.data.files import load, write_images

Complaint = Callable[..., str]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp"])
@pytest.mark.parametrize("limit", [None, 0])
def test_a_folder_gives_what_torchvision_reads(folder: Path, suffix: str, limit: int | None) -> None:
    """In memory or streamed: the same classes, in the same order, with the same pixels."""
    for part in ("train", "test"):
        write_images(folder / "pets" / part, suffix=suffix)
    dataset = load("pets", "8x8x3", **({} if limit is None else {"memory_limit": limit, "workers": 0}))

    for split, part in ((dataset.train, "train"), (dataset.test, "test")):
        theirs = ImageFolder(f"pets/{part}", transform=pil_to_tensor)
        ((pixels, labels),) = split.batches([torch.arange(len(split))])
        assert torch.equal(pixels, torch.stack([image for image, _ in theirs]))
        assert labels.tolist() == split.labels.tolist() == theirs.targets
        assert split.in_memory == (limit is None)
    assert (dataset.name, dataset.where, dataset.classes) == ("pets", "pets", tuple(theirs.classes))


def test_a_limit_is_spread_over_the_classes(folder: Path) -> None:
    write_images(folder / "pets", count=10)
    assert load("pets", "8x8x3", limit=4).train.labels.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("limit", "in_memory"), [(6 * 8 * 8 * 3, True), (6 * 8 * 8 * 3 - 1, False)])
def test_what_does_not_fit_in_memory_is_streamed(folder: Path, limit: int, in_memory: bool) -> None:
    """Six images of 8 x 8 x 3 bytes are held in as many bytes."""
    write_images(folder / "pets")
    assert load("pets", "8x8x3", memory_limit=limit).train.in_memory == in_memory


# ---- what is refused


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets")
    (folder / "pets" / "cat").chmod(0)
    text = complaint(load, "pets", "8x8x3")
    (folder / "pets" / "cat").chmod(0o700)
    assert text == "error[bad-data]: cannot read the folder `pets/cat`: Permission denied"


@pytest.mark.parametrize("size", ["8x8x2", "8x3", "2x8x8x3"])
def test_an_input_that_no_image_has(folder: Path, complaint: Complaint, size: str) -> None:
    write_images(folder / "pets")
    assert complaint(load, "pets", size) == (
        f"error[data-differs]: the spec's input is {size}; images have a height, a width, and 1 channel (grey)"
        " or 3 (colour)\n"
        "  = other data comes from a .npz file: `--data FILE.npz`"
    )


# ---- sizes and colours


@pytest.mark.parametrize("limit", [0, 10**9])
def test_images_of_another_size(folder: Path, complaint: Complaint, limit: int) -> None:
    """The first is named, also where only headers are read."""
    write_images(folder / "pets", size="6x7x3")
    assert complaint(load, "pets", "8x8x3", memory_limit=limit) == (
        "error[data-differs]: `pets/cat/0.png` is 6x7x3, and the spec's input is 8x8x3\n"
        "  = `--resize pad`, `--resize crop` or `--resize stretch` brings images to the input's size\n"
        "  = or write `input 6x7x3`"
    )


@pytest.mark.parametrize("limit", [0, 10**9])
def test_grey_images_for_a_colour_spec(folder: Path, limit: int) -> None:
    """They are read as colour, and it is said; in memory and streamed alike."""
    write_images(folder / "pets", size="8x8x1")
    dataset = load("pets", "8x8x3", memory_limit=limit, workers=0)
    assert dataset.notes == ("all 6 images are grey: the grey value is used for all three channels",)
    (pixels, _), *_ = dataset.train.batches([torch.arange(6)])
    assert torch.equal(pixels[:, :1].expand(-1, 3, -1, -1), pixels)


@pytest.mark.parametrize("limit", [0, 10**9])
def test_a_colour_image_among_grey_ones(folder: Path, limit: int) -> None:
    write_images(folder / "pets", size="8x8x1")
    write_images(folder / "pets", ("cow",), count=1)
    write_images(folder / "pets", ("cow/grey",), size="8x8x1")
    dataset = load("pets", "8x8x1", memory_limit=limit, workers=0)
    assert dataset.notes == ("1 of 10 images are in colour: they are converted to grey",)
    assert not dataset.skipped


def test_colours_that_suit_are_no_note(folder: Path) -> None:
    write_images(folder / "pets")
    assert load("pets", "8x8x3").notes == ()
    assert load("pets", "8x8x3", colour="grey").notes == (
        "all 6 images are in colour: they are converted to grey, in three equal channels",
    )


# ---- images that cannot be read


def spoil(folder: Path, count: int) -> None:
    """Write over some of the training images of dogs."""
    for index in range(count):
        (folder / "dog" / f"{index}.png").write_text("no image")


@pytest.mark.parametrize("limit", [0, 10**9])
def test_unreadable_images_are_named_and_counted(folder: Path, complaint: Complaint, limit: int) -> None:
    """Those of both parts together, before anything starts."""
    write_images(folder / "pets" / "train")
    write_images(folder / "pets" / "test", count=8)
    spoil(folder / "pets" / "train", 1)
    spoil(folder / "pets" / "test", 7)

    reason = "it is not an image (JPEG, PNG, BMP, GIF, PPM, TIFF, WEBP)"
    assert complaint(load, "pets", "8x8x3", memory_limit=limit) == (
        "error[unreadable-image]: 8 of 22 images cannot be read\n"
        f"  = `pets/train/dog/0.png`: {reason}\n"
        f"  = `pets/test/dog/0.png`: {reason}\n"
        f"  = `pets/test/dog/1.png`: {reason}\n"
        f"  = `pets/test/dog/2.png`: {reason}\n"
        f"  = `pets/test/dog/3.png`: {reason}\n"
        "  = and 3 more\n"
        "  = `--unreadable skip` leaves them out"
    )


@pytest.mark.parametrize("limit", [0, 10**9])
def test_unreadable_images_are_skipped_if_asked(folder: Path, limit: int) -> None:
    """What is left is what the folder without them has."""
    write_images(folder / "pets", count=4)
    shutil.copytree("pets", "fewer")
    spoil(folder / "pets", 2)
    for index in range(2):
        (folder / "fewer" / "dog" / f"{index}.png").unlink()

    named = {"memory_limit": limit, "workers": 0}
    left, wanted = load("pets", "8x8x3", unreadable="skip", **named), load("fewer", "8x8x3", **named)

    rows = [torch.arange(6)]
    for ours, theirs in zip(next(left.train.batches(rows)), next(wanted.train.batches(rows)), strict=True):
        assert torch.equal(ours, theirs)
    assert left.skipped == tuple(
        f"`pets/dog/{index}.png`: it is not an image (JPEG, PNG, BMP, GIF, PPM, TIFF, WEBP)" for index in range(2)
    )


def test_a_folder_of_which_nothing_is_left(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets", count=1)
    for name in ("cat", "dog"):
        (folder / "pets" / name / "0.png").write_bytes(b"")
    assert complaint(load, "pets", "8x8x3", unreadable="skip") == (
        "error[bad-data]: no image of `pets` can be used\n"
        "  = `pets/cat/0.png`: it is not an image (JPEG, PNG, BMP, GIF, PPM, TIFF, WEBP)\n"
        "  = `pets/dog/0.png`: it is not an image (JPEG, PNG, BMP, GIF, PPM, TIFF, WEBP)"
    )
