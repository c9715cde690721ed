"""The folded table of ``cnncalc time``: repeats and blocks as a row each, with the times of all their layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.analysis import Counts
from cnncalc.folding.rows import FoldedRow
from cnncalc.report.folded import NAMES, filled, named
from cnncalc.report.table import Table
from cnncalc.report.time import Timed, cells, columns, layer_rows, step_row, sum_row, total_row


def folded_time(counts: Counts, rows: Sequence[FoldedRow], *, timed: Timed) -> Table:
    """Return the folded table, without the rows of layers that take no time."""
    layers = layer_rows(timed)
    shown = columns(timed, NAMES)

    def of_row(row: FoldedRow) -> tuple[Any, ...]:
        return cells(
            timed, named(row), sum_row([each for first, last in row.spans for each in layers[first - 1 : last]])
        )

    body = filled(rows, of_row, len(shown))
    step = step_row(timed)
    if step is not None:
        body.append(cells(timed, ("optimizer", None, timed.bound.setup.optimizer), step))
    return Table(shown, body, cells(timed, ("total", None, None), total_row(timed)))
