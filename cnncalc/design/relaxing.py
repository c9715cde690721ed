"""What would have to give where no design satisfies all conditions: by how little each of them is missed."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.design.conditions import Comparison, Condition
from cnncalc.design.terms import Amount, Amounts, Number, pairs


class Miss(NamedTuple):
    """By how much a design misses a condition.

    Attributes:
        share: by how much of what is allowed.
        value: what the design has, in the dimension that misses most.

    """

    share: float
    value: Number


class Relaxation(NamedTuple):
    """A design that would do if some conditions were relaxed.

    Attributes:
        design: its number.
        misses: for each condition by how much it misses it; None where it holds.
        row: the amounts of the design.

    """

    design: int
    misses: tuple[Miss | None, ...]
    row: tuple[Amount | None, ...]

    @property
    def share(self) -> float:
        """By how much of what is allowed the condition is missed that is missed most."""
        return max(miss.share for miss in self.misses if miss)


class LeastRelaxations:
    """The designs that miss the conditions by least.

    Attributes:
        alone: for each condition, the design that misses it alone, and by least.
        nearest: the design that misses whatever it misses by least.

    """

    def __init__(self) -> None:
        self.alone: dict[int, Relaxation] = {}
        self.nearest: Relaxation | None = None

    def look_at(self, condition: Condition, design: int, known: Amounts, row: tuple[Amount | None, ...]) -> None:
        """Look at a design that does not satisfy all conditions."""
        misses: list[Miss | None] = []
        for comparison in condition.comparisons:
            holds = comparison.holds(known)
            found = None if holds else missed_by(comparison, known)
            if found is None and not holds:
                return  # what is unknown, or must differ, cannot be relaxed
            misses.append(found)
        self.add(Relaxation(design, tuple(misses), row))

    def add(self, found: Relaxation) -> None:
        """Keep a design if it misses the conditions by less."""
        if self.nearest is None or (found.share, found.design) < (self.nearest.share, self.nearest.design):
            self.nearest = found
        missed = [place for place, miss in enumerate(found.misses) if miss]
        if len(missed) == 1:
            known = self.alone.get(missed[0])
            if known is None or (found.share, found.design) < (known.share, known.design):
                self.alone[missed[0]] = found


def missed_by(comparison: Comparison, known: Amounts) -> Miss | None:
    """Return by how much a design misses a condition that does not hold; None where that cannot be said."""
    left, right = comparison.left.value(known), comparison.right.value(known)
    if left is None or right is None or comparison.sign == "!=":
        return None
    both = [(left, right)] if not isinstance(left, tuple) and not isinstance(right, tuple) else pairs(left, right)
    found = [_miss(comparison.sign, *pair) for pair in both]
    return max([miss for miss in found if miss], default=None)


def _miss(sign: str, left: Number, right: Number) -> Miss | None:
    gap = left - right
    holds = {"<": gap < 0, "<=": gap <= 0, ">": gap > 0, ">=": gap >= 0, "==": gap == 0}[sign]
    return None if holds else Miss(float(abs(float(gap)) / (abs(float(right)) or 1.0)), left)
