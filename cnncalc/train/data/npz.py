"""`.npz` files: NumPy arrays with the names that Keras, MedMNIST and people give them."""

from __future__ import annotations

import os
import warnings
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt

from cnncalc.errors import SpecError, listed, shorten, shorten_path
from cnncalc.train.data.arrays import Part, numbered_classes, split_of
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.memory import MemorySplit
from cnncalc.volume import Volume

NAMES = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("images", "labels", "test_images", "test_labels"),
    ("x", "y", "x_test", "y_test"),
)
"""Names of the arrays: training images, their labels, test images, their labels."""


def load_npz(path: str, volume: Volume) -> Dataset:
    """Read a file of arrays: images, uint8 of N x H x W or N x H x W x C, and labels, [N] or [N, 1].

    Pickled objects in it are refused, never loaded.

    Raises:
        SpecError: for a file that cannot be read, and for arrays of other names, types or shapes.

    """
    held = _names(path)
    names = next((names for names in NAMES if {*names[:2]} <= held), None)
    if names is None:
        message = f"`{shorten_path(path)}` has no arrays x_train and y_train"
        found = [f"it holds {shorten(listed(held), 200)}"] if held else ["it holds no arrays"]
        raise SpecError("bad-data", message, hints=[*found, "also read: images and labels, x and y"])
    train = _split(path, names[0], names[1], volume)
    test = _split(path, names[2], names[3], volume) if {*names[2:]} <= held else None
    return Dataset(os.path.basename(path), path, numbered_classes(train, test), train, test)


def _names(path: str) -> set[str]:
    try:
        with zipfile.ZipFile(path) as file:
            return {name.removesuffix(".npy") for name in file.namelist()}
    except OSError as error:
        raise SpecError("bad-data", f"cannot read `{shorten_path(path)}`: {error.strerror or error}") from None
    except Exception:  # zipfile raises many kinds for damaged files
        raise SpecError("bad-data", f"`{shorten_path(path)}` is damaged or no .npz file") from None


def _split(path: str, images: str, labels: str, volume: Volume) -> MemorySplit:
    place = f"in `{shorten_path(path)}`"
    part = Part(_array(path, images), _array(path, labels), f"{images} {place}", f"{labels} {place}")
    return split_of(part, volume)


def _array(path: str, name: str) -> npt.NDArray[Any]:
    try:
        with warnings.catch_warnings(), np.load(path, allow_pickle=False) as file:
            warnings.simplefilter("ignore")
            array = file[name]
    except Exception as error:  # NumPy and zipfile raise many kinds for damaged files
        message = f"cannot read {name} in `{shorten_path(path)}`: {shorten(str(error), 120)}"
        raise SpecError("bad-data", message) from None
    if not isinstance(array, np.ndarray):
        raise SpecError("bad-data", f"{name} in `{shorten_path(path)}` is no NumPy array")
    return array
