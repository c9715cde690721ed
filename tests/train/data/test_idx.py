"""IDX files: read as torchvision reads them, and never with anything but one clear error."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnncalc.core.errors import DataError
from cnncalc.train.data.idx import read_idx
from tests.train.data.files import NAMES, idx_bytes, load, noise, write_mnist

Complaint = Callable[..., str]


@pytest.mark.parametrize("packed", [False, True])
def test_the_four_files_give_what_torchvision_reads(folder: Path, packed: bool) -> None:
    """Images and labels of both parts are torchvision's; torchvision itself reads unpacked files only."""
    write_mnist(folder / "MNIST" / "raw")
    write_mnist(folder / "mine", packed=packed)

    dataset = load("mine", "28x28x1")

    for split, training in ((dataset.train, True), (dataset.test, False)):
        theirs = torchvision.datasets.MNIST(str(folder), train=training)
        ((pixels, labels),) = split.batches([torch.arange(len(split))])
        assert torch.equal(pixels, theirs.data[:, None])
        assert torch.equal(labels, theirs.targets)
    assert (dataset.name, dataset.where) == ("mine", "mine")
    assert dataset.classes == tuple("0123456789")


@pytest.mark.parametrize("inner", ["", "raw", "MNIST/raw", "FashionMNIST/raw"])
def test_files_are_found_where_torchvision_puts_them(folder: Path, inner: str) -> None:
    write_mnist(folder / "here" / inner)
    assert len(load("here", "28x28x1").train) == 12


def test_there_need_be_no_test_images(folder: Path) -> None:
    write_mnist(folder / "here")
    for name in NAMES[2:]:
        (folder / "here" / name).unlink()
    assert load("here", "28x28x1").test is None


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=6)), st.booleans())
def test_what_is_written_is_read(array: npt.NDArray[np.uint8], packed: bool) -> None:
    """Every array of bytes comes back as it was."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / ("file.gz" if packed else "file")
        path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
        read = read_idx(str(path))
    assert read.shape == array.shape
    assert (read == array).all()


def refused(data: bytes, suffix: str = "") -> bool:
    """Say whether a file with some bytes is refused; every other error goes on."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"file{suffix}"
        path.write_bytes(data)
        try:
            read_idx(str(path))
        except DataError as error:
            return error.code == "bad-data"
    return False


@given(st.data(), st.sampled_from(["", ".gz"]))
def test_a_file_cut_short_is_always_refused(data: st.DataObject, suffix: str) -> None:
    whole = gzip.compress(idx_bytes(noise(4, 5, 5))) if suffix else idx_bytes(noise(4, 5, 5))
    assert refused(whole[: data.draw(st.integers(0, len(whole) - 1))], suffix)


@given(st.binary(max_size=64), st.sampled_from(["", ".gz"]))
def test_hostile_bytes_are_refused_or_read(data: bytes, suffix: str) -> None:
    """Nothing but the one kind of error ever comes out, also with a header that states a huge size."""
    refused(data, suffix)
    refused(b"\0\0\x08" + data, "")
    if suffix:
        refused(gzip.compress(b"\0\0\x08" + data), suffix)


def test_a_small_file_that_states_a_huge_size_is_refused_at_once() -> None:
    """2³² × 2³² values behind 12 bytes are not asked of the memory."""
    header = b"\0\0\x08\x02" + b"\xff" * 8
    assert refused(header)
    assert refused(gzip.compress(header), ".gz")


# ---- the texts


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"hello", "it does not begin like an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01" + bytes(4), "its values have the type 0x0d in place of unsigned bytes, 0x08"),
        (b"\0\0\x08\x03\0\0", "it ends inside its header"),
        (idx_bytes(noise(4, 2, 2))[:-1], "its header states 16 values, and there are 15"),
        (idx_bytes(noise(4, 2, 2)) + b"x", "there is more after the 16 values that its header states"),
        (b"\0\0\x08\x01\xff\xff\xff\xff", "its header states 4,294,967,295 values, and there are fewer"),
    ],
)
def test_damage_is_named(folder: Path, complaint: Complaint, data: bytes, reason: str) -> None:
    write_mnist(folder / "here")
    (folder / "here" / NAMES[0]).write_bytes(data)

    assert complaint(load, "here", "28x28x1") == (
        f"error[bad-data]: `here/{NAMES[0]}` is damaged: {reason}\n  = delete it and get it again"
    )


def test_a_gzip_file_that_is_none(folder: Path, complaint: Complaint) -> None:
    write_mnist(folder / "here", packed=True)
    (folder / "here" / f"{NAMES[1]}.gz").write_bytes(b"hello")

    assert complaint(load, "here", "28x28x1") == (
        f"error[bad-data]: `here/{NAMES[1]}.gz` is damaged: it is not a complete gzip file "
        "(Not a gzipped file (b'he'))\n"
        "  = delete it and get it again"
    )


def test_a_file_of_four_is_missing(folder: Path, complaint: Complaint) -> None:
    write_mnist(folder / "here")
    (folder / "here" / NAMES[3]).unlink()

    assert complaint(load, "here", "28x28x1") == (
        f"error[no-such-data]: there is no file `{NAMES[3]}` or `{NAMES[3]}.gz` in `here`"
    )


def test_images_in_the_place_of_labels(folder: Path, complaint: Complaint) -> None:
    write_mnist(folder / "here")
    (folder / "here" / NAMES[1]).write_bytes(idx_bytes(noise(2, 2, 2)))

    assert complaint(load, "here", "28x28x1") == (
        f"error[bad-data]: `here/{NAMES[1]}` holds values in 3 dimensions in place of 1"
    )


def test_not_as_many_labels_as_images(folder: Path, complaint: Complaint) -> None:
    write_mnist(folder / "here")
    (folder / "here" / NAMES[1]).write_bytes(idx_bytes(noise(7)))

    assert complaint(load, "here", "28x28x1") == (
        f"error[bad-data]: `here/{NAMES[0]}` has 12 images and `here/{NAMES[1]}` 7 labels"
    )


def test_a_file_that_may_not_be_read(folder: Path, complaint: Complaint) -> None:
    """A folder in the place of a file stands for all that the system refuses."""
    assert complaint(read_idx, ".") == "error[bad-data]: cannot read `.`: Is a directory"


# ---- the real one


def test_the_real_mnist(real_data: Path) -> None:
    """60,000 and 10,000 images; the first labels are those that everybody knows, the mean 0.1307."""
    dataset = load(str(real_data / "mnist"), "28x28x1")
    assert (len(dataset.train), len(dataset.test)) == (60_000, 10_000)
    assert dataset.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert dataset.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
