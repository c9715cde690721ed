"""The rows of a table: a CSV or TSV file with a line for each image."""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnncalc.core.errors import DataError
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.column_names import PART_COLUMNS, PART_MARKS
from cnncalc.train.data.dataset import spread
from cnncalc.train.data.folder_layout import PARTS, part_called
from cnncalc.train.data.images import SUFFIXES

SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""What parts the columns of a file, by the end of its name; a .csv file without commas may have tabs or semicolons."""

_YES_NO = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False, "": False}

_NUMBERS_OF_ROWS = re.compile(r"unnamed: \d+|index")
"""Titles of columns that pandas writes, in small letters."""

MAX_TABLE_BYTES = 2**30
"""Largest table that is read, 1 GiB."""


class TableRow(NamedTuple):
    """A row of a table: its line in the file, the image, what is said of it, and the part that it belongs to."""

    line: int
    file: str
    cells: tuple[str, ...]
    part: str


class TableLine(NamedTuple):
    """A line of a table: its number in the file, and its cells, without spaces around them."""

    number: int
    cells: Sequence[str]

    def cell(self, column: int) -> str:
        """Return a cell; "" behind the end of the line."""
        return self.cells[column] if column < len(self.cells) else ""


class ReadTable(NamedTuple):
    """A table that has been read.

    Attributes:
        path: of the file.
        titles: of the columns, as they are written; empty where the first line is an image already.
        lines: those below the titles that are not empty.

    """

    path: str
    titles: Sequence[str]
    lines: Sequence[TableLine]

    def column(self, names: Sequence[str]) -> int | None:
        """Return the column with one of some names, the first of them that is there."""
        titles = [_plain(title) for title in self.titles]
        return next((titles.index(name) for name in names if name in titles), None)

    def beside(self, file: int) -> list[int]:
        """Return the columns that may say something of an image: neither file nor part nor the numbers of rows."""
        others = {"", *PART_COLUMNS, *PART_MARKS}
        titles = [(place, title.lower()) for place, title in enumerate(self.titles) if place != file]
        return [place for place, title in titles if title not in others and not _NUMBERS_OF_ROWS.fullmatch(title)]

    def place(self, line: int, column: int) -> str:
        """Return the place of a cell, for messages."""
        return f"line {line:,}, column {self.called(column)} of `{shorten_path(self.path)}`"

    def called(self, column: int) -> str:
        """Return what messages call a column: its title, or its number from 1."""
        return shorten(self.titles[column]) if column < len(self.titles) else str(column + 1)

    @property
    def numbers_folds(self) -> bool:
        """Whether the column of the parts numbers the folds of a cross-validation, as tables of Kaggle do."""
        column = self.column(PART_COLUMNS)
        cells = {line.cell(column) for line in self.lines} if column is not None else set()
        return column is not None and _plain(self.titles[column]) == "fold" and all(map(str.isdecimal, cells))

    def rows(self, file: int, targets: Sequence[int]) -> list[TableRow]:
        """Return all rows.

        Args:
            file: the column of the images.
            targets: the columns of what is said of them.

        Raises:
            DataError: for a row without an image or of a part that is not known, and where no image is to train with.

        """
        rows = [self._row(line, file, targets, part) for line, part in zip(self.lines, self._parts(), strict=True)]
        if not any(row.part == "training" for row in rows):
            raise DataError("bad-data", f"`{shorten_path(self.path)}` has no images to train with")
        return rows

    def _row(self, line: TableLine, file: int, targets: Sequence[int], part: str) -> TableRow:
        if not line.cell(file):
            raise DataError("bad-data", f"{self.place(line.number, file)} has no file")
        cells = tuple(line.cell(column) for column in targets)
        return TableRow(line.number, line.cell(file), cells, part)

    def _parts(self) -> Iterator[str]:
        """Yield the part to which each line belongs."""
        column = self.column(PART_COLUMNS)
        if column is not None and not self.numbers_folds:
            yield from (self._part(line, column) for line in self.lines)
            return
        titles = enumerate(map(str.lower, self.titles))
        marks = {place: PART_MARKS[title] for place, title in titles if title in PART_MARKS}
        for line in self.lines:
            yield next((part for place, part in marks.items() if self._is_marked(line, place)), "training")

    def _part(self, line: TableLine, column: int) -> str:
        word = line.cell(column)
        found = part_called(word) if word else "training"
        if found is None:
            message = f"{self.place(line.number, column)} has a part called `{shorten(word, 80)}`"
            raise DataError("bad-data", message, hints=["it is train, val or test"])
        return found

    def _is_marked(self, line: TableLine, column: int) -> bool:
        word = line.cell(column)
        marked = _YES_NO.get(word.lower())
        if marked is None:
            message = f"{self.place(line.number, column)} has `{shorten(word, 80)}`"
            raise DataError("bad-data", message, hints=["it is True or False"])
        return marked


def _plain(title: str) -> str:
    """Return a title as names of columns are written: `Image Index` is `image_index`."""
    return re.sub(r"[\s-]+", "_", title.lower())


def places_of_parts(rows: Sequence[TableRow], limit: int | None) -> dict[str, list[int]]:
    """Return the places of the rows of each part that has some; of those to train with, ``limit`` spread over all."""
    held = {part: [place for place, row in enumerate(rows) if row.part == part] for part in PARTS}
    training = held["training"]
    held["training"] = [training[place] for place in spread(len(training), limit).tolist()]
    return {part: places for part, places in held.items() if places}


def read_table(path: str) -> ReadTable:
    """Read a table.

    Raises:
        DataError: for what cannot be read, is empty or is no text.

    """
    lines = list(_lines(path))
    if not lines:
        raise DataError("bad-data", f"`{shorten_path(path)}` is empty")
    first = lines[0].cells
    if len(first) > 1 and first[0].lower().endswith(SUFFIXES):
        return ReadTable(path, (), lines)
    return ReadTable(path, first, lines[1:])


def _lines(path: str) -> Iterator[TableLine]:
    """Yield the lines that are not empty."""
    try:
        if os.path.getsize(path) > MAX_TABLE_BYTES:
            raise DataError("bad-data", f"`{shorten_path(path)}` is larger than 1 GiB")
        with open(path, encoding=_encoding(path), newline="") as file:
            separator = _separator(path, file.readline())
            file.seek(0)
            reader = csv.reader(file, delimiter=separator)
            stripped = (TableLine(reader.line_num, [*map(str.strip, cells)]) for cells in reader)
            yield from (line for line in stripped if any(line.cells))
    except UnicodeDecodeError:
        hints = ["save it as UTF-8: in Excel as CSV UTF-8, elsewhere with iconv, such as iconv -f cp949 -t utf-8"]
        raise DataError("bad-data", f"`{shorten_path(path)}` is not UTF-8 text", hints=hints) from None
    except csv.Error as error:
        raise DataError("bad-data", f"`{shorten_path(path)}` is not a table: {error}") from None
    except OSError as error:
        raise DataError("bad-data", f"cannot read `{shorten_path(path)}`: {error.strerror or error}") from None


def _encoding(path: str) -> str:
    """Return the encoding of a file: Excel's Unicode text begins with a mark that says UTF-16."""
    with open(path, "rb") as file:
        return "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _separator(path: str, first: str) -> str:
    """Return what parts the columns, by the first line: where commas are decimal, Excel writes semicolons."""
    usual = SEPARATORS[os.path.splitext(path.lower())[1]]
    return next((mark for mark in (usual, "\t", ";") if mark in first), usual)
