"""Labels in a table: a CSV or TSV file with a row for each image."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.csv_targets import TableRow, table_targets, where
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_dataset
from cnncalc.train.data.folder_layout import PARTS
from cnncalc.train.data.images import SUFFIXES, check_fit
from cnncalc.train.data.source import DataSource
from cnncalc.train.data.targets import TargetWish
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


class CsvFile(DataSource):
    """A table with the file of every image, and its class, its labels or its numbers."""

    shown = "`--data FILE.csv`: a table with the columns file and label"
    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a file."""
        return os.path.isfile(data) and os.path.splitext(data.lower())[1] in SEPARATORS

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the table and its images; see `load_csv`."""
        return load_csv(request, volume, outputs)


def load_csv(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read the images that a table names.

    A table has a line of titles, among them one of `FILE_COLUMNS` and one of `LABEL_COLUMNS`, or columns of numbers,
    or of 0 and 1 for each label, beside the file; or no such line, and then the first two columns are file and class,
    labels or number. Classes and labels are sorted by name. A column of `PART_COLUMNS` says which images are to train,
    to validate and to test with.

    Raises:
        DataError: for a table that cannot be read or is none, rows without an image or a class, images that are not
            there, fewer than two classes; and for images as in `read_files`.

    """
    fit = ImageFit(volume, request.resize, request.colour)
    check_fit(fit)
    if request.task == "masks":
        message = f"`{shorten_path(request.data)}` is a table, which has no masks, and the network learns them"
        hints = ["name a folder with `images` and `masks`, or an .npz file", "or end the network with `gap - fc 10`"]
        raise DataError("data-differs", message, hints=hints)
    rows, titles = _rows(request, outputs)
    if not any(row.part == "training" for row in rows):
        raise DataError("bad-data", f"`{shorten_path(request.data)}` has no images to train with")
    targets = table_targets(rows, titles, TargetWish(request.task, outputs, volume.dimensions), request.data)
    paths = _paths(rows, request.data)
    files = {}
    for part in PARTS:
        held = [index for index, row in enumerate(rows) if row.part == part]
        if part == "training":
            held = [held[place] for place in spread(len(held), request.limit).tolist()]
        if held:
            files[part] = Files([paths[rows[index].file] for index in held], targets.values[held])
    return read_dataset(files, request, fit, targets.names, kind=targets.kind)


# ---- the table


def _rows(request: DataRequest, outputs: int | None) -> tuple[list[TableRow], list[str]]:
    """Return the rows of a table, and the titles of the columns that say what images are."""
    path = request.data
    lines = list(_lines(path))
    if not lines:
        raise DataError("bad-data", f"`{shorten_path(path)}` is empty")
    written = [title.strip() for title in lines[0][1]]
    titles = [title.lower() for title in written]
    file, part = _column(titles, FILE_COLUMNS), _column(titles, PART_COLUMNS)
    targets = [] if file is None else _target_columns(titles, (file, part), request.task, outputs)
    if file is None or not targets:
        return _without_titles(lines, path), ["y"]
    rows = [_row(line, cells, file, targets, part, path) for line, cells in lines[1:]]
    return rows, [written[column] for column in targets]


def _target_columns(titles: list[str], others: tuple[int | None, ...], task: str, outputs: int | None) -> list[int]:
    """Return which columns say what images are: that of labels, or as many as the network has outputs."""
    label = _column(titles, LABEL_COLUMNS)
    beside = [place for place, title in enumerate(titles) if title and place not in others]
    numbers = task == "regression" or (task == "auto" and label is not None and titles[label] in ("y", "target"))
    if label is not None and not (numbers and (outputs or 0) > 1 and len(beside) == outputs):
        return [label]
    return beside if len(beside) == outputs or task in ("regression", "labels") else []


def _without_titles(lines: list[tuple[int, list[str]]], path: str) -> list[TableRow]:
    """Read a table whose first line is an image already.

    Raises:
        DataError: where it is a line of titles that are not known.

    """
    first = lines[0][1]
    if len(first) < 2 or not first[0].strip().lower().endswith(SUFFIXES):
        message = f"`{shorten_path(path)}` has no columns file and label"
        hints = [f"its first line is {shorten(listed(first), 200)}", "write the titles file,label in the first line"]
        raise DataError("bad-data", message, hints=hints)
    return [_row(line, cells, 0, [1], None, path) for line, cells in lines]


def _column(titles: Sequence[str], names: Sequence[str]) -> int | None:
    return next((titles.index(name) for name in names if name in titles), None)


def _row(line: int, cells: Sequence[str], file: int, targets: Sequence[int], part: int | None, path: str) -> TableRow:
    def cell(column: int) -> str:
        return cells[column].strip() if column < len(cells) else ""

    place = where(line, path)
    if not cell(file):
        raise DataError("bad-data", f"{place} has no file")
    word = "" if part is None else cell(part).lower()
    return TableRow(line, cell(file), tuple(map(cell, targets)), _part(word, place))


def _part(word: str, place: str) -> str:
    if not word:
        return "training"
    found = next((part for part, names in PARTS.items() if word.replace("-", "_") in names), None)
    if found is None:
        hints = ["it is train, val or test"]
        raise DataError("bad-data", f"{place} belongs to a part called `{shorten(word, 80)}`", hints=hints)
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


# ---- its images


def _paths(rows: Sequence[TableRow], path: str) -> dict[str, str]:
    """Return where the image of every row is.

    Raises:
        DataError: where some are not there.

    """
    folder = os.path.dirname(os.path.abspath(path))
    places = [os.path.join(folder, place) for place in IMAGE_FOLDERS if os.path.isdir(os.path.join(folder, place))]
    found: dict[str, str] = {}
    missing: list[TableRow] = []
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
