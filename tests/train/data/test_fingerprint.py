"""The fingerprint of a data set: it changes with the labels, the images and the classes, and with nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cnncalc.train.data import Dataset, MemorySplit, fingerprint
from tests.train.data.files import load, noise, write_images, write_mnist

X, Y = noise(6, 5, 4), np.array([0, 1, 2, 0, 1, 2])


def of_arrays(**held: object) -> str:
    """Return the fingerprint of a `.npz` file with some arrays."""
    np.savez("file.npz", **{"x_train": X, "y_train": Y, "x_test": X[:3], "y_test": Y[:3], **held})
    return fingerprint(load("file.npz", "5x4x1"))


def of_folder(**named: object) -> str:
    """Return the fingerprint of the folder `pets`."""
    return fingerprint(load("pets", "8x8x3", **named))


STREAMED = {"memory_limit": 0, "workers": 0}
BOTH_WAYS = pytest.mark.parametrize("how", [{}, STREAMED], ids=["in memory", "streamed"])


def test_the_digits_are_the_beginning_of_a_sha_256_of_classes_labels_and_pixels() -> None:
    """As the docstring says, put together by hand for one part of two images."""
    pixels, labels = torch.tensor([[[7]], [[9]]], dtype=torch.uint8)[None], torch.tensor([1, 0])
    dataset = Dataset("mine", "here", ("a", "b"), MemorySplit(pixels.view(2, 1, 1, 1), labels), None)
    images = hashlib.sha256(b"[2, 1, 1, 1]" + bytes([7, 9])).digest()
    of_labels = bytes([1, *[0] * 7, *[0] * 8])
    whole = json.dumps(["a", "b"]).encode() + b'["training", 2]' + of_labels + images
    assert fingerprint(dataset) == hashlib.sha256(whole).hexdigest()[:32]


def test_the_same_arrays_have_the_same_fingerprint(folder: Path) -> None:
    assert of_arrays() == of_arrays()


@pytest.mark.parametrize(
    "changed",
    [
        {"y_train": np.roll(Y, 1)},
        {"y_test": Y[:3][::-1]},
        {"x_train": X ^ (np.arange(X.size).reshape(X.shape) == 77)},
        {"x_test": X[1:4]},
        {"x_train": X[:5], "y_train": Y[:5]},
        {"x_train": X[::-1], "y_train": Y[::-1]},
        {"y_train": Y + (Y == 2)},
    ],
    ids=["rotated labels", "test labels", "one bit of one pixel", "test images", "fewer", "another order", "classes"],
)
def test_what_changes_the_fingerprint_of_arrays(folder: Path, changed: dict[str, object]) -> None:
    assert of_arrays(**changed) != of_arrays()


def test_a_test_set_that_is_missing_changes_it(folder: Path) -> None:
    with_test = of_arrays()
    np.savez("file.npz", x_train=X, y_train=Y)
    assert fingerprint(load("file.npz", "5x4x1")) != with_test


def rename(old: str, new: str) -> None:
    """Rename something in `pets`."""
    (Path("pets") / old).rename(Path("pets") / new)


def flip_a_pixel() -> None:
    """Alter a bitmap, whose size in bytes stays."""
    data = bytearray(Path("pets/cat/0.bmp").read_bytes())
    data[-1] ^= 1
    Path("pets/cat/0.bmp").write_bytes(data)


@BOTH_WAYS
@pytest.mark.parametrize(
    "change",
    [
        lambda: Path("pets/cat/1.bmp").unlink(),
        lambda: rename("cat/1.bmp", "dog/9.bmp"),
        lambda: rename("cat", "cow"),
        lambda: rename("cat/1.bmp", "cat/7.bmp"),
        lambda: write_images(Path("pets"), ("cat",), count=1, suffix=".png"),
    ],
    ids=["one less", "of another class", "a class of another name", "a file of another name", "one more"],
)
def test_what_changes_the_fingerprint_of_a_folder(
    folder: Path, change: Callable[[], None], how: dict[str, object]
) -> None:
    write_images(folder / "pets", suffix=".bmp")
    before = of_folder(**how)
    change()
    assert of_folder(**how) != before


@pytest.mark.parametrize(("how", "noticed"), [({}, True), (STREAMED, False)])
def test_other_pixels_are_noticed_where_files_are_read(folder: Path, how: dict[str, object], noticed: bool) -> None:
    """Of what is streamed only names and sizes are looked at, as the page on data says."""
    write_images(folder / "pets", suffix=".bmp")
    before = of_folder(**how)
    flip_a_pixel()
    assert (of_folder(**how) != before) == noticed


@BOTH_WAYS
def test_another_size_of_a_file_is_noticed(folder: Path, how: dict[str, object]) -> None:
    write_images(folder / "pets", suffix=".bmp")
    before = of_folder(**how)
    with (folder / "pets/cat/0.bmp").open("ab") as file:
        file.write(b"\0")
    assert of_folder(**how) != before


@BOTH_WAYS
def test_a_data_set_may_be_moved(folder: Path, how: dict[str, object]) -> None:
    write_images(folder / "pets" / "train")
    write_images(folder / "pets" / "test", ("cat",), count=1)
    before = of_folder(**how)
    (folder / "else").mkdir()
    shutil.move("pets", "else/animals")
    assert fingerprint(load("else/animals", "8x8x3", **how)) == before


@BOTH_WAYS
def test_the_way_of_resizing_makes_no_difference(folder: Path, how: dict[str, object]) -> None:
    """Versions of the packages may scale to other bits; the spec's input is compared elsewhere."""
    write_images(folder / "pets")
    stretched, cropped = (load("pets", "4x6x3", resize=resize, **how) for resize in ("stretch", "crop"))
    assert fingerprint(stretched) == fingerprint(cropped) == of_folder(**how)


def test_arrays_are_fingerprinted_as_they_are_stored(folder: Path) -> None:
    stored = of_arrays()
    assert fingerprint(load("file.npz", "9x9x1", resize="stretch")) == stored


def test_idx_files_have_the_fingerprint_of_their_arrays(folder: Path) -> None:
    """Compressed or not."""
    write_mnist(folder / "plain", size=6)
    write_mnist(folder / "packed", size=6, packed=True)
    plain, packed = (fingerprint(load(name, "6x6x1")) for name in ("plain", "packed"))
    assert plain == packed


@BOTH_WAYS
def test_a_part_of_the_images_has_another_digest(folder: Path, how: dict[str, object]) -> None:
    write_images(folder / "pets")
    train = load("pets", "8x8x3", **how).train
    first, last = train.subset(torch.arange(4)), train.subset(torch.arange(2, 6))
    assert len({train.digest(), first.digest(), last.digest()}) == 3
    assert first.digest() == train.subset(torch.arange(4)).digest()
