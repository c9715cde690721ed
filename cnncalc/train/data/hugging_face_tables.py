"""The tables of data sets that Hugging Face's library `datasets` has saved, and the images in their rows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

from cnncalc.core.errors import CnncalcError, DataError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.folder_layout import PARTS, part_called
from cnncalc.train.data.image_box import ON_DISK, ImageBox, Unusable, check_image_bytes

OF_ONE, OF_MANY = "state.json", "dataset_dict.json"
"""Files that `save_to_disk` writes: of a data set, and of several parts."""

_MOST_BYTES = 64 * 2**20
"""Longest text about a data set that is read, in bytes."""


class HuggingFaceRows(ImageBox):
    """The images in a column of the tables of all parts: their bytes, or the paths of files on this machine.

    An image is called ``DATA/PART/row NUMBER``.
    """

    def __init__(self, tables: Mapping[str, Any], column: str, path: str) -> None:
        """Take a column of each part's table.

        Raises:
            DataError: where a part has no such column.

        """
        other = next((part for part, table in tables.items() if column not in table.column_names), None)
        if other is not None:
            message = f"the part {other} of `{shorten_path(path)}` has other columns than training"
            raise DataError("bad-data", message)
        self._columns = {part: table.data.column(column) for part, table in tables.items()}

    def opened(self, path: str) -> BinaryIO:
        """Return the bytes of a row."""
        inside, _, row = path.rpartition("/")
        column = self._columns[inside.rpartition("/")[2]]
        cell: Mapping[str, Any] = column[int(row.rpartition(" ")[2])].as_py() or {}
        data, file = cell.get("bytes"), cell.get("path")
        if data is not None:
            check_image_bytes(path, len(data))
            return BytesIO(data)
        if file is None:
            raise Unusable(path, "the row has no image")
        if not os.path.isfile(file):
            raise Unusable(path, f"its image is not in the data set, nor at `{shorten_path(file)}` on this machine")
        return ON_DISK.opened(file)

    def size(self, path: str) -> int:
        """Return the number of bytes of a row's image."""
        with self.opened(path) as file:
            return file.seek(0, os.SEEK_END)


# ---- the tables


@contextmanager
def reading_table(path: str) -> Iterator[None]:
    """Turn what the library raises for damaged files into an error that names the folder."""
    try:
        yield
    except (CnncalcError, MemoryError, ModuleNotFoundError):
        raise
    except Exception as error:  # pyarrow and the library raise many kinds
        reason = shorten(str(error) or type(error).__name__, 160)
        raise DataError("bad-data", f"cannot read the data set `{shorten_path(path)}`: {reason}") from None


def tables_of(path: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the table of each part, and lines about parts that are not used."""
    import datasets

    for folder in _folders(path):
        _check_folder(folder)
    with reading_table(path):
        loaded = datasets.load_from_disk(os.path.abspath(path))
    found = dict(loaded) if isinstance(loaded, datasets.DatasetDict) else {"train": loaded}
    tables: dict[str, Any] = {}
    passed_over = []
    for name, table in found.items():
        part = part_called(name)
        if part is None or part in tables:
            passed_over.append(f"`{shorten_path(os.path.join(path, name))}`: it is neither train, val nor test")
        elif table.num_rows:
            tables[part] = table
    if "training" not in tables:
        message = f"`{shorten_path(path)}` has no rows to train with"
        raise DataError("bad-data", message, hints=[f"its parts are {shorten(listed(found), 200)}"])
    return dict(sorted(tables.items(), key=lambda pair: [*PARTS].index(pair[0]))), tuple(passed_over)


def _folders(path: str) -> list[str]:
    """Return the folders of the parts of a data set, or the one of a data set without parts."""
    if not os.path.lexists(os.path.join(path, OF_MANY)):
        return [path]
    told = _json(os.path.join(path, OF_MANY))
    names = told.get("splits") if isinstance(told, dict) else None
    return [_inside(path, name) for name in names] if isinstance(names, list) else []


def _check_folder(folder: str) -> None:
    """Refuse a folder whose files are no ordinary files in it: what has no end would be read for ever.

    Raises:
        DataError: for pipes, devices, and files that are named elsewhere.

    """
    told = _json(os.path.join(folder, OF_ONE))
    _json(os.path.join(folder, "dataset_info.json"))
    files = told.get("_data_files") if isinstance(told, dict) else None
    for file in files if isinstance(files, list) else ():
        path = _inside(folder, file.get("filename") if isinstance(file, dict) else None)
        if not os.path.isfile(path):
            raise DataError("bad-data", f"`{shorten_path(path)}` is not a regular file")


def _inside(folder: str, name: object) -> str:
    """Return the path of something in a folder; raises DataError where its name leads out of it."""
    if not isinstance(name, str) or name in ("", ".", "..") or os.path.basename(name) != name or "\0" in name:
        message = f"`{shorten_path(folder)}` names a file outside of it: `{shorten(str(name))}`"
        raise DataError("bad-data", message, hints=["a data set has its files in its own folder"])
    return os.path.join(folder, name)


def _json(path: str) -> Any:
    """Return what a file of JSON says; None where that is none, which the library says itself.

    Raises:
        DataError: for what is not an ordinary file or is too long.

    """
    try:
        return json.loads(read_regular(path, _MOST_BYTES))
    except (ValueError, RecursionError):
        return None
    except OSError as error:
        reason = error.strerror or shorten(str(error), 120)
        raise DataError("bad-data", f"cannot read `{shorten_path(path)}`: {reason}") from None
