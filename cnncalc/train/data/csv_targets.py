"""What the rows of a table say of their images: a class, several labels, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

import torch

from cnncalc.core.errors import DataError
from cnncalc.core.numbers import counted
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.check import check_class_count
from cnncalc.train.data.csv_lists import Parting, parts_of
from cnncalc.train.data.csv_rows import ReadTable, TableRow
from cnncalc.train.data.kinds import CLASSES, KIND_OF_TASK, LABELS, NUMBERS
from cnncalc.train.data.targets import KnownOfTargets


class Said(NamedTuple):
    """What a table says of its images: the columns that say it, and all rows with the cells of these."""

    table: ReadTable
    columns: Sequence[int]
    rows: Sequence[TableRow]

    @property
    def names(self) -> list[str]:
        """The titles of the columns."""
        return [self.table.titles[column] for column in self.columns] if self.table.titles else ["y"]

    def place(self, row: TableRow, column: int = 0) -> str:
        """Return the place of a cell, for messages."""
        return self.table.place(row.line, self.columns[column])


class TableTargets(NamedTuple):
    """What all rows say.

    Attributes:
        kind: one of `KINDS`.
        names: of the classes, the labels or the numbers.
        values: of every row, in their order, as `Split.labels` has them.
        note: how the cells were understood, where that is not plain; else "".

    """

    kind: str
    names: tuple[str, ...]
    values: torch.Tensor
    note: str = ""


def table_targets(said: Said, known: KnownOfTargets) -> TableTargets:
    """Understand what the rows of a table say.

    Args:
        said: it.
        known: what is known: the task, and the network's outputs.

    Raises:
        DataError: for a cell that is none of its kind, and classes that no training image has.

    """
    kind = KIND_OF_TASK.get(known.task) or _kind(said, known)
    if kind == NUMBERS:
        return _numbers(said)
    if len(said.columns) > 1:
        return _marks(said, kind)
    return _labels(said, known) if kind == LABELS else _classes(said)


def _kind(said: Said, known: KnownOfTargets) -> str:
    """Return what the rows are, by their cells: numbers, or names of classes or labels."""
    rows = said.rows
    if len(said.columns) > 1:
        marks = _mark_values(rows)
        if not all(cell.lower() in marks for row in rows for cell in row.cells):
            return NUMBERS
        single = all(sum(marks[cell.lower()] for cell in row.cells) == 1 for row in rows)
        return CLASSES if single else LABELS
    cells = {row.cells[0] for row in rows}
    parted = Parting.of(cells, known.outputs)
    several = [names for names in map(parted.names, cells) if len(names) > 1]
    if several:
        parts = [part for cell in cells for part in parted.names(cell)]
        numeric = all(number_in(part) is not None for part in parts)
        return NUMBERS if numeric and not all(part.isdecimal() for part in parts) else LABELS
    numeric = all(number_in(cell) is not None for cell in cells)
    return NUMBERS if known.outputs == 1 and numeric and len(cells) > 2 else CLASSES


# ---- one class


def _classes(said: Said) -> TableTargets:
    for row in said.rows:
        if not row.cells[0]:
            raise DataError(
                "bad-data", f"{said.place(row)} has no label", hints=["write one there, or leave the line out"]
            )
        if len(parts_of(row.cells[0])) > 1:
            message = f"{said.place(row)} has several labels, `{shorten(row.cells[0], 80)}`"
            raise DataError("bad-data", message, hints=["a classifier takes one class for each image"])
    classes = tuple(sorted({row.cells[0] for row in said.rows if row.part == "training"}))
    check_class_count(said.table.path, classes, ["every row is an image and its class"])
    _check_known(said, [[row.cells[0]] for row in said.rows], classes)
    index = {label: place for place, label in enumerate(classes)}
    return TableTargets(CLASSES, classes, torch.tensor([index[row.cells[0]] for row in said.rows]))


def _check_known(said: Said, found: Sequence[Sequence[str]], names: Sequence[str]) -> None:
    """Refuse names that no training image has."""
    known = {*names}
    for row, labels in zip(said.rows, found, strict=True):
        unknown = next((label for label in labels if label not in known), None)
        if unknown is not None:
            message = f"{said.place(row)} has a class that is not trained"
            hints = [f"the class is `{shorten(unknown, 80)}`", f"trained are {shorten(listed(names), 200)}"]
            raise DataError("bad-data", message, hints=hints)


# ---- several labels


def _labels(said: Said, known: KnownOfTargets) -> TableTargets:
    parted = Parting.of({row.cells[0] for row in said.rows}, known.outputs)
    found = [parted.names(row.cells[0]) for row in said.rows]
    trained = (labels for row, labels in zip(said.rows, found, strict=True) if row.part == "training")
    names = tuple(sorted({label for labels in trained for label in labels}))
    _check_known(said, found, names)
    index = {label: place for place, label in enumerate(names)}
    values = torch.zeros(len(said.rows), len(names))
    for place, labels in enumerate(found):
        values[place, [index[label] for label in labels]] = 1
    return TableTargets(LABELS, names, values, parted.note)


_MARKS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
_SIGNED = {"-1": 0, "-1.0": 0, "1": 1, "1.0": 1}
"""What cells are for a label that does not hold, and for one that does: with 0, and with -1."""


def _mark_values(rows: Sequence[TableRow]) -> dict[str, int]:
    """Return what the cells of labels mean: with -1 where they have it, and 0 nowhere."""
    words = {cell.lower() for row in rows for cell in row.cells}
    return _SIGNED if words <= {*_SIGNED} and not words <= {*_MARKS} else _MARKS


def _marks(said: Said, kind: str) -> TableTargets:
    """Read a column for each label, with 1 where it holds."""
    marks = _mark_values(said.rows)
    for row in said.rows:
        column = next((place for place, cell in enumerate(row.cells) if cell.lower() not in marks), None)
        if column is not None:
            message = f"{said.place(row, column)} has `{shorten(row.cells[column], 80)}`"
            message = message if row.cells[column] else f"{said.place(row, column)} is empty"
            raise DataError("bad-data", message, hints=["a label has 1 where it holds, and 0 elsewhere"])
    values = torch.tensor([[float(marks[cell.lower()]) for cell in row.cells] for row in said.rows])
    note = "the labels are 1 and -1: -1 is a label that does not hold" if marks is _SIGNED else ""
    if kind == LABELS:
        return TableTargets(LABELS, tuple(said.names), values, note)
    held = values.sum(1).int().tolist()
    several = next((place for place, count in enumerate(held) if count != 1), None)
    if several is not None:
        message = f"line {said.rows[several].line:,} of `{shorten_path(said.table.path)}` has {held[several]} classes"
        raise DataError("bad-data", message, hints=["a classifier takes one class for each image"])
    return TableTargets(CLASSES, tuple(said.names), values.argmax(1), note)


# ---- numbers


def _numbers(said: Said) -> TableTargets:
    first, wide = said.rows[0], len(said.columns) > 1
    parts = [row.cells if wide else tuple(parts_of(row.cells[0])) for row in said.rows]
    count = len(parts[0])
    values = []
    for row, cells in zip(said.rows, parts, strict=True):
        if len(cells) != count:
            found, wanted = counted(len(cells), "number"), f"line {first.line:,} has {count}"
            raise DataError("bad-data", f"{said.place(row)} has {found}, and {wanted}")
        values.append([_checked(said, row, cell, place if wide else 0) for place, cell in enumerate(cells)])
    names = said.names if len(said.names) == count else [f"{said.names[0]}{place}" for place in range(count)]
    return TableTargets(NUMBERS, tuple(names), torch.tensor(values))


def _checked(said: Said, row: TableRow, cell: str, column: int) -> float:
    value = number_in(cell)
    if value is None:
        found = f"`{shorten(cell, 80)}`, which is not a number" if cell else "no number"
        raise DataError("bad-data", f"{said.place(row, column)} has {found}")
    return value


def number_in(cell: str) -> float | None:
    """Return the finite number that a cell holds, of those that float32 and a loss of its square hold; else None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if isfinite(value) and abs(value) < 2.0**31 else None
