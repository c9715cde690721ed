"""`.npz` files: NumPy arrays with the names that Keras, MedMNIST and people give them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cnncalc.core.errors import CnncalcError, DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.array_files import ArrayStore, check_size, load_store, read_head, read_values, reading
from cnncalc.train.data.arrays import Suiting
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.labels import Described, Named
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

_MOST_DEFLATED = 1032
"""Times that deflate can shrink data: what claims to hold more is damaged."""


class NpzFile(DataSource):
    """A file of NumPy arrays."""

    shown = "`--data FILE.npz`: arrays x_train and y_train; or a folder of such .npy files"

    def reads(self, data: str) -> bool:
        """Say whether there is such a file."""
        return os.path.isfile(data) and data.lower().endswith(".npz")

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the file; see `load_store`."""
        with opened_npz(request.data) as store:
            return load_store(store, Suiting(volume, outputs, request.layout, request.task))


class NpzStore(ArrayStore):
    """The arrays of a file that is open."""

    def __init__(self, path: str, file: zipfile.ZipFile) -> None:
        self.path, self._file = path, file

    def names(self) -> Mapping[str, str]:
        """Return the names of its members."""
        return {name.removesuffix(".npy").lower(): name for name in self._file.namelist()}

    def described(self, member: str) -> Described:
        """Return what a member says of itself (see `ArrayStore.described`)."""
        info = self._file.getinfo(member)
        name = f"{shorten(member.removesuffix('.npy'))} in `{shorten_path(self.path)}`"
        with reading(name), self._file.open(info) as opened:
            head, start = read_head(name, opened)
        packed = info.compress_type == zipfile.ZIP_DEFLATED
        check_size(head, start, info.file_size, info.compress_size * _MOST_DEFLATED if packed else info.file_size)
        return head

    def array(self, head: Described, member: str) -> Named:
        """Read a member."""
        with reading(head.name), self._file.open(member) as opened:
            return read_values(head, opened)


@contextmanager
def opened_npz(path: str) -> Iterator[NpzStore]:
    """Open a file of arrays; whatever goes wrong with it, and is no error of ours, means that it is damaged."""
    try:
        with zipfile.ZipFile(path) as file:
            yield NpzStore(path, file)
    except (CnncalcError, MemoryError):
        raise
    except OSError as error:
        raise DataError("bad-data", f"cannot read `{shorten_path(path)}`: {error.strerror or error}") from None
    except Exception:  # zipfile raises many kinds for damaged files
        raise DataError("bad-data", f"`{shorten_path(path)}` is damaged or no .npz file") from None
