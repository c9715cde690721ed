"""Pairs of `.npy` files: the same arrays as in a `.npz` file, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cnncalc.core.volume import Volume
from cnncalc.train.data import fingerprint
from cnncalc.train.data.array_files import NAMES
from cnncalc.train.data.samples import is_sample, read_sample, samples_in
from tests.train.data.files import load, noise

Complaint = Callable[..., str]
X, Y = noise(6, 5, 4, 3), np.arange(6) % 3


def save(folder: str, **arrays: object) -> None:
    Path(folder).mkdir(exist_ok=True)
    for name, values in arrays.items():
        np.save(f"{folder}/{name}.npy", values)


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("written", [str.lower, str.upper])
def test_files_are_the_arrays_of_an_npz_file(
    folder: Path, names: tuple[str, ...], written: Callable[[str], str]
) -> None:
    arrays = {written(name): X if place % 2 == 0 else Y for place, name in enumerate(names)}
    save("set", **arrays)
    np.savez("set.npz", **arrays)
    dataset = load("set", "5x4x3")
    assert [part for part, _ in dataset.parts()] == ["training", "validation", "test"]
    assert fingerprint(dataset) == fingerprint(load("set.npz", "5x4x3"))
    assert (dataset.name, dataset.classes) == ("set", ("0", "1", "2"))


def test_the_file_of_the_images_may_be_named(folder: Path) -> None:
    """Of several pairs beside each other, its own is meant; others are not mixed in."""
    save("set", x_train=X, y_train=Y, X=X[:4], y=Y[:4], images=X[:2])
    assert len(load("set/X.npy", "5x4x3").train) == 4
    assert len(load("set/x_train.npy", "5x4x3").train) == 6


def test_a_folder_of_arrays_may_have_other_files(folder: Path) -> None:
    save("set", x_train=X, y_train=Y, mean=np.zeros(3))
    Path("set/readme.txt").write_text("hello")
    assert len(load("set", "5x4x3").train) == 6


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("set/weights.npy", "`set/weights.npy` has none of the names of arrays of images\n"
                            "  = call it x_train.npy, with y_train.npy beside it; or x and y"),
        ("set/images.npy", "`set` has no arrays x_train and y_train\n  = it holds images\n"
                           "  = also read: images and labels, x and y"),
    ],
)  # fmt: skip
def test_files_with_other_names_are_refused(folder: Path, complaint: Complaint, name: str, said: str) -> None:
    save("set", weights=X, images=X)
    assert complaint(load, name, "5x4x3") == f"error[bad-data]: {said}"


def test_objects_are_never_loaded(folder: Path, complaint: Complaint) -> None:
    save("set", y=Y)
    np.save("set/x.npy", np.array([None] * 6, object), allow_pickle=True)
    assert complaint(load, "set", "5x4x3") == (
        "error[bad-data]: `set/x.npy` holds Python objects, which are never loaded"
    )


def test_a_file_that_is_cut_short_is_refused(folder: Path, complaint: Complaint) -> None:
    save("set", x=X, y=Y)
    data = Path("set/x.npy").read_bytes()
    Path("set/x.npy").write_bytes(data[:-1])
    assert complaint(load, "set", "5x4x3") == (
        "error[bad-data]: `set/x.npy` is damaged: it states 360 bytes, and there are others\n  = write the file again"
    )


# ---- single samples, to predict


def test_samples_have_the_names_of_their_places(folder: Path) -> None:
    np.save("x.npy", X)
    assert samples_in("x.npy") == [f"x.npy[{place}]" for place in range(6)]
    assert samples_in("photo.png") is None
    assert is_sample("a/x.npy[3]")
    assert not is_sample("a/x.npy")
    assert torch.equal(read_sample("x.npy[4]", Volume((5, 4, 3)), "auto"), torch.from_numpy(X[4]).movedim(-1, 0))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (X, "`x.npy[0]` is 5x4x3, and the network's input is 6x4x3\n"
            "  = samples are not resized: store them as those of training"),
        (X[0, 0], "`x.npy` is 4 x 3, and the spec's input is 6x4x3, of each of N samples"),
    ],
)  # fmt: skip
def test_samples_of_another_volume_are_refused(folder: Path, complaint: Complaint, values: object, said: str) -> None:
    np.save("x.npy", values)
    assert complaint(read_sample, "x.npy[0]", Volume((6, 4, 3)), "auto") == f"error[data-differs]: {said}"
