"""`.npz` files: the arrays that others write, and what is refused."""

from __future__ import annotations

import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnncalc.core.errors import DataError
from cnncalc.train.data.array_files import NAMES
from tests.train.data.files import load, noise

Complaint = Callable[..., str]


def everything(dataset_split: object) -> npt.NDArray[np.uint8]:
    """Return all pixels of a split, channels first."""
    ((pixels, _),) = dataset_split.batches([torch.arange(len(dataset_split))])  # type: ignore[attr-defined]
    return pixels.numpy()


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("written", [str.lower, str.upper])
def test_arrays_are_found_by_the_names_that_others_give(
    folder: Path, names: tuple[str, ...], written: Callable[[str], str]
) -> None:
    """Keras writes x_train and y_train, MedMNIST train_images and train_labels; scikit-learn's users like X."""
    x, y = noise(6, 5, 4, 3), np.array([0, 1, 2, 0, 1, 2])
    arrays = [x, y, x[2:], y[2:], x[:3], y[:3]]
    np.savez(folder / "file.npz", **{written(name): array for name, array in zip(names, arrays, strict=True)})

    dataset = load("file.npz", "5x4x3")

    assert (dataset.name, dataset.classes) == ("file.npz", ("0", "1", "2"))
    for (part, split), images, labels in zip(dataset.parts(), arrays[::2], arrays[1::2], strict=True):
        assert (everything(split) == images.transpose(0, 3, 1, 2)).all(), part
        assert split.labels.tolist() == labels.tolist(), part


