"""Data sets that Hugging Face's library `datasets` has saved on the disk: an image and a class in each row."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from cnncalc.core.errors import CnncalcError, DataError
from cnncalc.core.reading import read_regular
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.check import check_class_count
from cnncalc.train.data.csv_file import FILE_COLUMNS, LABEL_COLUMNS
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_files
from cnncalc.train.data.folder_layout import PARTS
from cnncalc.train.data.image_box import ON_DISK, ImageBox, Unusable, check_image_bytes
from cnncalc.train.data.images import check_fit
from cnncalc.train.data.labels import Named, read_labels
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

_OF_ONE, _OF_MANY = "state.json", "dataset_dict.json"
"""Files that `save_to_disk` writes: of a data set, and of several parts."""

_MOST_BYTES = 64 * 2**20
"""Longest text about a data set that is read, in bytes."""


class HuggingFaceFolder(DataSource):
    """A folder that `save_to_disk` of the library `datasets` wrote; nothing is fetched, and no code of it is run."""

    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a folder."""
        return any(os.path.isfile(os.path.join(data, name)) for name in (_OF_ONE, _OF_MANY))

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the rows; see `load_hugging_face`."""
        return load_hugging_face(request, volume, outputs)


class _Columns(NamedTuple):
    """The names of the columns of images and of classes, and names of the classes where the data set has them."""

    image: str
    label: str
    classes: tuple[str, ...]


def load_hugging_face(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read a data set with an image and a class in each row.

    The image column is the one of the library's kind `Image`, the class column that of `ClassLabel`, or else one with a
    usual name, such as ``label``.

    Raises:
        DataError: for a folder that cannot be read, other columns, and classes that contradict themselves; and for
            images as in `read_files`.

    """
    fit = ImageFit(volume, request.resize, request.colour)
    check_fit(fit)
    tables, passed_over = _tables(request.data)
    columns = _columns(tables["training"], request.data)
    named = [_labels(table, columns, part, request.data) for part, table in tables.items()]
    labels = read_labels(named, None if columns.classes else outputs)
    classes = columns.classes or labels.classes
    check_class_count(os.path.basename(os.path.abspath(request.data)), classes)
    files = {}
    for (part, table), indices in zip(tables.items(), labels.indices, strict=True):
        rows = spread(len(indices), request.limit if part == "training" else None)
        names = [f"{request.data}/{part}/row {row}" for row in rows.tolist()]
        files[part] = Files(names, indices[rows], box=_Rows(table.data.column(columns.image)))
    parts, unusable, note = read_files(files, request, fit)
    return Dataset(
        os.path.basename(os.path.abspath(request.data)),
        request.data,
        classes,
        parts["training"],
        parts.get("test"),
        (*passed_over, *map(str, unusable)),
        validation=parts.get("validation"),
        notes=tuple(filter(None, (labels.note, note))),
    )


class _Rows(ImageBox):
    """The images in the rows of a column: their bytes, or the paths of files that lie on this machine."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def opened(self, path: str) -> BinaryIO:
        """Return the bytes of a row."""
        cell: Mapping[str, Any] = self._column[int(path.rpartition(" ")[2])].as_py() or {}
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
def _reading(path: str) -> Iterator[None]:
    """Turn what the library raises for damaged files into an error that names the folder."""
    try:
        yield
    except (CnncalcError, MemoryError, ModuleNotFoundError):
        raise
    except Exception as error:  # pyarrow and the library raise many kinds
        reason = shorten(str(error) or type(error).__name__, 160)
        raise DataError("bad-data", f"cannot read the data set `{shorten_path(path)}`: {reason}") from None


def _tables(path: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the table of each part, and lines about parts that are not used."""
    import datasets

    for folder in _folders(path):
        _check_folder(folder)
    with _reading(path):
        loaded = datasets.load_from_disk(os.path.abspath(path))
    found = dict(loaded) if isinstance(loaded, datasets.DatasetDict) else {"train": loaded}
    tables: dict[str, Any] = {}
    passed_over = []
    for name, table in found.items():
        part = next((part for part, names in PARTS.items() if name.lower().replace("-", "_") in names), None)
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
    if not os.path.lexists(os.path.join(path, _OF_MANY)):
        return [path]
    told = _json(os.path.join(path, _OF_MANY))
    names = told.get("splits") if isinstance(told, dict) else None
    return [_inside(path, name) for name in names] if isinstance(names, list) else []


def _check_folder(folder: str) -> None:
    """Refuse a folder whose files are no ordinary files in it: what has no end would be read for ever.

    Raises:
        DataError: for pipes, devices, and files that are named elsewhere.

    """
    told = _json(os.path.join(folder, _OF_ONE))
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


def _columns(table: Any, path: str) -> _Columns:
    import datasets

    kinds = table.features
    images = [name for name, kind in kinds.items() if isinstance(kind, datasets.Image)]
    classes = [name for name, kind in kinds.items() if isinstance(kind, datasets.ClassLabel)]
    image = _one(images, FILE_COLUMNS)
    label = _one(classes, LABEL_COLUMNS) or next((name for name in LABEL_COLUMNS if name in kinds), None)
    if image is None or label is None:
        what = "image" if image is None else "class"
        message = f"`{shorten_path(path)}` has no column of which it is clear that it is the {what}"
        raise DataError("bad-data", message, hints=[f"its columns are {shorten(listed(kinds), 200)}"])
    return _Columns(image, label, tuple(kinds[label].names) if label in classes else ())


def _one(names: Sequence[str], usual: Sequence[str]) -> str | None:
    """Return the only name, or the one that is usual."""
    return names[0] if len(names) == 1 else next((name for name in usual if name in names), None)


def _labels(table: Any, columns: _Columns, part: str, path: str) -> Named:
    name = f"column {shorten(columns.label)} of {part} in `{shorten_path(path)}`"
    with _reading(path):
        if columns.image not in table.column_names or columns.label not in table.column_names:
            raise DataError("bad-data", f"the part {part} of `{shorten_path(path)}` has other columns than training")
        values = table.data.column(columns.label).to_pylist()
    if any(value is None for value in values):
        raise DataError("bad-data", f"{name}: row {values.index(None):,} has no class")
    if not all(isinstance(value, (int, float, str)) for value in values):
        raise DataError("bad-data", f"{name} is not one class for each row")
    found = Named(name, np.array(values))
    if columns.classes and found.values.dtype.kind in "iu" and found.values.max() >= len(columns.classes):
        message = f"{name} has the class {found.values.max()}, and there are {len(columns.classes)}"
        raise DataError("bad-data", message)
    return found
