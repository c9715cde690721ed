"""Tables that fold: repeats and blocks as a row each, with the numbers of all that the row stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

from cnncalc.analysis import Counts
from cnncalc.core.numbers import bar, bytes_text, counted, in_units, share_text, whole
from cnncalc.core.words import shorten
from cnncalc.folding.rows import FoldedRow, folded_rows
from cnncalc.report.report import Report
from cnncalc.report.shapes import brief_field, field_text
from cnncalc.report.table import Column, Table

_SHARE = 6
"""Characters of a share: ``<0.1%``."""

_NAME = 18
"""Characters of a name where the terminal is very narrow."""

Folder = Callable[[Counts, Sequence[FoldedRow]], Table]
"""Makes a folded table of what was counted and its rows."""


def folded(report: Report, counts: Counts, folder: Folder) -> Report:
    """Return a report with its table folded; as it is where there are few layers, or where nothing folds."""
    rows = folded_rows(counts.network)
    if rows is None:
        return report
    repeats = " (×N: N that are alike, counted together)" if any(row.times > 1 for row in rows) else ""
    remark = f"{counted(counts.network.size, 'layer')} are folded into rows{repeats}; --all shows every layer"
    table = folder(counts, rows)
    return report._replace(table=table if repeats else table.without("times"), remarks=[*report.remarks, remark])


def folded_shapes(counts: Counts, rows: Sequence[FoldedRow], saved: Sequence[int] | None = None) -> Table:
    """Return the folded table of ``cnncalc shapes``; ``saved`` are the bytes that each layer saves for backward."""
    network = counts.network
    params = _Sums([row.node.params for row in counts.rows])
    macs = _Sums([row.node.macs for row in counts.rows])
    sizes = _Sums([row.activation_bytes for row in counts.rows])
    held = None if saved is None else _Sums(saved)

    def cells(row: FoldedRow) -> tuple[Any, ...]:
        last = counts.rows[row.exit - 1]
        if row.exit in network.inputs_at:
            return (*named(row), str(last.node.output), None, sizes(row), None, None, *([None] if held else []))
        own = str(last.node.output), params(row), sizes(row), macs(row), field_text(last)
        return (*named(row), *own, *([held(row)] if held else []))

    columns = (
        *NAMES,
        Column("output", "output"),
        _with_share("params", "parameters", network.params, rank=0),
        Column("activation_bytes", "activations", bytes_text, right=True, rank=4, short="memory"),
        _with_share("macs", "MACs", network.macs, rank=2),
        Column("receptive_field", "receptive field /stride", rank=5, short="field", brief=brief_field),
    )
    first = ("input", None, None, str(network.input), None, counts.input_bytes, None, None)
    above = [] if network.inputs_at else [first]
    total = ("total", None, None, network.outputs_text, network.params, counts.activation_bytes, network.macs, None)
    if saved is None:
        return Table(columns, [*above, *filled(rows, cells, len(first))], total)
    column = Column("saved_bytes", "saved for backward", bytes_text, right=True, rank=1, short="saved")
    body = [*[(*row, None) for row in above], *filled(rows, cells, len(first) + 1)]
    return Table((*columns, column), body, (*total, sum(saved)))


def folded_params(counts: Counts, rows: Sequence[FoldedRow], *, biases: bool = True) -> Table:
    """Return the folded table of ``cnncalc params``, without the rows that have no parameters."""
    numbers = [row.node.params if biases else row.node.weights for row in counts.rows]
    return folded_numbers(rows, "params", "parameters", numbers)


def folded_numbers(rows: Sequence[FoldedRow], key: str, title: str, numbers: Sequence[int]) -> Table:
    """Return a folded table of one number of every layer, without the rows in which it is 0."""
    total, sums = sum(numbers), _Sums(numbers)

    def cells(row: FoldedRow) -> tuple[Any, ...]:
        return (*named(row), sums(row), sums(row), sums(row))

    columns = (
        *NAMES,
        Column(key, title, whole, right=True),
        Column("share", "share", lambda part: share_text(part, total), right=True, rank=1, programs=False),
        Column("bar", "", lambda part: bar(part, total), rank=3, programs=False),
    )
    shown = [row for row in rows if not row.spans or sums(row)]
    return Table(columns, filled(shown, cells, len(columns)), ("total", None, None, total, None, None))


class _Sums:
    """Sums of a number of every layer over the layers of a row, each in a step for a span."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.until = [0, *accumulate(numbers)]

    def __call__(self, row: FoldedRow) -> int:
        return sum([self.until[last] - self.until[first - 1] for first, last in row.spans])


NAMES = (
    Column("name", "name", briefest=lambda text: shorten(text, _NAME)),
    Column("times", "×N", lambda times: f"×{times:,}", right=True),
    Column("layer", "layer", rank=3, brief=lambda text: shorten(text, 20)),
)
"""What names a row: its place, how often it is repeated, and what it is."""


def named(row: FoldedRow) -> tuple[Any, ...]:
    """Return the cells that name a row, under `NAMES`."""
    return "  " * row.level + row.name, row.times if row.times > 1 else None, row.layer


def _with_share(key: str, title: str, total: int, rank: int) -> Column:
    """Return a column of numbers, each with its share of a total."""

    def share(part: int) -> str:
        return f" {share_text(part, total):>{_SHARE}}"

    return Column(
        key,
        f"{title}, share",
        lambda part: whole(part) + share(part),
        right=True,
        rank=rank,
        short="params" if key == "params" else title,
        brief=lambda part: in_units(part) + share(part),
        briefest=in_units,
    )


def filled(
    rows: Iterable[FoldedRow], cells: Callable[[FoldedRow], tuple[Any, ...]], width: int
) -> list[tuple[Any, ...]]:
    """Return the cells of rows; the head of an opened block has only its name."""
    return [cells(row) if row.spans else (*named(row), *[None] * (width - len(named(row)))) for row in rows]
