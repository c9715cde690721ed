"""The chart of a range test: the loss by the learning rate, with the rate that is suggested."""

from __future__ import annotations

from cnncalc.charts.lines import Chart, ChartLine
from cnncalc.train.rate_range import RateRange


def rate_chart(found: RateRange) -> Chart:
    """Return the chart: the loss of every step behind its mean over the steps around it.

    Where the loss exploded, the axis ends at twice the largest value before the least one.
    """
    smoothed = found.smoothed
    top = 2 * max(smoothed[: smoothed.index(min(smoothed)) + 1])
    shown = [(rate, loss if loss <= top else None) for rate, loss in zip(found.rates, found.losses, strict=True)]
    means = [(rate, loss if loss <= top else None) for rate, loss in zip(found.rates, smoothed, strict=True)]
    lines = [ChartLine("each step", shown, "now"), ChartLine("smoothed", means, "trained")]
    marks = [(found.suggestion, f"{found.suggestion:g}")] if found.suggestion else []
    ends = (found.rates[0], found.rates[-1])
    return Chart("Loss", lines, "learning rate", ends=ends, marks=marks, places="logarithmic")
