"""The report of ``cnncalc inputs``: which inputs a network takes."""

from __future__ import annotations

import re
from typing import Any

from cnncalc.core.numbers import counted, whole
from cnncalc.design.input_rule import InputRule
from cnncalc.design.inputs import Taken
from cnncalc.layers.dimension_names import axis_name
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Column, Table

TAKEN = "taken as it is"
"""What stands in the place of the nearest sizes where the one that is wanted is taken."""

MOST_LAYERS = 3
"""How many layers are named whose parameters change."""


def inputs_report(spec: str, taken: Taken, near: tuple[int, ...] | None) -> Report:
    """Make the report; ``near`` are the sides that a person has, if any were given."""
    wanted = near or taken.usual.spatial
    columns = [
        Column("side", "side", brief=_brief_side),
        Column("least", "least", whole, right=True),
        Column("rule", "which sizes", brief=_brief_rule),
    ]
    if near is not None:
        columns += [
            Column("wanted", "wanted", whole, right=True, rank=1),
            Column("nearest", "nearest", brief=_brief, briefest=_briefest),
        ]
    rows = [_row(name, rule, size, near is not None) for name, rule, size in _rules(taken, wanted)]
    return Report(Table(tuple(columns), rows), lambda: _data(spec, taken, near), _summary(taken, near))


def _brief(nearest: str) -> str:
    return nearest.replace(TAKEN, "taken")


def _briefest(nearest: str) -> str:
    return _brief(nearest).replace(" or ", "/")


def _brief_side(name: str) -> str:
    return name.split(" side")[0]


def _brief_rule(rule: str) -> str:
    """Return a rule without the size from which it holds, where that is the least one, which has its own column."""
    return rule if ", then " in rule else re.sub(r",? from [\d,]+$", "", rule)


def _rules(taken: Taken, wanted: tuple[int, ...]) -> list[tuple[str, InputRule, int]]:
    """Return the rules that are shown, each with its name and the size that is wanted."""
    dimensions = len(taken.sides)
    sides = [axis_name(axis, dimensions) for axis in range(dimensions)]
    found = [(name, rule, wanted[axis]) for axis, (name, rule) in enumerate(zip(sides, taken.sides, strict=True))]
    alike = {(str(rule), rule.least) for rule in taken.sides}
    if taken.equal is None or (len(alike) == 1 and taken.independent and str(taken.equal) == str(taken.sides[0])):
        if len(alike) == 1 and len(set(wanted)) == 1 and dimensions > 1:
            return [("each side", taken.sides[0], wanted[0])]
        return found
    return [("equal sides", taken.equal, max(wanted)), *found]


def _row(name: str, rule: InputRule, size: int, near: bool) -> tuple[Any, ...]:
    return (name, rule.least, str(rule), *((size, _nearest(rule, size)) if near else ()))


def _nearest(rule: InputRule, size: int) -> str:
    below, above = rule.nearest(size)
    if size in (below, above):
        return TAKEN
    return " or ".join(f"{each:,}" for each in (below, above) if each is not None) or "none"


def _summary(taken: Taken, near: tuple[int, ...] | None) -> list[tuple[str, str]]:
    tried = taken.sides[0].tried
    usual = str(taken.usual) if taken.takes_usual else f"{taken.usual}, which has an error"
    found = [("usual", usual), ("tried", f"every size up to {whole(tried)}, without the claims of the spec")]
    if len(taken.sides) > 1:
        said = "each side may be chosen independently" if taken.independent else "the sides depend on each other"
        found.append(("sides", f"{said}; a side is tried with the usual size of the others"))
    parameters = taken.parameters
    if not parameters.change:
        return [*found, ("params", "the number of parameters does not depend on the input")]
    names = ", ".join(parameters.layers[:MOST_LAYERS]) + (", …" if len(parameters.layers) > MOST_LAYERS else "")
    smallest, largest = min(parameters.counts), max(parameters.counts)
    counts = f"{whole(parameters.counts[smallest])} for {smallest}, {whole(parameters.counts[largest])} for {largest}"
    layers = counted(len(parameters.layers), "layer")
    return [*found, ("params", f"the number of parameters changes with the input, in {layers} ({names}): {counts}")]


def _data(spec: str, taken: Taken, near: tuple[int, ...] | None) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "spec": spec,
        "input": list(taken.usual),
        "equal_sides": _rule_data(taken.equal) if taken.equal else None,
        "sides": [_rule_data(rule) for rule in taken.sides],
        "independent": taken.independent,
        "nearest": [list(rule.nearest(size)) for rule, size in zip(taken.sides, near, strict=True)] if near else None,
        "params_change": taken.parameters.change,
        "params_change_in": list(taken.parameters.layers),
    }


def _rule_data(rule: InputRule) -> dict[str, Any]:
    return {
        "rule": str(rule),
        "least": rule.least,
        "from": rule.start,
        "period": rule.period if rule.start is not None else None,
        "residues": list(rule.residues),
        "tried": rule.tried,
        "taken": list(rule.taken),
    }