def test_images_without_labels_are_named(folder: Path) -> None:
    """As in competitions, where nobody has the labels of the test images."""
    np.savez(folder / "file.npz", x_train=X, y_train=Y, x_test=X)
    assert load("file.npz", "4x4x1").skipped == ("x_test in `file.npz`: there is no y_test",)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((4, 6, 5), "6x5x1"),
        ((4, 6, 5, 3), "6x5x3"),
        ((4, 9), "9x1"),
        ((4, 9, 2), "9x2"),
        ((4, 3, 6, 5), "3x6x5x1"),
        ((4, 3, 6, 5, 2), "3x6x5x2"),
    ],
)
def test_one_two_and_three_dimensions(folder: Path, shape: tuple[int, ...], size: str) -> None:
    """Whether the last size is the channels depends on the spec's input."""
    np.savez(folder / "file.npz", x=noise(*shape), y=np.arange(4))
    assert str(load("file.npz", size).train.volume) == size


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=4, max_dims=4, max_side=5)), st.booleans())
def test_what_is_written_is_read(array: npt.NDArray[np.uint8], packed: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = f"{place}/file.npz"
        (np.savez_compressed if packed else np.savez)(path, x=array, y=np.zeros((len(array), 1), np.uint8))
        dataset = load(path, f"1x1x{array.shape[-1]}", layout="channels-last")
    assert (everything(dataset.train) == array.transpose(0, 3, 1, 2)).all()


@given(st.data())
def test_damaged_files_are_refused_or_read(data: st.DataObject) -> None:
    """Cut short or altered anywhere: one kind of error, or a data set."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "file.npz"
        np.savez(path, x=noise(3, 4, 4), y=np.arange(3))
        whole = bytearray(path.read_bytes())
        for position in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
            whole[position] ^= data.draw(st.integers(1, 255))
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
        try:
            load(str(path), "4x4x1")
        except DataError as error:
            assert error.code == "bad-data"


def test_a_pickle_inside_is_never_loaded(folder: Path, complaint: Complaint) -> None:
    """An array of objects is a pickle, which could run anything."""
    np.savez(folder / "file.npz", x=np.array([Touch()], dtype=object), y=np.arange(1))

    assert complaint(load, "file.npz", "4x4x1") == (
        "error[bad-data]: x in `file.npz` holds Python objects, which are never loaded"
    )
    assert not (folder / "touched").exists()


class Touch:
    """An object whose pickle makes a file when it is loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return (open, ("touched", "w"))


# ---- the texts

X, Y = noise(3, 4, 4), np.arange(3)


ALSO = "also read: images and labels, x and y"
COUNTED = "labels are one whole number for each image, counted from 0; or names, or rows with a single 1"
RANGE = "labels are counted from 0, up to 99,999"


@pytest.mark.parametrize(
    ("held", "text"),
    [
        ({"a": X, "b": Y}, f"`file.npz` has no arrays x_train and y_train\n  = it holds a, b\n  = {ALSO}"),
        ({}, f"`file.npz` has no arrays x_train and y_train\n  = it holds no arrays\n  = {ALSO}"),
        (
            {"x": X * 1j, "y": Y},
            "x in `file.npz` holds complex128; images and signals are real numbers\n"
            "  = uint8 is 0 to 255; other numbers are used as they are",
        ),
        ({"x": X[0, 0], "y": Y}, "x in `file.npz` has the shape 4; for this spec it is N x H x W x C"),
        ({"x": X, "y": Y[:, None, None]}, f"y in `file.npz` holds int64 of shape 3 x 1 x 1\n  = {COUNTED}"),
        ({"x": X, "y": Y + 1j}, f"y in `file.npz` holds complex128 of shape 3\n  = {COUNTED}"),
        (
            {"x_train": X, "y_train": Y, "x_val": X, "y_val": Y, "x_valid": X, "y_valid": Y},
            "`file.npz` has both x_val and x_valid\n  = keep one of them",
        ),
        ({"x": X, "y": Y - 1}, f"y in `file.npz` has labels from -1 to 1\n  = {RANGE}"),
        (
            {"x": X, "y": Y.astype(np.uint64) + 10**9},
            f"y in `file.npz` has labels from 1000000000 to 1000000002\n  = {RANGE}",
        ),
        ({"x": X, "y": Y[:2]}, "x in `file.npz` has 3 images and y in `file.npz` 2 labels"),
        ({"x": X[:0], "y": Y[:0]}, "x in `file.npz` has no images"),
        (
            {"x": X, "y": Y, "x_test": X, "y_test": Y + 3},
            "y_test in `file.npz` has a label 5; those of training go up to 2",
        ),
    ],
)
def test_other_arrays_are_refused(folder: Path, complaint: Complaint, held: dict[str, object], text: str) -> None:
    np.savez(folder / "file.npz", **held)
    assert complaint(load, "file.npz", "4x4x1") == f"error[bad-data]: {text}"


def test_no_npz_file(folder: Path, complaint: Complaint) -> None:
    (folder / "file.npz").write_bytes(b"hello")
    assert complaint(load, "file.npz", "4x4x1") == "error[bad-data]: `file.npz` is damaged or no .npz file"


def test_a_member_that_is_no_array(folder: Path, complaint: Complaint) -> None:
    with zipfile.ZipFile(folder / "file.npz", "w") as file:
        file.writestr("x", b"hello")
        file.writestr("y", b"hello")
    assert complaint(load, "file.npz", "4x4x1") == "error[bad-data]: x in `file.npz` is not a NumPy array"


# ---- what a file says about itself


def member(shape: str, descr: str = "'|u1'", values: bytes = b"") -> bytes:
    """Return a NumPy array whose head says what is wanted, with any values behind it."""
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + values


@pytest.mark.parametrize(
    ("shape", "states"),
    [
        ("(1000000000000000000,)", "1,000,000,000,000,000,000"),
        ("(3, 4, 4, 1000000)", "48,000,000"),
        ("(-3, 4, 4)", "-48"),
        ("(3, 4, 3)", "36"),
    ],
)
def test_the_stated_size_is_compared_before_anything_is_read(
    folder: Path, complaint: Complaint, shape: str, states: str
) -> None:
    with zipfile.ZipFile(folder / "file.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.npy", member(shape, values=bytes(48)))
        file.writestr("y.npy", member("(3,)", values=bytes(3)))
    assert complaint(load, "file.npz", "4x4x1") == (
        f"error[bad-data]: x in `file.npz` is damaged: it states {states} bytes, and there are others\n"
        "  = write the file again"
    )


def test_a_file_larger_than_the_memory_is_refused_before_it_is_read(
    folder: Path, complaint: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zeros pack to a thousandth of their size, so that a small file may hold more than a machine."""
    np.savez_compressed(folder / "file.npz", x=np.zeros((64, 256, 256), np.uint8), y=np.zeros(64, np.uint8))
    monkeypatch.setattr("cnncalc.train.data.arrays.installed_memory", lambda: 2**20)
    monkeypatch.setattr("cnncalc.train.data.npz.NpzStore.array", None)
    assert complaint(load, "file.npz", "256x256x1") == (
        "error[bad-data]: `file.npz`: 4.0 MiB of memory are needed; this machine has 1.0 MiB\n"
        "  = a folder of images is read batch by batch"
    )
