"""The charts of a study: the best score so far, and the scores by each thing that is varied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

from cnncalc.charts.lines import Chart, ChartLine, Point
from cnncalc.core.words import shorten
from cnncalc.design.ranges import Choices, RealNumbers, Value
from cnncalc.tune.results import COMPLETE, PRUNED, Judge, TrialRow
from cnncalc.tune.space import Varied

_LOOKS = ((PRUNED, "tested"), (COMPLETE, "trained"))
"""States whose trials are dots, and the colours of these; complete trials are in front."""
_LONGEST_WORD = 12
_MOST_STOPS = 8
"""Most values of a range that each have a place of their own."""


def history_chart(rows: Sequence[TrialRow], judge: Judge) -> Chart:
    """Return the chart of scores by the number of the trial, with the best of the complete ones so far."""
    better, scale = max if judge.measure.higher else min, _scale(judge)
    known = [(row.number, row.score) for row in rows if row.state == COMPLETE and row.score is not None]
    best = list(accumulate(known, lambda one, other: (other[0], better(one[1], other[1]))))
    steps: list[Point] = []
    for number, value in best:  # the best so far stays so until another one is better
        steps += [(number, point[1]) for point in steps[-1:]] + [(number, scale * value)]
    if steps:
        steps.append((rows[-1].number, steps[-1][1]))
    dots = [_dots(rows, state, look, judge, lambda row: float(row.number)) for state, look in _LOOKS]
    line = ChartLine("best so far", steps, "only", plain=True)
    return Chart(_title(judge), [line, *dots], "trial", unit=_unit(judge))


def _title(judge: Judge) -> str:
    return judge.words[0].upper() + judge.words[1:]


def _scale(judge: Judge) -> float:
    return 100.0 if judge.measure.share else 1.0


def _unit(judge: Judge) -> str:
    return "%" if judge.measure.share else ""


def value_chart(rows: Sequence[TrialRow], varied: Varied, judge: Judge, best: TrialRow | None) -> Chart:
    """Return the chart of scores by the values of one thing that is varied."""
    stops = _stops(varied)

    def place(row: TrialRow) -> float:
        value = row.values[varied.label]
        return float(_nearest(stops, value) + 1) if stops else float(value)

    dots = [_dots(rows, state, look, judge, place, varied.label) for state, look in _LOOKS]
    whole = "linear" if isinstance(varied.variation.range, RealNumbers) else "whole"
    return Chart(
        varied.label,
        dots,
        varied.label,
        unit=_unit(judge),
        marks=[(place(best), "best")] if best else [],
        below=judge.measure.higher,
        places="logarithmic" if varied.logarithmic else whole,
        words=[shorten(_written(value), _LONGEST_WORD) for value in stops],
    )


def _stops(varied: Varied) -> Sequence[Value]:
    """Return the values that each have a place of their own on the axis: choices, and steps that are few."""
    found = varied.variation.range
    if isinstance(found, Choices):
        return tuple(dict.fromkeys(found.values))
    values = found.values if found.points or not found.log else None  # of others any number is drawn
    return values if values is not None and len(values) <= _MOST_STOPS else ()


def _nearest(stops: Sequence[Value], value: object) -> int:
    """Return the place of a value among those that it may have; a database may have rounded a number."""
    if isinstance(value, int | float) and all(isinstance(stop, int | float) for stop in stops):
        return min(range(len(stops)), key=lambda place: abs(float(stops[place]) - value))
    return list(map(_written, stops)).index(_written(value))


def _written(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _dots(
    rows: Sequence[TrialRow], state: str, look: str, judge: Judge, place: Callable[[TrialRow], float], label: str = ""
) -> ChartLine:
    points = [
        (place(row), _scale(judge) * row.score)
        for row in rows
        if row.state == state and row.score is not None and (not label or label in row.values)
    ]
    return ChartLine(state, points, look, joined=False)
