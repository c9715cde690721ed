"""Labels in a table: a CSV or TSV file with a row for each image."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.check import check_class_count
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_files
from cnncalc.train.data.folder_layout import PARTS
from cnncalc.train.data.images import SUFFIXES, check_fit
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""What parts the columns of a file, by the end of its name."""

FILE_COLUMNS = ("file", "filename", "file_name", "filepath", "path", "image", "image_path", "image_id", "img", "id")
LABEL_COLUMNS = ("label", "labels", "class", "class_name", "category", "target", "species", "breed", "y")
PART_COLUMNS = ("split", "part", "set", "subset", "fold")
"""What a column may be called, in small letters or capitals; the first that is there counts."""

IMAGE_FOLDERS = ("", "images", "train", "img", "data")
"""Folders beside the table in which its images are looked for; "" is the table's own."""

MAX_TABLE_BYTES = 2**30
"""Largest table that is read, 1 GiB."""

_FIRST = 5
"""Rows that an error names, where there are many."""


class LabelledFile(NamedTuple):
    """A row of the table: its line in the file, the image, its class and the part that it belongs to."""

    line: int
    file: str
    label: str
    part: str


class CsvFile(DataSource):
    """A table with the file and the class of every image."""

    shown = "`--data FILE.csv`: a table with the columns file and label"
    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a file."""
        return os.path.isfile(data) and os.path.splitext(data.lower())[1] in SEPARATORS

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the table and its images; see `load_csv`."""
        return load_csv(request, volume)


def load_csv(request: DataRequest, volume: Volume) -> Dataset:
    """Read the images that a table names.

    A table has a line of titles, among them one of `FILE_COLUMNS` and one of `LABEL_COLUMNS`; or no such line, and then
    the first two columns are file and class. Classes are sorted by name. A column of `PART_COLUMNS` says which images
    are to train, to validate and to test with.

    Raises:
        DataError: for a table that cannot be read or is none, rows without an image or a class, images that are not
            there, fewer than two classes; and for images as in `read_files`.

    """
    fit = ImageFit(volume, request.resize, request.colour)
    check_fit(fit)
    rows = _rows(request.data)
    name = os.path.basename(request.data)
    by_part = {part: [row for row in rows if row.part == part] for part in PARTS}
    if not by_part["training"]:
        raise DataError("bad-data", f"`{shorten_path(request.data)}` has no images to train with")
    classes = tuple(sorted({row.label for row in by_part["training"]}))
    check_class_count(name, classes, ["every row is an image and its class"])
    _check_classes(rows, classes, request.data)
    paths = _paths(rows, request.data)
    chosen = spread(len(by_part["training"]), request.limit).tolist()
    by_part["training"] = [by_part["training"][index] for index in chosen]
    index = {label: place for place, label in enumerate(classes)}
    files = {
        part: Files([paths[row.file] for row in held], torch.tensor([index[row.label] for row in held]))
        for part, held in by_part.items()
        if held
    }
    parts, unusable, note = read_files(files, request, fit)
    return Dataset(
        name,
        request.data,
        classes,
        parts["training"],
        parts.get("test"),
        tuple(map(str, unusable)),
        validation=parts.get("validation"),
        notes=(note,) if note else (),
    )


# ---- the table


def _rows(path: str) -> list[LabelledFile]:
    lines = list(_lines(path))
    if not lines:
        raise DataError("bad-data", f"`{shorten_path(path)}` is empty")
    titles = [title.strip().lower() for title in lines[0][1]]
    file, label = _column(titles, FILE_COLUMNS), _column(titles, LABEL_COLUMNS)
    if file is None or label is None:
        return _without_titles(lines, path)
    part = _column(titles, PART_COLUMNS)
    return [_row(line, cells, (file, label, part), path) for line, cells in lines[1:]]


def _without_titles(lines: list[tuple[int, list[str]]], path: str) -> list[LabelledFile]:
    """Read a table whose first line is an image already.

    Raises:
        DataError: where it is a line of titles that are not known.

    """
    first = lines[0][1]
    if len(first) < 2 or not first[0].strip().lower().endswith(SUFFIXES):
        message = f"`{shorten_path(path)}` has no columns file and label"
        hints = [f"its first line is {shorten(listed(first), 200)}", "write the titles file,label in the first line"]
        raise DataError("bad-data", message, hints=hints)
    return [_row(line, cells, (0, 1, None), path) for line, cells in lines]


