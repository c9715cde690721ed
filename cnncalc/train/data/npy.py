"""`.npy` files in a folder: an array in each, with the names that those of a `.npz` file have."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten_path
from cnncalc.train.data.array_files import NAMES, ArrayStore, check_size, load_store, read_head, read_values, reading
from cnncalc.train.data.arrays import Suiting
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.labels import Described, Named
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

_END = ".npy"


class NpyFiles(DataSource):
    """A folder with `.npy` files of images and labels; or the file of the images, whose labels lie beside it."""

    def reads(self, data: str) -> bool:
        """Say whether there is such a file, or a folder with a pair of them."""
        if os.path.isfile(data):
            return data.lower().endswith(_END)
        held = _arrays(data) if os.path.isdir(data) else {}
        return any({*names[:2]} <= {*held} for names in NAMES)

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the files; see `load_store`."""
        data = request.data
        stem = _stem(os.path.basename(data)) if os.path.isfile(data) else ""
        if stem and not any(stem in names for names in NAMES):
            message = f"`{shorten_path(data)}` has none of the names of arrays of images"
            raise DataError("bad-data", message, hints=["call it x_train.npy, with y_train.npy beside it; or x and y"])
        folder = os.path.dirname(data) or "." if stem else data
        return load_store(NpyFolder(folder, stem), Suiting(volume, outputs, request.layout, request.task))


class NpyFolder(ArrayStore):
    """The arrays of a folder.

    Args:
        path: the folder.
        first: in small letters, the name of an array among those that are meant; "" where none is named.

    """

    def __init__(self, path: str, first: str = "") -> None:
        self.path, self._first = path, first

    def names(self) -> Mapping[str, str]:
        """Return the names of the files; where one of them is named, of those that belong to it."""
        held = _arrays(self.path)
        together = {name for names in NAMES if self._first in names for name in names}
        return {name: path for name, path in held.items() if not self._first or name in together}

    def described(self, member: str) -> Described:
        """Return what a file says of itself (see `ArrayStore.described`)."""
        return described_file(member)

    def array(self, head: Described, member: str) -> Named:
        """Read a file."""
        return read_file(head, member)


def _arrays(folder: str) -> dict[str, str]:
    """Return the paths of the `.npy` files of a folder by their names in small letters."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return {}
    return {_stem(name): os.path.join(folder, name) for name in names if name.lower().endswith(_END)}


def _stem(name: str) -> str:
    return name[: -len(_END)].lower()


def described_file(path: str) -> Described:
    """Return what a `.npy` file says of itself, and see that its values are there.

    Raises:
        DataError: for what is no regular file, no array or holds objects, and where its size is not what it states.

    """
    name = f"`{shorten_path(path)}`"
    if not os.path.isfile(path):
        raise DataError("bad-data", f"{name} is not a regular file")
    with reading(name), open(path, "rb") as opened:
        head, start = read_head(name, opened)
        size = os.fstat(opened.fileno()).st_size
    check_size(head, start, size, size)
    return head


def read_file(head: Described, path: str) -> Named:
    """Read a `.npy` file that has been described."""
    with reading(head.name), open(path, "rb") as opened:
        return read_values(head, opened)
