"""Metrics on a sheet: the tables of ``cnncalc evaluate``, as cells with shades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnncalc.core.cleaning import cell
from cnncalc.core.words import shorten
from cnncalc.inspect.confusions import MOST_CLASSES, most_confused, shade
from cnncalc.report.class_metrics import ClassMetrics, MacroMetrics, percent_text
from cnncalc.report.evaluate import Evaluation
from cnncalc.report.table import Table

_LONGEST_NAME = 20


class SheetCell(NamedTuple):
    """A cell of a table.

    Attributes:
        text: what stands in it.
        shade: how strongly it is coloured, 0 (not at all) to 4.
        right: whether it is what is right (blue), and not a confusion (orange).
        quiet: whether its letters are less important.

    """

    text: str
    shade: int = 0
    right: bool = False
    quiet: bool = False


Rows = list[list[SheetCell]]


def sheet_tables(evaluation: Evaluation) -> list[Rows]:
    """Return tables, each as its rows: all of a few classes; of many classes what is worst."""
    names = [shorten(cell(name), _LONGEST_NAME) for name in evaluation.classes]
    if len(names) <= MOST_CLASSES:
        return [list(_matrix(names, evaluation))]
    return [_worst(names, evaluation), _confusions(names, evaluation)]


def report_table(table: Table) -> Rows:
    """Return the table of a report as its rows."""
    titles, rows, _ = table.shown(cell)
    return [_heads(titles), *([SheetCell(shorten(name, _LONGEST_NAME)), *map(SheetCell, rest)] for name, *rest in rows)]


_HEADS = ("precision", "recall", "F1")


def _shares(one: ClassMetrics | MacroMetrics) -> list[SheetCell]:
    return [SheetCell(percent_text(share)) for share in (one.precision, one.recall, one.f1)]


def _heads(names: Sequence[str]) -> list[SheetCell]:
    return [SheetCell(name, quiet=True) for name in names]


def _matrix(names: Sequence[str], evaluation: Evaluation) -> Iterator[list[SheetCell]]:
    yield _heads(["class", *_HEADS, "", *(shorten(name, 7) for name in names)])
    for place, (name, row) in enumerate(zip(names, evaluation.confusion, strict=True)):
        counts = [
            SheetCell(f"{images:,}", shade(images, sum(row)), column == place) if images else SheetCell("·", quiet=True)
            for column, images in enumerate(row)
        ]
        yield [SheetCell(name), *_shares(evaluation.per_class[place]), SheetCell(""), *counts]
    yield [SheetCell("mean", quiet=True), *_shares(evaluation.macro)]


def _worst(names: Sequence[str], evaluation: Evaluation) -> Rows:
    found = evaluation.per_class
    known = [place for place, one in enumerate(found) if one.f1 is not None]
    worst = sorted(known, key=lambda place: found[place].f1 or 0)[:MOST_CLASSES]
    title = f"the {len(worst)} of {len(names):,} classes with the smallest F1"
    return [_heads([title, *_HEADS]), *([SheetCell(names[place]), *_shares(found[place])] for place in worst)]


def _confusions(names: Sequence[str], evaluation: Evaluation) -> Rows:
    rows = [
        [SheetCell(names[one.label]), SheetCell(names[one.predicted]), SheetCell(f"{one.images:,}")]
        for one in most_confused(evaluation.confusion)
    ]
    return [_heads(["the most frequent confusions", "predicted as", "images"]), *rows]
