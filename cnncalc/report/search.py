"""The reports of ``cnncalc search``: the best design with what was excluded, and a network that is scaled."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from cnncalc.core.numbers import counted, whole
from cnncalc.core.volume import Volume
from cnncalc.design.quantities import QUANTITIES, shown_amount
from cnncalc.design.scaling import ScaledDesign, ScaleFactor, usual_sizes
from cnncalc.design.search import Found
from cnncalc.design.sweep import Kept, Sweep
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.sweep import (
    SweepOutcome,
    best_data,
    design_table,
    errors_summary,
    examples_data,
    relaxations_data,
    relaxed_table,
    relaxed_text,
    see_text,
    values_text,
)
from cnncalc.report.table import Column, Table


def search_report(outcome: SweepOutcome, found: Found) -> Report:
    """Make the report of a search."""
    sweep = outcome.sweep
    rows = [found.best] if found.best is not None else []
    summary = [("designs", _designs(outcome, found))]
    summary += errors_summary(outcome, found.refused, found.examples)
    if found.best is not None:
        best = f"{values_text(sweep, found.best.design)} ({sweep.request.best})"
        summary += [("best", best), ("see it", see_text(outcome))]
    excluded = [f"excluded: {whole(count)}, as {reason}" for reason, count in found.excluded.most_common()]
    if found.rising:
        names = ", ".join(found.rising)
        excluded.append(f"proof: with {names}, parameters, MACs, activations and layers can only rise")
    elif sweep.space.size > 2:
        excluded.append("nothing is shown to rise with what is varied, so that every design was counted")
    if found.best is None:
        excluded.insert(0, relaxed_text(outcome.relaxations) if outcome.relaxations else "no design can be chosen")
    table = design_table(sweep, rows)
    if outcome.relaxations:
        table = relaxed_table(sweep, outcome.relaxations, partial(values_text, sweep))
    return Report(table, lambda: _data(outcome, found), summary, excluded)


def _designs(outcome: SweepOutcome, found: Found) -> str:
    sweep = outcome.sweep
    conditions = " and ".join(each.text for each in sweep.condition.comparisons)
    where = f"; what must hold: {conditions}" if conditions else ""
    return f"{whole(found.counted)} of {whole(sweep.space.size)} counted, the others excluded{where}"


def _data(outcome: SweepOutcome, found: Found) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "spec": outcome.spec,
        "conditions": [each.text for each in outcome.sweep.condition.comparisons],
        "counted": found.counted,
        "designs": outcome.sweep.space.size,
        "excluded": dict(found.excluded),
        "rising": list(found.rising),
        "errors": dict(found.refused),
        "error_examples": examples_data(outcome.sweep, found.examples),
        "best": best_data(outcome.sweep, found.best) if found.best else None,
        "relaxations": relaxations_data(outcome, lambda each: best_data(outcome.sweep, Kept(each.design, each.row))),
    }


# ---- scaling


def scaling_report(outcome: SweepOutcome, factors: Sequence[ScaleFactor], designs: Sequence[ScaledDesign]) -> Report:
    """Make the report of a network that is scaled: whole numbers, and the largest that satisfies all conditions."""
    sweep, names = outcome.sweep, [factor.name for factor in factors]
    best = next((each for each in reversed(designs) if each.met), None)
    usual = ", ".join(f"{name} {value}" for name, value in usual_sizes(sweep).items())
    by = ", ".join(f"{factor.name} by {factor.factor:g}" for factor in factors)
    summary = [("scaled", f"{by} to the power of the scale, from {usual}; {counted(len(designs), 'design')} counted")]
    conditions = " and ".join(each.text for each in sweep.condition.comparisons)
    if best is not None and conditions:
        summary.append(("largest", f"{best.number:g} is the largest scale up to 10 that satisfies {conditions}"))
    remark = "" if best is not None else "no scale from 0 to 10 satisfies all conditions"
    table = _scaled_table(sweep, names, designs, best)
    if outcome.relaxations and outcome.relaxations.nearest:
        remark += "; the table shows by how little they would have to be relaxed"
        table = relaxed_table(sweep, outcome.relaxations, lambda place: _scaled_text(designs[place], names))
    return Report(table, lambda: _scaling_data(outcome, factors, designs), summary, [remark] if remark else [])


def _scaled_text(each: ScaledDesign, names: Sequence[str]) -> str:
    """Write a design: ``scale 0.5: width=16, input=40x40x3``."""
    values = zip(names, _values(each, names), strict=True)
    return f"scale {each.number:g}: " + ", ".join(f"{name}={value}" for name, value in values)


def _scaled_table(
    sweep: Sweep, names: Sequence[str], designs: Sequence[ScaledDesign], best: ScaledDesign | None
) -> Table:
    """Return the designs of whole numbers, and the best one."""
    last = best.number if best else 3.0
    shown = [(_whole_number(each), each) for each in designs]
    shown = [(number, each) for number, each in shown if number is not None and number < last]
    shown += [(best.number, best)] if best else []
    varied = [Column(name, name, right=True) for name in names]
    amounts = [
        Column(name, QUANTITIES[name].title, partial(shown_amount, show=QUANTITIES[name].show), right=True, rank=place)
        for place, name in enumerate(sweep.columns)
    ]
    columns = (Column("scale", "scale", lambda number: f"{number:g}", right=True), *varied, *amounts)
    return Table(columns, [(number, *_values(each, names), *each.row) for number, each in shown])


def _whole_number(each: ScaledDesign) -> float | None:
    """Return the whole number by which a network becomes a design; None where there is none."""
    return float(int(each.number)) if int(each.number) >= each.first else None


def _values(each: ScaledDesign, names: Sequence[str]) -> list[str]:
    return [str(each.design.volume) if name == "input" else str(each.design.parameters[name]) for name in names]


def _scaling_data(
    outcome: SweepOutcome, factors: Sequence[ScaleFactor], designs: Sequence[ScaledDesign]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "spec": outcome.spec,
        "conditions": [each.text for each in outcome.sweep.condition.comparisons],
        "factors": {factor.name: factor.factor for factor in factors},
        "designs": [_scaled_data(outcome, each) for each in designs],
        "relaxations": relaxations_data(outcome, lambda found: _scaled_data(outcome, designs[found.design])),
    }


def _scaled_data(outcome: SweepOutcome, each: ScaledDesign) -> dict[str, Any]:
    volume = {"input": list(each.design.volume)} if isinstance(each.design.volume, Volume) else {}
    amounts = zip(outcome.sweep.columns, each.row, strict=True)
    return {"scale": each.number, **each.design.parameters, **volume, **dict(amounts), "satisfies": each.met}
