"""The report of ``cnncalc time``: the bound of every layer, what bounds it, and what was measured beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from cnncalc.analysis.roofline import Bound, LayerBound, Measured, PassBound
from cnncalc.analysis.roofline.bounds import COMPUTE, most_of
from cnncalc.core.numbers import bar, in_units, seconds_text, share_text
from cnncalc.report.report import Report
from cnncalc.report.table import Again, Column, Table
from cnncalc.report.time_json import time_data
from cnncalc.report.time_sums import compute_sum, larger_sum, memory_sum
from cnncalc.report.time_words import remarks, summary

Passes = tuple[PassBound, ...]


class Timed(NamedTuple):
    """What is shown: a bound, and what was measured on the same machine, with words that say on what."""

    bound: Bound
    measured: Measured | None = None
    words: str = ""


class TimeRow(NamedTuple):
    """What a row has of numbers: a layer's, the optimizer's, or the sums of several layers.

    Attributes:
        compute, memory: seconds of arithmetic and of traffic.
        forward, backward: seconds of the bounds of these passes.
        seconds: the bound.
        by_compute: the part of it that passes take which are bound by arithmetic.
        measured: seconds that were measured; None where nothing was.

    """

    compute: float
    memory: float
    forward: float
    backward: float
    seconds: float
    by_compute: float
    measured: float | None

    @property
    def bound_by(self) -> str:
        """What takes most of the bound."""
        return most_of(self.by_compute, self.seconds)


_NO_TIME = TimeRow(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None)


def time_report(timed: Timed) -> Report:
    """Make the report."""
    rows = Again(lambda: _rows(timed))
    table = Table(columns(timed), rows, cells(timed, ("total", None), total_row(timed)))
    return Report(table, lambda: time_data(timed.bound, timed.measured), summary(*timed), remarks(*timed[:2]))


def columns(timed: Timed, first: Sequence[Column] | None = None) -> tuple[Column, ...]:
    """Return the columns; ``first`` are those that name a row, for a table that folds, whose rows have no sums."""
    bound = timed.bound
    times = _times(bound, worked=first is None)
    found = [
        *(first or (Column("name", "name"), Column("layer", "layer", rank=6, shared=True))),
        *times,
        Column("seconds", "at least", seconds_text, right=True),
        Column("bound_by", "bound by", rank=1, short="by"),
        Column("share", "share", partial(_share, bound.seconds), right=True, rank=2, programs=False),
    ]
    if timed.measured is not None:
        found.append(Column("measured_seconds", "measured", seconds_text, right=True))
        found.append(Column("reached", "of bound", _reached, right=True, short="bound", programs=False))
    else:
        found.append(Column("bar", "", partial(_bar, bound.seconds), rank=5, programs=False))
    return (*found, *_FOR_PROGRAMS, *(_PASSES if bound.setup.training else ()))


def cells(
    timed: Timed, named: tuple[Any, ...], row: TimeRow, work: tuple[Any, ...] = (None, None, None)
) -> tuple[Any, ...]:
    """Return the cells of a row behind those that name it; ``work`` are the passes, the FLOPs and the bytes."""
    passes, flops, size = work
    times = (row.forward, row.backward) if timed.bound.setup.training else (row.compute, row.memory)
    shown = [(passes, seconds) for seconds in times]
    last = (row.seconds,) if timed.measured is None else (row.measured, (row.seconds, row.measured))
    found = (*named, *shown, row.seconds, row.bound_by, row.seconds, *last, flops, size, row.compute, row.memory)
    return (*found, row.forward, row.backward) if timed.bound.setup.training else found


def layer_rows(timed: Timed) -> list[TimeRow]:
    """Return the numbers of every layer."""
    measured: Sequence[float | None] = timed.measured.layers if timed.measured else [None] * len(timed.bound.rows)
    return [_layer_row(row, seconds) for row, seconds in zip(timed.bound.rows, measured, strict=True)]


def sum_row(rows: Sequence[TimeRow]) -> TimeRow:
    """Return the numbers of several rows together."""
    bounds = zip(*[row[:-1] for row in (_NO_TIME, *rows)], strict=True)
    measured = None if any(row.measured is None for row in rows) else sum([row.measured or 0.0 for row in rows])
    return TimeRow._make([*map(sum, bounds), measured])


def step_row(timed: Timed) -> TimeRow | None:
    """Return the numbers of the optimizer's step; None for inference."""
    step = timed.bound.step
    if step is None:
        return None
    measured = timed.measured.step if timed.measured else None
    by_compute = step.seconds if step.bound_by == COMPUTE else 0.0
    return TimeRow(step.compute, step.memory, 0.0, 0.0, step.seconds, by_compute, measured)


