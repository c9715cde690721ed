"""The report of ``cnncalc sweep``: the designs that satisfy all conditions, or what would have to give."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from cnncalc.charts.lines import Chart, ChartLine
from cnncalc.core.numbers import bytes_text, counted, whole
from cnncalc.design.conditions import Comparison
from cnncalc.design.quantities import QUANTITIES, shown_amount
from cnncalc.design.relaxing import LeastRelaxations, Miss, Relaxation
from cnncalc.design.space import BLOCK, INPUT
from cnncalc.design.sweep import Kept, Sweep, Tally
from cnncalc.design.terms import BYTES, Number
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Again, Column, Table

LONGEST_SPEC = 60
"""Longest spec that is written out in a command."""

MOST_OF_A_FRONT = 40
"""Most designs of a front that a table for people shows."""


class SweepOutcome(NamedTuple):
    """What a sweep has come to.

    Attributes:
        sweep: what was asked.
        spec: the spec, as the command was given it.
        options: the options of the command that hold for every design, as they are written.
        tally: what was found.
        rows: all designs that satisfy the conditions, made anew each time; None where they were not kept.
        relaxations: what would have to give; None where something satisfies the conditions.
        written: the file that the best design is written to as a spec; None without one.

    """

    sweep: Sweep
    spec: str
    options: str
    tally: Tally
    rows: Callable[[], Iterable[Kept]] | None = None
    relaxations: LeastRelaxations | None = None
    written: str | None = None

    @property
    def front(self) -> list[Kept]:
        """The designs that nothing beats, the least of the first goal first."""
        return [kept for _, kept in self.tally.front.entries]

    @property
    def shown(self) -> list[Kept]:
        """The designs that a table for people shows."""
        if not self.sweep.front:
            return self.tally.ranked()
        front = self.front
        return [front[round(place)] for place in _spread(len(front), MOST_OF_A_FRONT)]


def _spread(count: int, most: int) -> list[float]:
    """Return places from the first to the last of so many, at equal distances."""
    shown = min(count, most)
    return [place * (count - 1) / max(1, shown - 1) for place in range(shown)]


def sweep_report(outcome: SweepOutcome, *, for_people: bool) -> Report:
    """Make the report.

    Args:
        outcome: what was found.
        for_people: whether a few of the designs are shown; else all that were kept.

    """
    sweep, tally = outcome.sweep, outcome.tally
    if outcome.relaxations is not None:
        table = relaxed_table(sweep, outcome.relaxations, partial(values_text, sweep))
    else:
        table = design_table(sweep, outcome.shown) if for_people or outcome.rows is None else _whole_table(outcome)
    summary = [("designs", _designs(sweep, tally)), *errors_summary(outcome, tally.refused, tally.examples)]
    if tally.met:
        summary += _front(outcome)
        if sweep.best or not sweep.front:
            summary += [("best" if sweep.best else "first", _best(outcome)), ("see it", see_text(outcome))]
    return Report(table, lambda: _data(outcome), summary, _remarks(outcome, for_people=for_people))


def design_table(sweep: Sweep, rows: Sequence[Kept] | Again) -> Table:
    """Return designs as a table: what is varied, then what is counted."""
    varied = [Column(axis.name, axis.name, right=axis.kind != BLOCK) for axis in sweep.space.axes]
    quantities = [(name, QUANTITIES[name]) for name in sweep.columns]
    amounts = [
        Column(
            f"{name}_bytes" if quantity.unit == BYTES else name,
            quantity.title,
            partial(shown_amount, show=quantity.show),
            right=True,
            rank=place,
        )
        for place, (name, quantity) in enumerate(quantities)
    ]
    cells = rows if isinstance(rows, Again) else list(_cells(sweep, rows))
    return Table((*varied, *amounts), cells)


def _whole_table(outcome: SweepOutcome) -> Table:
    """Return all designs that were kept as a table, and with a front whether each belongs to it."""
    sweep, rows = outcome.sweep, outcome.rows
    assert rows is not None  # they were written down
    table = design_table(sweep, Again(lambda: _cells(sweep, rows())))
    if not sweep.front:
        return table
    front = {kept.design for kept in outcome.front}
    cells = Again(lambda: ((*_row_cells(sweep, kept), "yes" if kept.design in front else "no") for kept in rows()))
    return Table((*table.columns, Column("front", "front")), cells)


def _cells(sweep: Sweep, rows: Iterable[Kept]) -> Iterator[tuple[Any, ...]]:
    for kept in rows:
        yield _row_cells(sweep, kept)


def _row_cells(sweep: Sweep, kept: Kept) -> tuple[Any, ...]:
    return (*map(str, sweep.values_of(kept.design)), *kept.row)


def _designs(sweep: Sweep, tally: Tally) -> str:
    every = f" of {whole(sweep.space.size)}" if tally.counted < sweep.space.size else ""
    conditions = " and ".join(each.text for each in sweep.condition.comparisons)
    done = f"{counted(tally.counted, 'design')}{every} counted"
    return f"{done}; {whole(tally.met)} satisfy {conditions}" if conditions else done


def errors_summary(outcome: SweepOutcome, refused: Counter[str], examples: Mapping[str, int]) -> list[tuple[str, str]]:
    """Say how many designs do not load, by the code of their error, which is one of them, and how to see why."""
    if not refused:
        return []
    sweep = outcome.sweep
    codes = ", ".join(
        f"{whole(count)} {code} (such as {values_text(sweep, examples[code])})"
        if count > 1
        else f"{code} ({values_text(sweep, examples[code])})"
        for code, count in refused.most_common()
    )
    are = "which is not chosen" if refused.total() == 1 else "which are not chosen"
    found = [("errors", f"{counted(refused.total(), 'design')} with an error, {are}: {codes}")]
    command = shapes_command(outcome, examples[refused.most_common(1)[0][0]])
    return [*found, ("see why", command)] if command else found


def _front(outcome: SweepOutcome) -> list[tuple[str, str]]:
    sweep = outcome.sweep
    if not sweep.front:
        return []
    goals = " and the ".join(map(str, sweep.request.front))
    front = outcome.front
    shown = f"; {MOST_OF_A_FRONT} of them are shown" if len(front) > MOST_OF_A_FRONT else ""
    return [("front", f"{counted(len(front), 'design')} that no other beats in the {goals}{shown}")]


def _best(outcome: SweepOutcome) -> str:
    sweep = outcome.sweep
    first = outcome.tally.ranked()[0]
    goal = f" ({sweep.request.best})" if sweep.request.best else ""
    return values_text(sweep, first.design) + goal


def values_text(sweep: Sweep, design: int) -> str:
    """Write what a design has of what is varied: ``width=64, depth=3``."""
    values = zip(sweep.space.axes, sweep.values_of(design), strict=True)
    return ", ".join(f"{axis.name}={value}" for axis, value in values)


def see_text(outcome: SweepOutcome) -> str:
    """Return the command that shows the best design; what it cannot say is in a file (`--write`)."""
    if outcome.written is not None:
        return f"cnncalc shapes {shlex.quote(outcome.written)}"
    command = shapes_command(outcome, outcome.tally.ranked()[0].design)
    return command or "--write best.txt writes it as a spec"


def shapes_command(outcome: SweepOutcome, design: int) -> str:
    """Return the command that shows a design; "" for one with other blocks, which no option says."""
    sweep = outcome.sweep
    values = list(zip(sweep.space.axes, sweep.values_of(design), strict=True))
    if any(axis.kind == BLOCK and axis.name != value for axis, value in values):
        return ""
    options = [
        f"--input {value}" if axis.kind == INPUT else f"--set {axis.name}={value}"
        for axis, value in values
        if axis.kind != BLOCK
    ]
    named = len(outcome.spec) <= LONGEST_SPEC and "\n" not in outcome.spec
    spec = shlex.quote(outcome.spec) if named else '"…"'
    return " ".join(["cnncalc shapes", spec, *([outcome.options] if outcome.options else []), *options])


def _remarks(outcome: SweepOutcome, *, for_people: bool) -> list[str]:
    sweep, tally = outcome.sweep, outcome.tally
    if outcome.relaxations is not None:
        return [relaxed_text(outcome.relaxations)]
    left = tally.met - len(outcome.shown)
    if for_people and not sweep.front and left > 0:
        order = "the best" if sweep.best else "the first"
        shown = f"{order} {len(outcome.shown)} are" if len(outcome.shown) > 1 else f"{order} one is"
        return [f"{shown} shown; -o designs.csv writes all {whole(tally.met)}"]
    return []


# ---- what would have to give


def relaxed_text(found: LeastRelaxations) -> str:
    """Return the sentence below the table of what would have to give."""
    if found.nearest is None:
        return "no design satisfies all conditions, and of each of them something is unknown"
    return "no design satisfies all conditions; the table shows by how little they would have to be relaxed"


def relaxed_table(sweep: Sweep, found: LeastRelaxations, text: Callable[[int], str]) -> Table:
    """Return a table of the conditions that would have to be relaxed: one alone, or several together.

    ``text`` writes a design, given its number.
    """
    columns = (
        Column("relax", "relax"),
        Column("to", "to"),
        Column("share", "by", _share_text, right=True),
        Column("design", "then this design satisfies all"),
    )
    rows: list[tuple[Any, ...]] = []
    comparisons = sweep.condition.comparisons
    for place, relaxation in sorted(found.alone.items(), key=lambda item: item[1].share):
        miss = relaxation.misses[place]
        assert miss is not None  # it is the one that the design misses
        rows.append(_relaxed_row(comparisons[place], miss, text(relaxation.design)))
    if not rows and found.nearest is not None:
        rows = list(_together(sweep, found.nearest, text(found.nearest.design)))
    return Table(columns, rows)


def _share_text(share: float) -> str:
    """Write by how much a limit would have to move: ``7.5%``; more than it is itself as a factor, ``20x``."""
    return f"{100 * share:.3g}%" if share < 1 else f"{1 + share:,.3g}x" if share < 999 else f"{1 + share:,.0f}x"


def _together(sweep: Sweep, relaxation: Relaxation, design: str) -> Iterator[tuple[Any, ...]]:
    for comparison, miss in zip(sweep.condition.comparisons, relaxation.misses, strict=True):
        if miss is not None:
            yield _relaxed_row(comparison, miss, design)
            design = "(the same)"


def _relaxed_row(comparison: Comparison, miss: Miss, design: str) -> tuple[Any, ...]:
    sign = {"<": "<=", ">": ">="}.get(comparison.sign, comparison.sign)
    shown = bytes_text if comparison.left.unit == BYTES else whole
    value = _number_text(miss.value, shown)
    return comparison.text, f"{comparison.left_text} {sign} {value}", miss.share, design


def _number_text(value: Number, show: Callable[[int], str]) -> str:
    return show(value) if isinstance(value, int) else f"{float(value):.6g}"


# ---- the picture of a front


def front_chart(outcome: SweepOutcome) -> Chart:
    """Return the picture of a front: its first goal across, its second one up."""
    goals = outcome.sweep.request.front

    def point(costs: Sequence[Number]) -> tuple[float, float]:
        across, up = [float(-cost if goal.largest else cost) for cost, goal in zip(costs, goals, strict=True)][:2]
        return across, up

    points = [point(costs) for costs, _ in outcome.tally.front.entries]
    titles = [QUANTITIES[goal.text].title if goal.text in QUANTITIES else goal.text for goal in goals]
    positive = all(across > 0 for across, _ in points)
    line = ChartLine("designs that no other beats", points, "trained")
    return Chart(titles[1], [line], titles[0], logarithmic=True, places="logarithmic" if positive else "linear")


# ---- JSON


def _data(outcome: SweepOutcome) -> dict[str, Any]:
    sweep, tally = outcome.sweep, outcome.tally
    rows = outcome.rows
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "spec": outcome.spec,
        "varied": {axis.name: [str(value) for value in axis.shown[:1000]] for axis in sweep.space.axes},
        "conditions": [each.text for each in sweep.condition.comparisons],
        "counted": tally.counted,
        "satisfying": tally.met,
        "errors": dict(tally.refused),
        "error_examples": examples_data(sweep, tally.examples),
        "best": [best_data(sweep, kept) for kept in tally.ranked()],
        "front": [best_data(sweep, kept) for kept in outcome.front],
        "relaxations": relaxations_data(outcome, lambda each: best_data(sweep, Kept(each.design, each.row))),
    }
    if rows is not None:
        data["designs"] = (best_data(sweep, kept) for kept in rows())
    return data


def best_data(sweep: Sweep, kept: Kept) -> dict[str, Any]:
    """Return a design as JSON has it."""
    values = zip(sweep.space.axes, sweep.values_of(kept.design), strict=True)
    amounts = zip(sweep.columns, kept.row, strict=True)
    return {
        **{axis.name: _value_data(value) for axis, value in values},
        **{name: _value_data(amount) for name, amount in amounts},
    }


def examples_data(sweep: Sweep, examples: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Return for each code of an error what is varied of a design that has it."""
    found = {code: zip(sweep.space.axes, sweep.values_of(design), strict=True) for code, design in examples.items()}
    return {code: {axis.name: _value_data(value) for axis, value in values} for code, values in found.items()}


def _value_data(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def relaxations_data(outcome: SweepOutcome, data: Callable[[Relaxation], dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what would have to give as JSON has it; ``data`` makes JSON of the design of a relaxation."""
    found = outcome.relaxations
    if found is None:
        return []
    every: Mapping[int, Relaxation] = found.alone
    chosen = list(every.values()) or ([found.nearest] if found.nearest else [])
    comparisons = outcome.sweep.condition.comparisons
    return [
        {
            "design": data(relaxation),
            "missed": {
                comparison.text: {"value": float(miss.value), "share": miss.share}
                for comparison, miss in zip(comparisons, relaxation.misses, strict=True)
                if miss is not None
            },
        }
        for relaxation in chosen
    ]
