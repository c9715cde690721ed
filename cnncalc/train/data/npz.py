"""`.npz` files: NumPy arrays with the names that Keras, MedMNIST and people give them."""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod

from numpy.lib import format as npy

from cnncalc.core.errors import CnncalcError, DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.arrays import ArrayPart, Suiting, check_described, check_memory, dataset_of
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.labels import Described, Named
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

NAMES = (
    ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"),
    ("x_train", "y_train", "x_valid", "y_valid", "x_test", "y_test"),
    ("train_images", "train_labels", "val_images", "val_labels", "test_images", "test_labels"),
    ("images", "labels", "val_images", "val_labels", "test_images", "test_labels"),
    ("x", "y", "x_val", "y_val", "x_test", "y_test"),
)
"""Names of the arrays, in small letters or capitals: training images, their labels, the same of the other parts."""

_PARTS = ("training", "validation", "test")

_MOST_DEFLATED = 1032
"""Times that deflate can shrink data: what claims to hold more is damaged."""

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
"""Readers of the head of an array, by the version of the format; later ones are for other kinds of values."""

Pair = tuple[str, str]
"""The names of two arrays: images, and their labels."""


class NpzFile(DataSource):
    """A file of NumPy arrays."""

    shown = "`--data FILE.npz`: arrays x_train and y_train"

    def reads(self, data: str) -> bool:
        """Say whether there is such a file."""
        return os.path.isfile(data) and data.lower().endswith(".npz")

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the file; see `load_npz`."""
        return load_npz(request.data, Suiting(volume, outputs, request.layout, request.task))


def load_npz(path: str, suiting: Suiting) -> Dataset:
    """Read a file of arrays: images and labels, as in `dataset_of`.

    What the file says about sizes and types is looked at before anything is read. Pickled objects in it are refused,
    never loaded.

    Raises:
        DataError: for a file that cannot be read, and for arrays of other names, types or shapes.

    """
    with _opened(path) as file:
        held = {name.removesuffix(".npy").lower(): name for name in file.namelist()}
        pairs, lonely = _pairs(held, path)
        heads = {name: _described(file, held[name], path) for pair in pairs.values() for name in pair}
        for images, labels in pairs.values():
            check_described(heads[images], heads[labels], suiting)
        check_memory(f"`{shorten_path(path)}`", sum(_size(head) for head in heads.values()))
        arrays = {name: _array(file, held[name], head, path) for name, head in heads.items()}
    parts = {part: ArrayPart(arrays[images], arrays[labels]) for part, (images, labels) in pairs.items()}
    return dataset_of(os.path.basename(path), path, parts, suiting)._replace(skipped=lonely)


@contextmanager
def _opened(path: str) -> Iterator[zipfile.ZipFile]:
    """Open a file of arrays; whatever goes wrong with it, and is no error of ours, means that it is damaged."""
    try:
        with zipfile.ZipFile(path) as file:
            yield file
    except (CnncalcError, MemoryError):
        raise
    except OSError as error:
        raise DataError("bad-data", f"cannot read `{shorten_path(path)}`: {error.strerror or error}") from None
    except Exception:  # zipfile raises many kinds for damaged files
        raise DataError("bad-data", f"`{shorten_path(path)}` is damaged or no .npz file") from None


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


# ---- what a file says about its arrays


def _described(file: zipfile.ZipFile, member: str, path: str) -> Described:
    """Return name, shape and type of an array from its first bytes, and see that its values are there.

    Raises:
        DataError: for a member that is no array or holds objects, and for one whose size is not what it states.

    """
    name = _name(member, path)
    info = file.getinfo(member)
    with _reading(name), file.open(info) as opened:
        if opened.read(len(npy.MAGIC_PREFIX)) != npy.MAGIC_PREFIX:
            raise DataError("bad-data", f"{name} is not a NumPy array")
        version = tuple(opened.read(2))
        if version not in _HEADERS:
            raise DataError("bad-data", f"{name} is written in a version of the format that is not read: {version}")
        shape, _, dtype = _HEADERS[version](opened)
        start = opened.tell()
    if dtype.hasobject:
        raise DataError("bad-data", f"{name} holds Python objects, which are never loaded")
    head = Described(name, shape, dtype)
    packed = info.compress_type == zipfile.ZIP_DEFLATED
    most = info.compress_size * _MOST_DEFLATED if packed else info.file_size
    if min(shape, default=0) < 0 or start + _size(head) != info.file_size or info.file_size > most:
        message = f"{name} is damaged: it states {_size(head):,} bytes, and there are others"
        raise DataError("bad-data", message, hints=["write the file again"])
    return head


def _size(head: Described) -> int:
    """Return the bytes that the values of an array take."""
    return prod(head.shape) * head.dtype.itemsize


def _array(file: zipfile.ZipFile, member: str, head: Described, path: str) -> Named:
    with _reading(head.name), file.open(member) as opened:
        return Named(head.name, npy.read_array(opened, allow_pickle=False))


def _name(member: str, path: str) -> str:
    return f"{shorten(member.removesuffix('.npy'))} in `{shorten_path(path)}`"


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turn what NumPy and zipfile raise for damaged members into an error that names the array."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (CnncalcError, MemoryError):
        raise
    except Exception as error:
        raise DataError("bad-data", f"cannot read {name}: {shorten(str(error), 120)}") from None