def total_row(timed: Timed) -> TimeRow:
    """Return the numbers of the whole network; what is measured is the sum of its layers."""
    step = step_row(timed)
    found = sum_row([*layer_rows(timed), *([step] if step else [])])
    return found._replace(measured=timed.measured.total) if timed.measured else found


def _layer_row(row: LayerBound, measured: float | None) -> TimeRow:
    passes = row.passes
    compute, memory = sum([each.compute for each in passes]), sum([each.memory for each in passes])
    forward, backward = passes[0].seconds, sum([each.seconds for each in passes[1:]])
    return TimeRow(compute, memory, forward, backward, row.seconds, row.by_compute, measured)


def _rows(timed: Timed) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of layers that take time, and the optimizer's."""
    for row, numbers in zip(timed.bound.rows, layer_rows(timed), strict=True):
        if row.seconds or numbers.measured:
            yield cells(timed, (row.node.name, row.node.written), numbers, _work(row.passes))
    step = step_row(timed)
    if step is not None and timed.bound.step is not None:
        yield cells(timed, ("optimizer", timed.bound.setup.optimizer), step, _work((timed.bound.step,)))


def _work(passes: Passes) -> tuple[Passes, int, int]:
    return passes, sum([each.work.flops for each in passes]), sum([each.work.bytes for each in passes])


def _times(bound: Bound, *, worked: bool) -> tuple[Column, ...]:
    """Return the columns of what a bound is the larger of; of a training step those of its passes."""
    machine, setup = bound.machine, bound.setup
    names = ("forward", "backward") if setup.training else ("compute", "memory")

    def of_pass(each: PassBound, name: str) -> str:
        if setup.training:
            return larger_sum(each, machine, setup)
        sum_ = compute_sum(each, machine, setup) if name == "compute" else memory_sum(each, machine)
        seconds = each.compute if name == "compute" else each.memory
        return f"{sum_} = {seconds_text(seconds)}" if sum_ else "0 s"

    def full(name: str) -> Callable[[Any], str]:
        def show(cell: tuple[Passes | None, float]) -> str:
            passes, seconds = cell
            chosen = [each for each in passes or () if not setup.training or each.name == name]
            return of_pass(chosen[0], name) if chosen else seconds_text(seconds)

        return show if worked else _brief

    return tuple(
        [Column(f"{name}_sum", name, full(name), right=True, rank=3, programs=False, brief=_brief) for name in names]
    )


def _brief(cell: tuple[Passes | None, float]) -> str:
    return seconds_text(cell[1])


def _share(total: float, seconds: float) -> str:
    return share_text(seconds, total)


def _bar(total: float, seconds: float) -> str:
    return bar(seconds, total, 12)


def _reached(pair: tuple[float, float | None]) -> str:
    """Write the share of the bound that was reached; what lies above it is marked."""
    bound, measured = pair
    if not measured or not bound:
        return "–"
    return f"{share_text(bound, measured)}{' !' if measured < bound else '  '}"


_FOR_PROGRAMS = (
    Column("flops", "FLOPs", in_units, people=False),
    Column("bytes", "bytes", in_units, people=False),
    Column("compute_seconds", "compute", people=False),
    Column("memory_seconds", "memory", people=False),
)
_PASSES = (
    Column("forward_seconds", "forward", people=False),
    Column("backward_seconds", "backward", people=False),
)
