"""What the rows of a Hugging Face data set say of their images: a class, several labels, or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch

from cnncalc.core.errors import DataError
from cnncalc.core.numbers import counted
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.hugging_face_tables import reading_table
from cnncalc.train.data.kinds import LABELS, NUMBERS
from cnncalc.train.data.labels import Named
from cnncalc.train.data.targets import KnownOfTargets, ReadTargets, read_targets


class _Column(NamedTuple):
    """The column of a part that says what its images are: how messages call it, and its cells."""

    name: str
    cells: Sequence[Any]

    def error(self, row: int, found: str, hints: Sequence[str] = ()) -> DataError:
        return DataError("bad-data", f"{self.name}: row {row:,} has {found}", hints=hints)


def row_targets(tables: Mapping[str, Any], title: str, path: str, known: KnownOfTargets) -> ReadTargets:
    """Understand what a column says: a class or a number in each row, or a list of labels or of numbers.

    Args:
        tables: of each part, training first.
        title: of the column. Its classes have names where its kind is `ClassLabel`, or a list of these.
        path: the data set's folder, for messages.
        known: the task, and the network's outputs.

    Raises:
        DataError: for cells of another kind, empty ones, and classes that training does not have.

    """
    columns = [_column(table, title, part, path) for part, table in tables.items()]
    kind = tables["training"].features[title]
    inner = getattr(kind, "feature", kind)
    names = tuple(getattr(inner, "names", None) or ())
    if inner is kind:
        return _single(columns, names, title, known)
    if names or all(isinstance(item, str) for item in chain.from_iterable(columns[0].cells)):
        return _marks(columns, names, known)
    return _titled(read_targets([_rows_of_numbers(column) for column in columns], known), title)


def _column(table: Any, title: str, part: str, path: str) -> _Column:
    name = f"column {shorten(title)} of {part} in `{shorten_path(path)}`"
    with reading_table(path):
        if title not in table.column_names:
            raise DataError("bad-data", f"the part {part} of `{shorten_path(path)}` has other columns than training")
        cells = table.data.column(title).to_pylist()
    column = _Column(name, cells)
    empty = next((row for row, cell in enumerate(cells) if cell is None), None)
    if empty is not None:
        raise column.error(empty, "no class")
    return column


def _single(columns: Sequence[_Column], names: tuple[str, ...], title: str, known: KnownOfTargets) -> ReadTargets:
    """Read a class or a number in each row."""
    arrays = []
    for name, cells in columns:
        if not all(isinstance(cell, (int, float, str)) for cell in cells):
            raise DataError("bad-data", f"{name} is not one class for each row")
        arrays.append(Named(name, np.array(cells)))
    if not names or known.task == "regression":
        return _titled(read_targets(arrays, known), title)
    for array in arrays:
        _check_indices(array.name, array.values.tolist(), names)
    task = "classes" if known.task == "auto" else known.task
    return read_targets(arrays, known._replace(task=task, outputs=None))._replace(names=names)


def _titled(read: ReadTargets, title: str) -> ReadTargets:
    """Call numbers as their column is called."""
    if read.kind != NUMBERS:
        return read
    count = len(read.names)
    return read._replace(names=(title,) if count == 1 else tuple(f"{title}{place}" for place in range(count)))


# ---- lists


def _marks(columns: Sequence[_Column], names: tuple[str, ...], known: KnownOfTargets) -> ReadTargets:
    """Read lists of labels: 1 for each that stands in a row's list."""
    if known.task not in ("auto", "labels"):
        message = f"{columns[0].name} has a list of labels in each row"
        raise DataError("bad-data", message, hints=["several labels are learned with `--task labels`"])
    if names:
        for name, cells in columns:
            _check_indices(name, list(chain.from_iterable(cells)), names)
    found: Sequence[Any] = range(len(names)) if names else sorted(set(chain.from_iterable(columns[0].cells)))
    places = {item: place for place, item in enumerate(found)}
    names = names or tuple(found)
    return ReadTargets(LABELS, names, [_marked(column, places, names) for column in columns])


def _marked(column: _Column, places: Mapping[Any, int], names: tuple[str, ...]) -> torch.Tensor:
    values = torch.zeros(len(column.cells), len(names))
    for row, cell in enumerate(column.cells):
        unknown = [item for item in cell if item not in places]
        if unknown:
            hints = [f"trained are {shorten(listed(names), 200)}"]
            raise column.error(row, f"the label {shorten(str(unknown[0]), 80)}, which is not trained", hints)
        values[row, [places[item] for item in cell]] = 1
    return values


def _rows_of_numbers(column: _Column) -> Named:
    """Return lists of numbers, all of one length, as rows."""
    count = len(column.cells[0])
    for row, cell in enumerate(column.cells):
        if not all(isinstance(item, (int, float)) for item in cell):
            raise column.error(row, "a list of neither labels nor numbers")
        if len(cell) != count:
            raise column.error(row, f"{counted(len(cell), 'number')}, and row 0 has {count}")
    return Named(column.name, np.array(column.cells))


def _check_indices(name: str, found: Sequence[Any], names: tuple[str, ...]) -> None:
    """Refuse classes that are not among the names; the library writes −1 where there is none."""
    wrong = [index for index in found if not 0 <= index < len(names)]
    if wrong:
        raise DataError("bad-data", f"{name} has the class {wrong[0]}, and there are {len(names)}")
