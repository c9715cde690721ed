"""Hugging Face data sets that were saved on the disk: rows with an image, and its class, labels, numbers or mask."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.check import check_class_count
from cnncalc.train.data.column_names import FILE_COLUMNS, LABEL_COLUMNS, MASK_COLUMNS
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_dataset
from cnncalc.train.data.hugging_face_tables import OF_MANY, OF_ONE, HuggingFaceRows, tables_of
from cnncalc.train.data.hugging_face_targets import row_targets
from cnncalc.train.data.images import check_fit
from cnncalc.train.data.kinds import CLASSES, MASKS
from cnncalc.train.data.mask_files import MaskFiles, no_labels
from cnncalc.train.data.mask_meaning import meaning_of_masks
from cnncalc.train.data.source import DataSource
from cnncalc.train.data.targets import KnownOfTargets
from cnncalc.train.data_request import DataRequest


class HuggingFaceFolder(DataSource):
    """A folder that `save_to_disk` of the library `datasets` wrote; nothing is fetched, and no code of it is run."""

    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a folder."""
        return any(os.path.isfile(os.path.join(data, name)) for name in (OF_ONE, OF_MANY))

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the rows; see `load_hugging_face` and `load_hugging_face_masks`."""
        read = load_hugging_face_masks if request.task == MASKS else load_hugging_face
        return read(request, volume, outputs)


class _Columns(NamedTuple):
    """The names of the columns of images, and of what is said of them."""

    image: str
    target: str


def load_hugging_face(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read a data set with an image in each row, and its class, its labels or its numbers.

    The image column is the one of the library's kind `Image`. What is said of the images is in the column of the kind
    `ClassLabel`, or of lists of these, or else in one with a usual name, such as ``label``, or in the only other one.

    Raises:
        DataError: for a folder that cannot be read, other columns, and targets as in `row_targets`; and for images as
            in `read_files`.

    """
    fit = ImageFit.asked(request, volume)
    check_fit(fit)
    tables, passed_over = tables_of(request.data)
    columns = _columns(tables["training"], request.data)
    box, rows = HuggingFaceRows(tables, columns.image, request.data), _rows(tables, request)
    known = KnownOfTargets(request.task, outputs, volume.dimensions)
    targets = row_targets(tables, columns.target, request.data, known)
    if targets.kind == CLASSES:
        check_class_count(os.path.basename(os.path.abspath(request.data)), targets.names)
    files = {
        part: Files(_names(part, rows[part], request), values[rows[part]], box=box)
        for part, values in zip(tables, targets.values, strict=True)
    }
    notes = (targets.note,)
    return read_dataset(files, request, fit, targets.names, kind=targets.kind, left_out=passed_over, notes=notes)


def load_hugging_face_masks(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read a data set with an image and its mask in each row: two columns of the library's kind `Image`.

    Raises:
        DataError: for a folder that cannot be read, other columns, and masks and images as `load_masks` refuses them.

    """
    fit = ImageFit.asked(request, volume)
    check_fit(fit)
    tables, passed_over = tables_of(request.data)
    image, mask = _mask_columns(tables["training"], request.data)
    images, masks = (HuggingFaceRows(tables, column, request.data) for column in (image, mask))
    names = {part: _names(part, rows, request) for part, rows in _rows(tables, request).items()}
    every = [name for part in names.values() for name in part]
    meaning = meaning_of_masks(every, request, outputs, box=masks)
    files = {
        part: Files(given, no_labels(len(given)), MaskFiles(given, given, meaning.table, masks, images), images)
        for part, given in names.items()
    }
    return read_dataset(files, request, fit, meaning.names, left_out=passed_over, notes=(meaning.note,), kind=MASKS)


def _rows(tables: Mapping[str, Any], request: DataRequest) -> dict[str, torch.Tensor]:
    """Return the rows of each part that are used."""
    limits = {part: request.limit if part == "training" else None for part in tables}
    return {part: spread(table.num_rows, limits[part]) for part, table in tables.items()}


def _names(part: str, rows: torch.Tensor, request: DataRequest) -> list[str]:
    return [f"{request.data}/{part}/row {row}" for row in rows.tolist()]


# ---- the columns


def _columns(table: Any, path: str) -> _Columns:
    import datasets

    kinds = table.features
    images = [name for name, kind in kinds.items() if isinstance(kind, datasets.Image)]
    classes = [name for name, kind in kinds.items() if hasattr(getattr(kind, "feature", kind), "names")]
    image = _one(images, FILE_COLUMNS)
    usual = next((name for name in LABEL_COLUMNS if name in kinds), None)
    label = _one(classes, LABEL_COLUMNS) or usual or _one([name for name in kinds if name != image], ())
    if image is None or label is None:
        what = "image" if image is None else "class"
        message = f"`{shorten_path(path)}` has no column of which it is clear that it is the {what}"
        raise DataError("bad-data", message, hints=[f"its columns are {shorten(listed(kinds), 200)}"])
    if label in images:
        message = f"column {shorten(label)} of training in `{shorten_path(path)}` holds images, and the network has no "
        hints = ["masks are learned with an output as large as the input"]
        raise DataError("bad-data", message + "output for each pixel", hints=hints)
    return _Columns(image, label)


def _mask_columns(table: Any, path: str) -> tuple[str, str]:
    """Return the names of the columns of images and of masks."""
    import datasets

    kinds = table.features
    images = [name for name, kind in kinds.items() if isinstance(kind, datasets.Image)]
    mask = next((name for name in images if name.lower() in MASK_COLUMNS), None)
    image = _one([name for name in images if name != mask], FILE_COLUMNS)
    if image is None or mask is None:
        what = "mask" if mask is None else "image"
        message = f"`{shorten_path(path)}` has no column of which it is clear that it is the {what}"
        hints = [f"its columns are {shorten(listed(kinds), 200)}", "both are of the kind Image, and one is called mask"]
        raise DataError("bad-data", message, hints=hints)
    return image, mask


def _one(names: Sequence[str], usual: Sequence[str]) -> str | None:
    """Return the only name, or the one that is usual."""
    return names[0] if len(names) == 1 else next((name for name in usual if name in names), None)
