"""A range test of the learning rate as data: the loss at rising rates, and the rate that it suggests. Without torch.

The test is Smith's (2017, "Cyclical Learning Rates for Training Neural Networks", https://arxiv.org/abs/1506.01186): a
few hundred steps of training, in which the learning rate rises by the same factor from each to the next.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from math import inf, log10, sqrt
from typing import NamedTuple

LEAST, MOST = 1e-6, 10.0
"""The first rate and the last one."""
PER_DECADE = 40
"""Steps in which the rate rises to its tenfold."""
HALF = PER_DECADE // 4
"""Steps before and after one over which the loss is smoothed there: half a decade in all."""
STEPS = PER_DECADE * round(log10(MOST / LEAST)) + 1

_TRAILING = 5
"""Steps over which the loss is smoothed during the test, which does not know the next ones."""
_EXPLODED = 4.0
"""How many times its least value the loss has reached when it counts as exploded, where it began with less."""
_FALL = 1e-3
"""Share of its first value by which the loss must fall for a rate to be suggested."""


def rate_at(step: int) -> float:
    """Return the learning rate of a step, counted from 0."""
    return float(f"{LEAST * 10 ** (step / PER_DECADE):.4g}")


class ExplosionCheck:
    """Finds the step at which the loss explodes, from the losses of one step after the other."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=_TRAILING)
        self._first, self._least = inf, inf

    def exploded(self, loss: float) -> bool:
        """Add the loss of a step; return whether it is far above the least one and above the first one."""
        self._last.append(loss)
        mean = sum(self._last) / len(self._last)
        if self._first == inf and len(self._last) == _TRAILING:
            self._first = mean
        self._least = min(self._least, mean)
        return mean > max(_EXPLODED * self._least, self._first)


class RateRange(NamedTuple):
    """What a range test came to.

    Attributes:
        rates: of the steps, each a little larger than the one before.
        losses: of the same steps, each before the weights moved.
        explodes: the rate at which the loss exploded or was no number; None where it did neither.

    """

    rates: Sequence[float]
    losses: Sequence[float]
    explodes: float | None

    @property
    def smoothed(self) -> list[float]:
        """The mean loss of the steps around each."""
        return [sum(around) / len(around) for around in map(self._around, range(len(self.losses)))]

    @property
    def least(self) -> float:
        """The rate at which the smoothed loss is least."""
        smoothed = self.smoothed
        return self.rates[smoothed.index(min(smoothed))]

    @property
    def suggestion(self) -> float | None:
        """The rate at which the loss falls most steeply before its least; None where it does not fall.

        The slope at a step is that of the straight line through the losses of the steps around it.
        """
        smoothed = self.smoothed
        last = smoothed.index(min(smoothed))
        if smoothed[0] - smoothed[last] <= max(2 * self._noise(smoothed) / sqrt(HALF), _FALL * abs(smoothed[0])):
            return None
        slopes = {step: _slope(self._around(step)) for step in range(min(HALF, last), last + 1)}
        return float(f"{self.rates[min(slopes, key=lambda step: slopes[step])]:.2g}")

    def _around(self, step: int) -> Sequence[float]:
        return self.losses[max(0, step - HALF) : step + HALF + 1]

    def _noise(self, smoothed: Sequence[float]) -> float:
        """Return the standard deviation of the loss from one step to the next, half of whose variance is each one's."""
        changes = [other - one for one, other in pairwise(self.losses[: smoothed.index(min(smoothed)) + 1])]
        return sqrt(sum(change * change for change in changes) / (2 * max(1, len(changes))))

    def to_csv(self) -> str:
        """Return a line for every step, below a line with the names of the columns."""
        text = io.StringIO()
        rows = zip(self.rates, self.losses, self.smoothed, strict=True)
        csv.writer(text, lineterminator="\n").writerows([("learning_rate", "loss", "smoothed_loss"), *rows])
        return text.getvalue()


def _slope(values: Sequence[float]) -> float:
    """Return the slope of the straight line through values at equal distances (least squares)."""
    middle = (len(values) - 1) / 2
    squares = sum((place - middle) ** 2 for place in range(len(values)))
    return sum((place - middle) * value for place, value in enumerate(values)) / squares if squares else 0.0


class RangeObserver:
    """An observer of a range test. This one does nothing."""

    def begin(self, about: list[tuple[str, str]]) -> None:
        """Called before the first step, with pairs of a word and a sentence that describe what is trained."""

    def step(self, number: int, rate: float, loss: float) -> None:
        """Called after each step, with its number from 1, its learning rate and its loss."""

    def end(self, found: RateRange) -> None:
        """Called after the last step, with the result."""

    def close(self) -> None:
        """Release the terminal; called in any case, also after an error."""
