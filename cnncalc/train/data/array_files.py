"""Files of NumPy arrays: which names their arrays have, and how they are read without running anything."""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import Any, BinaryIO

from numpy.lib import format as npy

from cnncalc.core.errors import CnncalcError, DataError
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.arrays import ArrayPart, Suiting, check_described, check_memory, dataset_of
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.labels import Described, Named

NAMES = (
    ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"),
    ("x_train", "y_train", "x_valid", "y_valid", "x_test", "y_test"),
    ("train_images", "train_labels", "val_images", "val_labels", "test_images", "test_labels"),
    ("images", "labels", "val_images", "val_labels", "test_images", "test_labels"),
    ("train_images", "train_masks", "val_images", "val_masks", "test_images", "test_masks"),
    ("images", "masks", "val_images", "val_masks", "test_images", "test_masks"),
    ("x", "y", "x_val", "y_val", "x_test", "y_test"),
    ("train_x", "train_y", "val_x", "val_y", "test_x", "test_y"),
    ("train_data", "train_labels", "val_data", "val_labels", "test_data", "test_labels"),
    ("data", "labels", "val_data", "val_labels", "test_data", "test_labels"),
    ("data", "target", "val_data", "val_target", "test_data", "test_target"),
    ("features", "labels", "val_features", "val_labels", "test_features", "test_labels"),
    ("features", "targets", "val_features", "val_targets", "test_features", "test_targets"),
)
"""Names of the arrays, in small letters or capitals: training images, their labels, the same of the other parts."""

_PARTS = ("training", "validation", "test")

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
"""Readers of the head of an array, by the version of the format; later ones are for other kinds of values."""

Pair = tuple[str, str]
"""The names of two arrays: images, and their labels."""


class ArrayStore(ABC):
    """Arrays with names, in a file or a folder.

    Attributes:
        path: where they are.

    """

    path: str

    @abstractmethod
    def names(self) -> Mapping[str, str]:
        """Return the names of the arrays in small letters, each with the name that it has in the store."""

    @abstractmethod
    def described(self, member: str) -> Described:
        """Return name, shape and type of an array from its first bytes, and see that its values are there.

        Raises:
            DataError: for what is no array or holds objects, and where its size is not what it states.

        """

    @abstractmethod
    def array(self, head: Described, member: str) -> Named:
        """Read an array that has been described."""


def load_store(store: ArrayStore, suiting: Suiting) -> Dataset:
    """Read images and labels from a store, as in `dataset_of`.

    What is said about sizes and types is looked at before anything is read. Pickled objects are refused, never loaded.

    Raises:
        DataError: for arrays of other names, types or shapes, and what cannot be read.

    """
    held = store.names()
    pairs, lonely = _pairs(held, store.path)
    heads = {name: store.described(held[name]) for pair in pairs.values() for name in pair}
    for images, labels in pairs.values():
        check_described(heads[images], heads[labels], suiting)
    check_memory(f"`{shorten_path(store.path)}`", sum(size_of(head) for head in heads.values()))
    arrays = {name: store.array(head, held[name]) for name, head in heads.items()}
    parts = {part: ArrayPart(arrays[images], arrays[labels]) for part, (images, labels) in pairs.items()}
    name = os.path.basename(os.path.abspath(store.path))
    return dataset_of(name, store.path, parts, suiting)._replace(skipped=lonely)


def _pairs(held: Mapping[str, str], path: str) -> tuple[dict[str, Pair], tuple[str, ...]]:
    """Return the names of the arrays of each part that is there, and lines about images without labels."""
    fitting = [names for names in NAMES if {*names[:2]} <= {*held}]
    if not fitting:
        message = f"`{shorten_path(path)}` has no arrays x_train and y_train"
        found = [f"it holds {shorten(listed(held), 200)}"] if held else ["it holds no arrays"]
        raise DataError("bad-data", message, hints=[*found, "also read: images and labels, x and y"])
    pairs: dict[str, Pair] = {}
    lonely = {}
    for names in (names for names in fitting if names[:2] == fitting[0][:2]):
        for part, images, labels in zip(_PARTS, names[::2], names[1::2], strict=True):
            if images in held and labels in held:
                if pairs.setdefault(part, (images, labels)) != (images, labels):
                    message = f"`{shorten_path(path)}` has both {pairs[part][0]} and {images}"
                    raise DataError("bad-data", message, hints=["keep one of them"])
            elif images in held or labels in held:
                there, missing = (images, labels) if images in held else (labels, images)
                lonely[there] = f"{there} in `{shorten_path(path)}`: there is no {missing}"
    return pairs, tuple(lonely.values())


# ---- one array


def read_head(name: str, opened: BinaryIO | Any) -> tuple[Described, int]:
    """Return what an opened array says of itself, and where its values begin.

    Raises:
        DataError: for what is no array, or one of Python objects.

    """
    if opened.read(len(npy.MAGIC_PREFIX)) != npy.MAGIC_PREFIX:
        raise DataError("bad-data", f"{name} is not a NumPy array")
    version = tuple(opened.read(2))
    if version not in _HEADERS:
        raise DataError("bad-data", f"{name} is written in a version of the format that is not read: {version}")
    shape, _, dtype = _HEADERS[version](opened)
    if dtype.hasobject:
        raise DataError("bad-data", f"{name} holds Python objects, which are never loaded")
    return Described(name, shape, dtype), opened.tell()


def check_size(head: Described, start: int, size: int, most: int) -> None:
    """Refuse an array whose values are more or fewer than it states.

    Args:
        head: what it states.
        start: where its values begin.
        size: bytes that it has.
        most: bytes that can be there at most.

    """
    if min(head.shape, default=0) < 0 or start + size_of(head) != size or size > most:
        message = f"{head.name} is damaged: it states {size_of(head):,} bytes, and there are others"
        raise DataError("bad-data", message, hints=["write the file again"])


def size_of(head: Described) -> int:
    """Return the bytes that the values of an array take."""
    return prod(head.shape) * head.dtype.itemsize


def read_values(head: Described, opened: BinaryIO | Any) -> Named:
    """Read the values of an opened array, from its beginning."""
    return Named(head.name, npy.read_array(opened, allow_pickle=False))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what NumPy and zipfile raise for damaged arrays into an error that names the array."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (CnncalcError, MemoryError):
        raise
    except OSError as error:
        raise DataError("bad-data", f"cannot read {name}: {error.strerror or shorten(str(error), 120)}") from None
    except Exception as error:
        raise DataError("bad-data", f"cannot read {name}: {shorten(str(error), 120)}") from None
