"""Compound scaling: width, depth and input of a network grow together, by one number.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019: what is scaled is
multiplied by a factor of its own to the power of the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, listed, shorten
from cnncalc.design.counter import Design
from cnncalc.design.relaxing import LeastRelaxations
from cnncalc.design.sweep import Row, Sweep
from cnncalc.design.terms import Amounts
from cnncalc.network import SpecSettings, expand
from cnncalc.network.totals import RefusedDesign
from cnncalc.spec import tree

STEPS, MOST = 100, 10
"""The numbers that are tried: 0, 0.01, 0.02, … up to 10."""

_PART = re.compile(r"\s*([^\W\d]\w*)\s*=\s*([0-9]+(?:\.[0-9]+)?)(?::([0-9]{1,6}))?\s*")


class ScaleFactor(NamedTuple):
    """How a name is scaled: by which factor, to a multiple of what."""

    name: str
    factor: float
    multiple: int


class ScaledDesign(NamedTuple):
    """A design of a scaled network.

    Attributes:
        first, number: the smallest and the largest number by which the network becomes it.
        design: the values of what is scaled.
        known: what is known of it.
        row: its amounts.
        met: whether it satisfies all conditions.

    """

    first: float
    number: float
    design: Design
    known: Amounts
    row: Row
    met: bool


def read_factors(text: str, option: str = "--scale") -> tuple[ScaleFactor, ...]:
    """Read ``width=1.1:8,depth=1.2,input=1.15``: factors from 1 on, behind a colon the multiple that is rounded to.

    Raises:
        SpecError: ``bad-range``, with the place in the text.
    """
    found: list[ScaleFactor] = []
    place = 0
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if wrong := _wrong(match, [factor.name for factor in found]):
            hints = ["write for example --scale width=1.1:8,depth=1.2,input=1.15"]
            span = Span(place, place + max(1, len(part)))
            raise SpecError("bad-range", wrong, span=span, source=Source(option, text), hints=hints)
        assert match is not None  # that has been refused
        found.append(ScaleFactor(match[1].lower(), float(match[2]), int(match[3] or 1)))
        place += len(part) + 1
    return tuple(found)


def _wrong(match: re.Match[str] | None, names: Sequence[str]) -> str:
    """Return what is wrong with a factor as it is written; "" for nothing."""
    if match is None:
        return "a name and a factor are joined by `=`, and a multiple stands after a colon"
    if not 1 <= float(match[2]) <= 10:
        return f"a factor is from 1 to 10, not {shorten(match[2])}"
    if match[3] is not None and int(match[3]) == 0:
        return "sizes are rounded to a multiple of 1 or more, not of 0"
    return f"`{match[1].lower()}` is scaled twice" if match[1].lower() in names else ""


def usual_texts(
    spec: tree.Spec, settings: SpecSettings, factors: Sequence[ScaleFactor], written: str
) -> tuple[str, ...]:
    """Return what is scaled with its value in the spec, as what is varied is written: ``width=16``.

    Raises:
        SpecError: for a name that the spec does not have, and for a spec that does not load.
    """
    network = expand(spec, settings)
    values = {**network.parameters, "input": network.input}
    for factor in factors:
        if factor.name not in values:
            start = written.lower().find(factor.name)
            hints = [*did_you_mean(factor.name, values), f"it has {listed(values)}"]
            message = f"the spec has no parameter `{shorten(factor.name)}`"
            span = Span(start, start + len(factor.name))
            raise SpecError("unknown-name", message, span=span, source=Source("--scale", written), hints=hints)
    return tuple([f"{factor.name}={values[factor.name]}" for factor in factors])


def usual_sizes(sweep: Sweep) -> dict[str, int | Volume]:
    """Return what is scaled as it is in the spec: the only design of a sweep."""
    design = sweep.counter.design(0)
    return {**design.parameters, **({"input": design.volume} if design.volume is not None else {})}


def scaled_designs(sweep: Sweep, factors: Sequence[ScaleFactor]) -> Iterator[ScaledDesign]:
    """Go through the designs of a scaled network, from the spec's own on; those that do not load are left out."""
    usual = usual_sizes(sweep)
    numbers = [step / STEPS for step in range(MOST * STEPS + 1)]
    for values, group in groupby(numbers, key=partial(_scaled, factors, usual)):
        first, *others = group
        yield from _counted(sweep, first, others[-1] if others else first, values)


def _counted(sweep: Sweep, first: float, number: float, values: Mapping[str, int | Volume]) -> Iterator[ScaledDesign]:
    parameters = {name: value for name, value in values.items() if isinstance(value, int)}
    volume = next((value for value in values.values() if isinstance(value, Volume)), None)
    design = Design(0, parameters, volume, ())
    try:
        known = sweep.asked.of_totals(design)
        if sweep.asked.dear:
            known |= sweep.asked.of_network(design)
    except RefusedDesign:
        return
    row = tuple([known[name] for name in sweep.columns])
    yield ScaledDesign(first, number, design, known, row, sweep.condition.holds(known))


def scaled_relaxations(sweep: Sweep, designs: Sequence[ScaledDesign]) -> LeastRelaxations:
    """Return what would have to give where none of these designs satisfies all conditions; their places number them."""
    found = LeastRelaxations()
    for place, each in enumerate(designs):
        found.look_at(sweep.condition, place, each.known, each.row)
    return found


def _scaled(
    factors: Sequence[ScaleFactor], usual: Mapping[str, int | Volume], number: float
) -> dict[str, int | Volume]:
    """Return what is scaled by a number, rounded to the multiples, and never smaller than it is."""
    found: dict[str, int | Volume] = {}
    for name, factor, multiple in factors:
        value, grown = usual[name], factor**number
        if isinstance(value, Volume):
            found[name] = value.with_spatial([_rounded(side * grown, multiple, side) for side in value.spatial])
        else:
            found[name] = _rounded(value * grown, multiple, value)
    return found


def _rounded(value: float, multiple: int, least: int) -> int:
    return max(least, round(value / multiple) * multiple)
