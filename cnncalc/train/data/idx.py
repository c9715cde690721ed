"""IDX files, the format of MNIST: a header with the sizes, and the values behind it."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zlib
from math import prod

import numpy as np
import numpy.typing as npt

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.arrays import ArrayPart, Suiting, check_memory, dataset_of
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.labels import Named
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

FILES = {
    "training": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
"""The names of the files of images and of labels, to which `.gz` may be added."""

_BYTE = 8
"""The code of unsigned bytes in the third byte of the file."""

_MOST_DIMENSIONS = 32
"""Most dimensions that every version of NumPy has."""

_MOST_DEFLATED = 1032
"""Times that deflate can shrink data: what claims to hold more is cut short, and need not be tried."""


class IdxFolder(DataSource):
    """A folder with files in the format of MNIST."""

    def reads(self, data: str) -> bool:
        """Say whether there are such files in a folder, or where torchvision puts them in it."""
        return os.path.isdir(data) and idx_folder(data) is not None

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the files; see `load_idx`."""
        return load_idx(
            idx_folder(request.data) or request.data, Suiting(volume, outputs, request.layout, request.task)
        )


def load_idx(folder: str, suiting: Suiting, name: str = "", classes: tuple[str, ...] = ()) -> Dataset:
    """Read a folder with the four canonical files; those of the test images may be missing.

    Raises:
        DataError: for files that are missing, cut short or no IDX files.

    """
    parts = {"training": _part(folder, "training")}
    if any(find_idx(folder, file) for file in FILES["test"]):
        parts["test"] = _part(folder, "test")
    if suiting.volume.dimensions != 2:  # the images have two; that they do not suit is said elsewhere
        suiting = suiting._replace(volume=Volume((1, 1, 1)))
    name = name or os.path.basename(os.path.abspath(folder))
    return dataset_of(name, folder, parts, suiting, classes)


def find_idx(folder: str, name: str) -> str | None:
    """Return the path of an IDX file in a folder, plain or compressed; None where there is none."""
    return next((path for path in _paths(folder, name) if os.path.isfile(path)), None)


def _paths(folder: str, name: str) -> list[str]:
    return [os.path.join(folder, name), os.path.join(folder, f"{name}.gz")]


def idx_folder(folder: str) -> str | None:
    """Return where the IDX files of a folder lie: in it, or where torchvision puts them; None where there are none."""
    places = [
        folder,
        *(os.path.join(folder, *inner) for inner in (("raw",), ("MNIST", "raw"), ("FashionMNIST", "raw"))),
    ]
    names = [name for pair in FILES.values() for name in pair]
    return next((place for place in places if any(find_idx(place, name) for name in names)), None)


def _part(folder: str, part: str) -> ArrayPart:
    images, labels = (_existing(folder, name) for name in FILES[part])
    return ArrayPart(_named(images, 3), _named(labels, 1))


def _existing(folder: str, name: str) -> str:
    path = find_idx(folder, name)
    if path is None:
        odd = next((path for path in _paths(folder, name) if os.path.lexists(path)), None)
        if odd is not None:
            raise DataError("bad-data", f"`{shorten_path(odd)}` is not a regular file")
        message = f"there is no file `{name}` or `{name}.gz` in `{shorten_path(folder)}`"
        raise DataError("no-such-data", message)
    return path


def _named(path: str, dimensions: int) -> Named:
    """Read a file whose number of dimensions is known."""
    values = read_idx(path)
    if values.ndim != dimensions:
        message = f"`{shorten_path(path)}` holds values in {values.ndim} dimensions in place of {dimensions}"
        raise DataError("bad-data", message)
    return Named(f"`{shorten_path(path)}`", values)


def read_idx(path: str) -> npt.NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, compressed with gzip or not.

    The format (LeCun, "The MNIST database"): two zero bytes, the code of the type, the number of dimensions,
    each size in four bytes (the most significant first), and the values, the last dimension running fastest.

    Raises:
        DataError: for a file that cannot be read, is none, or holds more or less than its header says.

    """
    try:
        length = os.path.getsize(path)
        with open(path, "rb") as file:
            if not path.endswith(".gz"):
                return _read_values(file, path, length)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read_values(unpacked, path, length * _MOST_DEFLATED)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, f"it is not a complete gzip file ({shorten(str(error), 80)})") from None
    except (OSError, MemoryError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it does not fit in memory"
        raise DataError("bad-data", f"cannot read `{shorten_path(path)}`: {reason}") from None


def _read_values(file: io.BufferedIOBase, path: str, most: int) -> npt.NDArray[np.uint8]:
    """Read header and values, of which there are at most ``most`` bytes."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or not start[3]:
        raise _damaged(path, "it does not begin like an IDX file")
    if start[2] != _BYTE:
        raise _damaged(path, f"its values have the type 0x{start[2]:02x} in place of unsigned bytes, 0x08")
    if start[3] > _MOST_DIMENSIONS:
        raise _damaged(path, f"its header states {start[3]} dimensions, more than {_MOST_DIMENSIONS}")
    header = file.read(4 * start[3])
    if len(header) < 4 * start[3]:
        raise _damaged(path, "it ends inside its header")
    sizes = struct.unpack(f">{start[3]}I", header)
    stated = prod(sizes)
    if stated > most:
        raise _damaged(path, f"its header states {stated:,} values, and there are fewer")
    check_memory(f"`{shorten_path(path)}`", stated)
    return _read_exactly(file, path, sizes)


def _read_exactly(file: io.BufferedIOBase, path: str, sizes: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    values = np.empty(prod(sizes), np.uint8)
    rest = values.data
    while rest and (count := file.readinto(rest)):
        rest = rest[count:]
    if rest:
        raise _damaged(path, f"its header states {len(values):,} values, and there are {len(values) - len(rest):,}")
    if file.read(1):
        raise _damaged(path, f"there is more after the {len(values):,} values that its header states")
    return values.reshape(sizes)


def _damaged(path: str, reason: str) -> DataError:
    return DataError("bad-data", f"`{shorten_path(path)}` is damaged: {reason}", hints=["delete it and get it again"])
