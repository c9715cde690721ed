"""Tables: a CSV or TSV file with a row for each image, and what is said of it, or its mask."""

from __future__ import annotations

import os

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.column_names import FILE_COLUMNS, LABEL_COLUMNS
from cnncalc.train.data.csv_lists import parts_of
from cnncalc.train.data.csv_masks import load_csv_masks
from cnncalc.train.data.csv_paths import IMAGE_FOLDERS, column_of_files, paths_of
from cnncalc.train.data.csv_rows import SEPARATORS, ReadTable, places_of_parts, read_table
from cnncalc.train.data.csv_targets import Said, number_in, table_targets
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_dataset
from cnncalc.train.data.images import check_fit
from cnncalc.train.data.kinds import MASKS
from cnncalc.train.data.source import DataSource
from cnncalc.train.data.targets import KnownOfTargets
from cnncalc.train.data_request import DataRequest


class CsvFile(DataSource):
    """A table with the file of every image, and its class, its labels, its numbers or its mask."""

    shown = "`--data FILE.csv`: a table with the columns file and label"
    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a file."""
        return os.path.isfile(data) and os.path.splitext(data.lower())[1] in SEPARATORS

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the table and its images; see `load_csv` and `load_csv_masks`."""
        return (load_csv_masks if request.task == MASKS else load_csv)(request, volume, outputs)


def load_csv(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read the images that a table names.

    A table has a line of titles, among them one of `FILE_COLUMNS` and one of `LABEL_COLUMNS`, or columns of numbers,
    or of 0 and 1 for each label, beside the file; or no such line, and then the first two columns are file and class,
    labels or number. Classes and labels are sorted by name. A column of `PART_COLUMNS` or `PART_MARKS` says which
    images are to train, to validate and to test with.

    Raises:
        DataError: for a table that cannot be read or is none, rows without an image or a class, images that are not
            there, fewer than two classes; and for images as in `read_files`.

    """
    fit = ImageFit.asked(request, volume)
    check_fit(fit)
    table = read_table(request.data)
    file, columns, note = _columns(table, request, outputs)
    rows = table.rows(file, columns)
    targets = table_targets(Said(table, columns, rows), KnownOfTargets(request.task, outputs, volume.dimensions))
    paths = paths_of(table, file, [(row.line, row.file) for row in rows], IMAGE_FOLDERS)
    files = {
        part: Files([paths[place] for place in places], targets.values[places])
        for part, places in places_of_parts(rows, request.limit).items()
    }
    folds = "the column fold is not read: --folds makes folds of all images" if table.numbers_folds else ""
    return read_dataset(files, request, fit, targets.names, kind=targets.kind, notes=(note, targets.note, folds))


# ---- which columns


def _columns(table: ReadTable, request: DataRequest, outputs: int | None) -> tuple[int, list[int], str]:
    """Return the column of the images, those that say what they are, and a note where their cells said so.

    Raises:
        DataError: where it is not clear which these are.

    """
    if not table.titles:
        return 0, [1], ""
    named = table.column(FILE_COLUMNS)
    file = column_of_files(table, IMAGE_FOLDERS) if named is None else named
    if file is None:
        raise _without_columns(table, file, outputs)
    targets = _target_columns(table, file, request.task, outputs)
    found = targets or _column_of_classes(table, file, request.task, outputs)
    if not found:
        raise _without_columns(table, file, outputs)
    images = "" if named is not None else f"column {table.called(file)} names the images"
    classes = "" if targets else f"column {table.called(found[0])} says what they are: it alone has {outputs} values"
    return file, found, "; ".join(filter(None, (images, classes)))


def _column_of_classes(table: ReadTable, file: int, task: str, outputs: int | None) -> list[int]:
    """Return the only column with as many different values as the network has outputs; else none."""
    if task not in ("auto", "classes") or outputs is None or outputs < 2:
        return []
    cells = {place: {line.cell(place) for line in table.lines} for place in table.beside(file)}
    values = {place: {part for cell in found for part in parts_of(cell)} for place, found in cells.items()}
    fitting = [place for place, found in values.items() if len(found) == outputs and "" not in found]
    return fitting if len(fitting) == 1 else []


def _target_columns(table: ReadTable, file: int, task: str, outputs: int | None) -> list[int]:
    """Return which columns say what images are: that of labels, or as many as the network has outputs."""
    label, beside = table.column(LABEL_COLUMNS), table.beside(file)
    each = _one_each(table, beside, outputs)
    numbers = task == "regression" or (task == "auto" and label is not None and table.called(label) in _ALSO_NUMBERS)
    if label is not None and label != file and not (numbers and len(each) > 1):
        return [label]
    alone = len(beside) == 1 or task in ("regression", "labels")
    return each or (beside if alone else [])


def _one_each(table: ReadTable, beside: list[int], outputs: int | None) -> list[int]:
    """Return as many columns as the network has outputs: all beside the file, or those of numbers; else none."""
    if len(beside) == outputs:
        return beside
    read = [place for place in beside if all(number_in(line.cell(place)) is not None for line in table.lines)]
    return read if len(read) == outputs else []


_ALSO_NUMBERS = ("y", "target")
"""Names of columns of classes that are as usual for one number of several."""


def _without_columns(table: ReadTable, file: int | None, outputs: int | None) -> DataError:
    title = ", ".join(table.titles)
    if file is None:
        message = f"`{shorten_path(table.path)}` has no columns file and label"
        hints = ["write the titles file,label in the first line"]
    else:
        several = "" if outputs is None else f", nor {outputs} columns of numbers beside {table.called(file)}"
        message = f"`{shorten_path(table.path)}` has no column label{several}"
        hints = ["write the title label over the classes, or give one column for each output of the network"]
    return DataError("bad-data", message, hints=[f"its first line is {shorten(title, 200)}", *hints])