def _column(titles: Sequence[str], names: Sequence[str]) -> int | None:
    return next((titles.index(name) for name in names if name in titles), None)


def _row(line: int, cells: Sequence[str], columns: tuple[int, int, int | None], path: str) -> LabelledFile:
    where = f"line {line:,} of `{shorten_path(path)}`"
    file, label = (cells[column].strip() if column < len(cells) else "" for column in columns[:2])
    if not file or not label:
        raise DataError("bad-data", f"{where} has no {'label' if file else 'file'}")
    if ";" in label or "|" in label:
        message = f"{where} has several labels, `{shorten(label, 80)}`"
        raise DataError("bad-data", message, hints=["a classifier takes one class for each image"])
    part = columns[2]
    word = "" if part is None or part >= len(cells) else cells[part].strip().lower()
    return LabelledFile(line, file, label, _part(word, where))


def _part(word: str, where: str) -> str:
    if not word:
        return "training"
    found = next((part for part, names in PARTS.items() if word.replace("-", "_") in names), None)
    if found is None:
        hints = ["it is train, val or test"]
        raise DataError("bad-data", f"{where} belongs to a part called `{shorten(word, 80)}`", hints=hints)
    return found


def _lines(path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, with their numbers."""
    separator = SEPARATORS[os.path.splitext(path.lower())[1]]
    try:
        if os.path.getsize(path) > MAX_TABLE_BYTES:
            raise DataError("bad-data", f"`{shorten_path(path)}` is larger than 1 GiB")
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=separator)
            yield from ((reader.line_num, cells) for cells in reader if any(map(str.strip, cells)))
    except UnicodeDecodeError:
        raise DataError("bad-data", f"`{shorten_path(path)}` is not UTF-8 text") from None
    except csv.Error as error:
        raise DataError("bad-data", f"`{shorten_path(path)}` is not a table: {error}") from None
    except OSError as error:
        raise DataError("bad-data", f"cannot read `{shorten_path(path)}`: {error.strerror or error}") from None


def _check_classes(rows: Sequence[LabelledFile], classes: Sequence[str], path: str) -> None:
    known = {*classes}
    for row in rows:
        if row.label not in known:
            message = f"line {row.line:,} of `{shorten_path(path)}` has a class that is not trained"
            hints = [f"the class is `{shorten(row.label, 80)}`", f"trained are {shorten(listed(classes), 200)}"]
            raise DataError("bad-data", message, hints=hints)


# ---- its images


def _paths(rows: Sequence[LabelledFile], path: str) -> dict[str, str]:
    """Return where the image of every row is.

    Raises:
        DataError: where some are not there.

    """
    folder = os.path.dirname(os.path.abspath(path))
    places = [os.path.join(folder, place) for place in IMAGE_FOLDERS if os.path.isdir(os.path.join(folder, place))]
    found: dict[str, str] = {}
    missing: list[LabelledFile] = []
    for row in rows:
        there = found.get(row.file) or _found(row.file, places)
        if there is None:
            missing.append(row)
        else:
            found[row.file] = there
    if missing:
        message = f"{len(missing):,} of {len(rows):,} images that `{shorten_path(path)}` names are not there"
        some = [f"line {row.line:,}: `{shorten_path(row.file)}`" for row in missing[:_FIRST]]
        more = [f"and {len(missing) - _FIRST:,} more"] if len(missing) > _FIRST else []
        raise DataError("no-such-data", message, hints=[*some, *more, "paths are looked up from the table's folder"])
    return found


def _found(name: str, places: Sequence[str]) -> str | None:
    """Return the path of an image; a name without an ending may have any."""
    try:
        return next((path for place in places for path in _candidates(place, name) if os.path.isfile(path)), None)
    except ValueError:  # a zero byte in the name
        return None


def _candidates(place: str, name: str) -> Iterator[str]:
    path = os.path.join(place, name)
    yield path
    if not path.lower().endswith(SUFFIXES):
        yield from (path + suffix for suffix in SUFFIXES)
