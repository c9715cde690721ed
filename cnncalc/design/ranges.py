"""The values that a name may take: a class for each kind of range.

A sweep goes through the values of a range in their order; a random search draws from it between its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import exp
from math import log as ln
from typing import NamedTuple

Value = int | float | str
"""What a name is given: a whole number, another number, or a word (the name of a block, a size such as 96x128)."""


class WholeNumbers(NamedTuple):
    """``8..128:step=8``: whole numbers from the first to the last.

    Attributes:
        first, last: the ends; both are values.
        step: how far neighbouring values lie apart.
        log: whether neighbours have the same ratio: each value is twice the one before, or there are ``points``.
        points: how many values there are, spread evenly; None where the step or the doubling says it.

    """

    first: int
    last: int
    step: int = 1
    log: bool = False
    points: int | None = None

    @property
    def values(self) -> Sequence[int]:
        """The values, smallest first."""
        if self.points is not None:
            return tuple(dict.fromkeys([round(place) for place in _spread(*self[:2], self.points, self.log)]))
        if not self.log:
            return range(self.first, self.last + 1, self.step)
        doublings = (self.last // self.first).bit_length()
        return tuple([self.first << power for power in range(doublings)])

    def __str__(self) -> str:
        step = f":step={self.step}" if self.step > 1 else ""
        return f"{self.first}..{self.last}{step}{_ending(self.log, self.points)}"


class RealNumbers(NamedTuple):
    """``1e-4..1e-1:log``: numbers from the first to the last.

    Attributes:
        first, last: the ends.
        step: how far neighbouring values lie apart; None where any number in between is a value.
        log: whether numbers are drawn, or spread, by their logarithm.
        points: how many values there are; None where the step says it, or where there are infinitely many.

    """

    first: Fraction
    last: Fraction
    step: Fraction | None = None
    log: bool = False
    points: int | None = None

    @property
    def values(self) -> Sequence[float] | None:
        """The values, smallest first; None where any number between the ends is one."""
        if self.points is not None:
            return tuple([float(place) for place in _spread(*self[:2], self.points, self.log)])
        if self.step is None:
            return None
        steps = (self.last - self.first) // self.step
        return tuple([float(self.first + place * self.step) for place in range(steps + 1)])

    def __str__(self) -> str:
        step = f":step={float(self.step):g}" if self.step is not None else ""
        return f"{float(self.first):g}..{float(self.last):g}{step}{_ending(self.log, self.points)}"


class Choices(NamedTuple):
    """``96,128`` or ``basic|bottleneck``: one of several values, in the order in which they are written."""

    values: tuple[Value, ...]

    def __str__(self) -> str:
        return ",".join(map(str, self.values))


Range = WholeNumbers | RealNumbers | Choices


def _spread(first: int | Fraction, last: int | Fraction, count: int, log: bool) -> list[int | float | Fraction]:
    """Return numbers from the first to the last at equal distances, or in equal ratios."""
    if count == 1:
        return [first]
    places = [Fraction(place, count - 1) for place in range(count)]
    if not log:
        return [first + place * (last - first) for place in places]
    low, high = ln(first), ln(last)
    inner = [exp(low + float(place) * (high - low)) for place in places[1:-1]]
    return [first, *inner, last]


def _ending(log: bool, points: int | None) -> str:
    return (":log" if log else "") + (f":count={points}" if points is not None else "")
