"""Scales: where a value stands on an axis, and which values are written beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import NamedTuple

TICKS = 5
"""About how many values are written beside an axis."""

LEAST, MOST = 1e-300, 1e300
"""What is smaller in size is 0 to a scale, and what is larger stands at its end."""

SAME = 1e-9
"""Values that differ by less of their size are one value to a scale."""

_HIGH = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class ChartAxis(NamedTuple):
    """An axis from a value to another.

    Attributes:
        low, high: the values at its ends.
        ticks: the values that are written beside it.
        logarithmic: whether equal ratios take equal lengths, not equal differences.

    """

    low: float
    high: float
    ticks: Sequence[float]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return where a value stands, 0 at the low end and 1 at the high one; what lies beyond stands at the end."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, at = log10(low), log10(high), log10(at)
        return (at - low) / (high - low)


def linear_scale(values: Iterable[float], *, zero: bool = False) -> ChartAxis:
    """Return a scale with round values at its ends that holds all values, and 0 where that is asked for."""
    found = [min(max(value, -MOST), MOST) for value in ([*values, 0.0] if zero else values)]
    low, high = min(found), max(found)
    if high - low <= max(LEAST, SAME * max(abs(low), abs(high))):
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if abs(low) > LEAST else (0.0, 1.0)
    step = _round_step((high - low) / TICKS)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    ticks = [float(f"{step * count:.12g}") for count in range(first, last + 1)]
    return ChartAxis(ticks[0], ticks[-1], ticks)


def whole_scale(low: float, high: float) -> ChartAxis:
    """Return a scale that ends where it is told to, with whole numbers beside it."""
    if low == high:
        return ChartAxis(low - 0.5, high + 0.5, [low])
    step = max(1, round(_round_step((high - low) / TICKS)))
    first = ceil(low / step) * step
    ticks = [float(tick) for tick in range(first, floor(high) + 1, step)]
    if ticks and ticks[0] - low >= step / 2:
        ticks.insert(0, float(ceil(low)))
    return ChartAxis(low, high, ticks)


def logarithmic_scale(values: Iterable[float]) -> ChartAxis:
    """Return a scale that holds all values above 0, with 1, 2 or 5 times a power of ten at its ends."""
    found = [min(value, MOST) for value in values if value > LEAST] or [1.0]
    low, high = floor(log10(min(found))), ceil(log10(max(found)))
    steps = [float(f"{factor}e{power}") for power in range(low - 1, high + 2) for factor in (1, 2, 5)]
    first = max(step for step in steps if step <= min(found) * (1 + 1e-9))
    last = min([step for step in steps if step >= max(found) * (1 - 1e-9)] or [float(f"1e{high}")])
    if first == last:
        first, last = first / 10, last * 10
    ticks = [step for step in steps if first <= step <= last]
    if len(ticks) > 2 * TICKS:
        first, last, every = float(f"1e{low}"), float(f"1e{high}"), ceil((high - low) / TICKS)
        ticks = [float(f"1e{power}") for power in range(low, high + 1, every)]
    return ChartAxis(first, last, ticks, logarithmic=True)


def ratio_scale(low: float, high: float) -> ChartAxis:
    """Return a logarithmic scale that ends where it is told to, if two round values lie between its ends."""
    around = logarithmic_scale([low, high])
    ticks = [tick for tick in around.ticks if low <= tick <= high]
    powers = [tick for tick in ticks if f"{tick:e}".startswith("1.0")]
    ticks = powers if len(ticks) > TICKS and len(powers) > 1 else ticks
    return around if len(ticks) < 2 else ChartAxis(low, high, ticks, logarithmic=True)


def _round_step(step: float) -> float:
    """Return the next larger of 1, 2 and 5 times a power of ten."""
    power: float = 10.0 ** floor(log10(step))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))


def tick_text(value: float, unit: str = "") -> str:
    """Write a value as it stands beside an axis: ``0.05``, ``20%``, ``10⁻⁷``."""
    if value and not 1e-4 < abs(value) < 1e6:
        factor, _, power = f"{value:.0e}".partition("e")
        power_text = f"10{str(int(power)).translate(_HIGH)}"
        return power_text if factor == "1" else f"{factor}·{power_text}"
    return f"{value:,.10g}{unit}"
