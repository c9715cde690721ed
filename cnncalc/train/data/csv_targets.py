"""What the rows of a table say of their images: a class, several labels, or numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

import torch

from cnncalc.core.errors import DataError
from cnncalc.core.numbers import counted
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.check import check_class_count
from cnncalc.train.data.kinds import CLASSES, KIND_OF_TASK, LABELS, NUMBERS
from cnncalc.train.data.targets import TargetWish

SEVERAL = re.compile("[;|]")
"""What parts several labels, or numbers, in one cell."""


class TableRow(NamedTuple):
    """A row of a table: its line in the file, the image, what is said of it, and the part that it belongs to."""

    line: int
    file: str
    cells: tuple[str, ...]
    part: str


class TableTargets(NamedTuple):
    """What all rows say.

    Attributes:
        kind: one of `KINDS`.
        names: of the classes, the labels or the numbers.
        values: of every row, in their order, as `Split.labels` has them.

    """

    kind: str
    names: tuple[str, ...]
    values: torch.Tensor


def table_targets(rows: Sequence[TableRow], titles: Sequence[str], wish: TargetWish, path: str) -> TableTargets:
    """Understand what the rows of a table say.

    Args:
        rows: all of them.
        titles: of the columns that are read.
        wish: what is known: the task, and the network's outputs.
        path: of the table.

    Raises:
        DataError: for a cell that is none of its kind, and classes that no training image has.

    """
    kind = KIND_OF_TASK.get(wish.task) or _kind(rows, wish)
    if kind == NUMBERS:
        return _numbers(rows, titles, path)
    if len(titles) > 1:
        return _marks(rows, titles, kind, path)
    return _labels(rows, path) if kind == LABELS else _classes(rows, path)


def where(line: int, path: str) -> str:
    """Return the place of a row, for messages."""
    return f"line {line:,} of `{shorten_path(path)}`"


def _kind(rows: Sequence[TableRow], wish: TargetWish) -> str:
    """Return what the rows are, by their cells: numbers, or names of classes or labels."""
    if len(rows[0].cells) > 1:
        if not all(cell.strip() in ("0", "1") for row in rows for cell in row.cells):
            return NUMBERS
        return CLASSES if all(row.cells.count("1") == 1 for row in rows) else LABELS
    cells = {row.cells[0] for row in rows}
    if any(SEVERAL.search(cell) for cell in cells):
        parts = [part for cell in cells for part in SEVERAL.split(cell)]
        numeric = all(_number(part) is not None for part in parts)
        return NUMBERS if numeric and not all(part.strip().isdecimal() for part in parts) else LABELS
    numeric = all(_number(cell) is not None for cell in cells)
    return NUMBERS if wish.outputs == 1 and numeric and len(cells) > 2 else CLASSES


# ---- one class


def _classes(rows: Sequence[TableRow], path: str) -> TableTargets:
    for row in rows:
        if not row.cells[0]:
            raise DataError("bad-data", f"{where(row.line, path)} has no label")
        if SEVERAL.search(row.cells[0]):
            message = f"{where(row.line, path)} has several labels, `{shorten(row.cells[0], 80)}`"
            raise DataError("bad-data", message, hints=["a classifier takes one class for each image"])
    classes = tuple(sorted({row.cells[0] for row in rows if row.part == "training"}))
    check_class_count(path, classes, ["every row is an image and its class"])
    _check_known(rows, [[row.cells[0]] for row in rows], classes, path)
    index = {label: place for place, label in enumerate(classes)}
    return TableTargets(CLASSES, classes, torch.tensor([index[row.cells[0]] for row in rows]))


def _check_known(rows: Sequence[TableRow], found: Sequence[Sequence[str]], names: Sequence[str], path: str) -> None:
    """Refuse names that no training image has."""
    known = {*names}
    for row, labels in zip(rows, found, strict=True):
        unknown = next((label for label in labels if label not in known), None)
        if unknown is not None:
            message = f"{where(row.line, path)} has a class that is not trained"
            hints = [f"the class is `{shorten(unknown, 80)}`", f"trained are {shorten(listed(names), 200)}"]
            raise DataError("bad-data", message, hints=hints)


# ---- several labels


def _labels(rows: Sequence[TableRow], path: str) -> TableTargets:
    found = [[part.strip() for part in SEVERAL.split(row.cells[0]) if part.strip()] for row in rows]
    trained = (labels for row, labels in zip(rows, found, strict=True) if row.part == "training")
    names = tuple(sorted({label for labels in trained for label in labels}))
    _check_known(rows, found, names, path)
    index = {label: place for place, label in enumerate(names)}
    values = torch.zeros(len(rows), len(names))
    for place, labels in enumerate(found):
        values[place, [index[label] for label in labels]] = 1
    return TableTargets(LABELS, names, values)


def _marks(rows: Sequence[TableRow], titles: Sequence[str], kind: str, path: str) -> TableTargets:
    """Read a column for each label, with 1 where it holds."""
    for row in rows:
        wrong = next((cell for cell in row.cells if cell not in ("0", "1")), None)
        if wrong is not None:
            message = f"{where(row.line, path)} has `{shorten(wrong, 80)}` in the column of a label"
            raise DataError("bad-data", message, hints=["it is 1 where the label holds, and 0 elsewhere"])
    values = torch.tensor([[float(cell) for cell in row.cells] for row in rows])
    if kind == LABELS:
        return TableTargets(LABELS, tuple(titles), values)
    several = next((row for row in rows if row.cells.count("1") != 1), None)
    if several is not None:
        message = f"{where(several.line, path)} has {several.cells.count('1')} classes"
        raise DataError("bad-data", message, hints=["a classifier takes one class for each image"])
    return TableTargets(CLASSES, tuple(titles), values.argmax(1))


# ---- numbers


def _numbers(rows: Sequence[TableRow], titles: Sequence[str], path: str) -> TableTargets:
    parts = [row.cells if len(titles) > 1 else tuple(SEVERAL.split(row.cells[0])) for row in rows]
    count = len(parts[0])
    values = []
    for row, cells in zip(rows, parts, strict=True):
        if len(cells) != count:
            message = (
                f"{where(row.line, path)} has {counted(len(cells), 'number')}, and {where(rows[0].line, path)} {count}"
            )
            raise DataError("bad-data", message)
        values.append([_checked(cell, row, path) for cell in cells])
    names = titles if len(titles) == count else [f"{titles[0]}{place}" for place in range(count)]
    return TableTargets(NUMBERS, tuple(names), torch.tensor(values))


def _checked(cell: str, row: TableRow, path: str) -> float:
    value = _number(cell)
    if value is None:
        found = f"`{shorten(cell, 80)}`, which is not a number" if cell.strip() else "no number"
        raise DataError("bad-data", f"{where(row.line, path)} has {found}")
    return value


def _number(cell: str) -> float | None:
    """Return the finite number that a cell holds, of those that float32 and a loss of its square hold; else None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if isfinite(value) and abs(value) < 2.0**31 else None
