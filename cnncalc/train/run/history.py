"""How a run went, epoch by epoch: ``metrics.csv`` and ``gradients.csv``, written and read back without torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import fields
from math import isfinite
from typing import Any, NamedTuple

from cnncalc.core.errors import RunError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.progress import EpochGradients, EpochMetrics, row_from

_MOST_BYTES = 256 * 2**20
_EPOCH = "epoch"


class History(NamedTuple):
    """How a run went.

    Attributes:
        rows: what each epoch came to.
        gradients: the gradient norms of each layer in the epochs for which they were recorded; older runs have none.

    """

    rows: Sequence[EpochMetrics]
    gradients: Sequence[EpochGradients]


def metrics_text(rows: Sequence[EpochMetrics]) -> str:
    """Return a line for every epoch, below a line with the names of the columns."""
    cells = [row.columns() for row in rows]
    names = list(dict.fromkeys(name for row in cells for name in row))
    return _csv([names, *([_cell(row.get(name)) for name in names] for row in cells)])


def gradients_text(rows: Sequence[EpochGradients]) -> str:
    """Return a line for every epoch, with a column for every layer; what was no finite number is an empty cell."""
    names = list(dict.fromkeys(name for row in rows for name in row.norms))
    return _csv([[_EPOCH, *names], *([row.epoch, *(_cell(row.norms.get(name)) for name in names)] for row in rows)])


def _cell(value: Any) -> Any:
    return "" if value is None else value


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def read_history(metrics: str, gradients: str) -> History:
    """Read the two files of a run; where one of them is not there yet, it has no rows.

    Raises:
        RunError: where a file cannot be read, or is not what `cnncalc train` wrote.

    """
    return History(_read(metrics, _metrics_from), _read(gradients, _gradients_from))


def _read(path: str, make: Callable[[dict[str, str]], Any]) -> list[Any]:
    try:
        text = read_regular(path, _MOST_BYTES).decode()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError("bad-metrics", f"cannot read `{shorten_path(path)}`: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _changed(path, 1, "it is not UTF-8") from None
    reader = csv.DictReader(io.StringIO(text), strict=True)
    rows = []
    try:
        for row in reader:
            rows.append(make(row))
            if rows[-1].epoch != rows[0].epoch + len(rows) - 1:
                raise ValueError("the epochs are not in order")
    except (csv.Error, ValueError) as error:
        raise _changed(path, reader.line_num, str(error)) from None
    return rows


def _changed(path: str, line: int, what: str) -> RunError:
    message = f"`{shorten_path(path)}` is not what cnncalc wrote: line {line}: {what}"
    return RunError("bad-metrics", message, hints=["put back the file that `cnncalc train` wrote"])


def _metrics_from(row: dict[str, str]) -> EpochMetrics:
    """Make the metrics of an epoch of the cells of a line, or raise ValueError, which says what is wrong."""
    kinds = {column.name: str(column.type) for column in fields(EpochMetrics) if column.name != "metrics"}
    if missing := [name for name in kinds if row.get(name) is None and name != "train_accuracy"]:
        raise ValueError(f"`{missing[0]}` is missing")
    if any(name is None or text is None for name, text in row.items()):
        raise ValueError("the cells are not as many as the names of columns")
    return row_from({name: _value(name, kinds.get(name, "float | None"), text) for name, text in row.items()})


def _value(name: str, kind: str, text: str) -> Any:
    """Read a cell as the type that its column has."""
    if not text and kind.endswith("| None"):
        return None
    return _whole(name, text) if kind.startswith("int") else _number(name, text)


def _gradients_from(row: dict[str, str]) -> EpochGradients:
    """Make the gradient norms of an epoch of the cells of a line, or raise ValueError likewise."""
    if any(name is None or text is None for name, text in row.items()):
        raise ValueError("the cells are not as many as the names of columns")
    if _EPOCH not in row:
        raise ValueError(f"`{_EPOCH}` is missing")
    norms = {name: _number(name, text) if text else None for name, text in row.items() if name != _EPOCH}
    return EpochGradients(_whole(_EPOCH, row[_EPOCH]), norms)


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 19):
        raise ValueError(f"`{shorten(name)}` is {shorten(text)!r}")
    return int(text)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ValueError(f"`{shorten(name)}` is {shorten(text)!r}")
    return value
