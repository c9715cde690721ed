"""A chart of lines: what some quantities were over the epochs of a run.

The size of its letters is not that of its area: places are percentages, so that a chart fills whatever width it gets,
and its text stays as large as the text around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from cnncalc.charts.scale import ChartAxis, linear_scale, logarithmic_scale, ratio_scale, tick_text, whole_scale
from cnncalc.core.cleaning import html_text
from cnncalc.core.numbers import counted

FEW = 40
"""Most points that have a dot each."""
MOST_POINTS = 600
"""Most points of a line; of more, some are left out."""
AREA = 1000
"""Units across and down the area in which lines are drawn."""

PLACES: Mapping[str, Callable[[float, float], ChartAxis]] = {
    "whole": whole_scale,
    "linear": lambda low, high: linear_scale([low, high]),
    "logarithmic": ratio_scale,
}
"""How a horizontal axis from one place to another is divided: at whole numbers, at round ones, at equal ratios."""

Point = tuple[float, float | None]


class ChartLine(NamedTuple):
    """A line of a chart.

    Attributes:
        name: what it is.
        points: pairs of a place and a value; a value that is not known is a gap.
        look: its class in the style sheet, which has its colour.
        named: whether its name stands above the chart.
        joined: whether its points are joined; else each is a dot.
        plain: whether it has no dots, also where its points are few.

    """

    name: str
    points: Sequence[Point]
    look: str
    named: bool = True
    joined: bool = True
    plain: bool = False


class Chart(NamedTuple):
    """A chart.

    Attributes:
        title: the quantity.
        lines: from the one at the back to the one in front.
        across: what the horizontal axis is.
        unit: of the values.
        zero: whether the scale begins at 0.
        logarithmic: whether equal ratios take equal heights, where no value is below 0.
        ends: of the horizontal axis; those of the lines if None.
        marks: places with a word that stands at them.
        below: whether these words stand at the bottom, where the lines are at the top.
        places: how the horizontal axis is divided, a key of `PLACES`.
        words: what stands at the places 1, 2, … of the horizontal axis in place of numbers.

    """

    title: str
    lines: Sequence[ChartLine]
    across: str = "epoch"
    unit: str = ""
    zero: bool = False
    logarithmic: bool = False
    ends: tuple[float, float] | None = None
    marks: Sequence[tuple[float, str]] = ()
    below: bool = False
    places: str = "whole"
    words: Sequence[str] = ()

    @property
    def known(self) -> bool:
        """Whether there is anything to draw."""
        return any(value is not None for line in self.lines for _, value in line.points)


class ChartArea(NamedTuple):
    """Where the area of a chart stands in a picture around it, in pixels."""

    left: int
    top: int
    width: int
    height: int


def chart_svg(chart: Chart, box: ChartArea | None = None, kind: str = "chart") -> str:
    """Return a chart as an ``svg`` element of HTML, whose look is in a style sheet; "" where there is nothing to draw.

    In a picture its title and the names of its lines stand above it; `chart_figure` has them in a page.

    Args:
        chart: what is drawn.
        box: where it stands in a picture around it; the style sheet says so if None.
        kind: its class, as `chart_sheet` has it.

    """
    if not chart.known:
        return ""
    down, across = down_axis(chart), across_axis(chart)
    wide, high = (box.width, box.height) if box else (AREA, AREA)
    ends = " ".join(f"{end:.9g}" for end in (across.low, across.high, down.low, down.high))
    scale = "log" if down.logarithmic else "linear"
    lines = "".join(
        _line(line, lambda x: wide * across.place(x), lambda y: high - high * down.place(y)) for line in chart.lines
    )
    inner = f'viewBox="0 0 {AREA} {AREA}" preserveAspectRatio="none" width="100%" height="100%" overflow="visible"'
    place = f' x="{box.left}" y="{box.top}" width="{wide}" height="{high}" overflow="visible"' if box else ""
    return (
        f'<svg class="{kind}" role="img" aria-label="{html_text(_described(chart))}" data-ends="{ends}" '
        f'data-scale="{scale}" data-unit="{chart.unit}" data-across="{html_text(chart.across)}"{place}>'
        + "".join(_grid(chart, across, down))
        + (f"{lines}{_names(chart)}" if box else f"<svg {inner}>{lines}</svg>")
        + "</svg>"
    )


def chart_figure(chart: Chart, kind: str = "chart") -> str:
    """Return a chart as a ``figure`` of HTML, under its title and the names of its lines; "" where nothing is known.

    The names are text of the page, which begins a new line where a page is narrow.
    """
    if not chart.known:
        return ""
    names = "".join(
        f'<span><span class="key {line.look}" aria-hidden="true">{_key(line)}</span> {html_text(line.name)}</span> '
        for line in _named(chart)
    )
    rest = _others(chart)
    others = f"<span>{html_text(rest)}</span>" if rest else ""
    caption = f'<figcaption class="{kind}-names"><b>{html_text(chart.title)}</b> {names}{others}</figcaption>'
    return f'<figure class="{kind}-figure">{caption}{chart_svg(chart, kind=kind)}</figure>'


def down_axis(chart: Chart) -> ChartAxis:
    """Return the vertical scale of a chart in which there is anything to draw."""
    values = [value for line in chart.lines for _, value in line.points if value is not None]
    if chart.logarithmic and min(values) >= 0:
        return logarithmic_scale(values)  # what is 0 stands at its low end
    return linear_scale(values, zero=chart.zero)


def across_axis(chart: Chart) -> ChartAxis:
    """Return the horizontal scale of a chart in which there is anything to draw."""
    places = [place for line in chart.lines for place, value in line.points if value is not None]
    if chart.words:
        return ChartAxis(0.5, len(chart.words) + 0.5, [float(place + 1) for place in range(len(chart.words))])
    low, high = chart.ends or (min(places), max(places))
    return PLACES[chart.places](low, high)


def across_text(chart: Chart, tick: float) -> str:
    """Return what stands at a value of the horizontal axis."""
    return chart.words[round(tick) - 1] if chart.words else tick_text(tick)


def _described(chart: Chart) -> str:
    """Say in words what a chart shows: where each line begins and ends."""
    parts = []
    for line in chart.lines:
        values = [value for _, value in line.points if value is not None]
        if values and line.named:
            first, last = (f"{value:.4g}{chart.unit}" for value in (values[0], values[-1]))
            parts.append(f"{line.name} from {first} to {last}")
    rest = sum(not line.named for line in chart.lines)
    more = [counted(rest, "other line")] if rest else []
    return f"{chart.title} by {chart.across}: {'; '.join([*parts, *more])}"


def _grid(chart: Chart, across: ChartAxis, down: ChartAxis) -> Iterator[str]:
    """Yield the lines of the scales, what stands beside them, and the marks."""
    for tick in down.ticks:
        at = f"{100 - 100 * down.place(tick):.2f}%"
        yield f'<line class="rule" x1="0" x2="100%" y1="{at}" y2="{at}"/>'
        yield f'<text class="tick" x="-8" y="{at}" dy=".35em" text-anchor="end">{tick_text(tick, chart.unit)}</text>'
    for tick in across.ticks:
        at, word = f"{100 * across.place(tick):.2f}%", html_text(across_text(chart, tick))
        yield f'<text class="tick" x="{at}" y="100%" dy="1.5em" text-anchor="middle">{word}</text>'
    yield f'<text class="tick" x="100%" y="100%" dy="2.8em" text-anchor="end">{html_text(chart.across)}</text>'
    high = 'y="100%" dy="-.6em"' if chart.below else 'y="0" dy="1em"'
    for place, word in chart.marks:
        share = across.place(place)
        at, anchor, aside = f"{100 * share:.2f}%", *(("end", -4) if share > 0.5 else ("start", 4))
        yield f'<line class="mark" x1="{at}" x2="{at}" y1="0" y2="100%"/>'
        yield f'<text class="tick" x="{at}" dx="{aside}" {high} text-anchor="{anchor}">'
        yield f"{html_text(word)}</text>"


def _named(chart: Chart) -> list[ChartLine]:
    """Return the lines whose names are shown."""
    return [line for line in chart.lines if line.named and any(value is not None for _, value in line.points)]


def _others(chart: Chart) -> str:
    """Say how many lines have no name where others have one; else ""."""
    rest = sum(not line.named for line in chart.lines)
    return f"and {counted(rest, 'other')}" if rest and _named(chart) else ""


def _key(line: ChartLine) -> str:
    """Return what stands before the name of a line, in its colour."""
    return "━" if line.joined else "●"


def _names(chart: Chart) -> str:
    """Return the title and the names of the lines, one behind the other."""
    title = f'<tspan class="title">{html_text(chart.title)}</tspan>'
    names = "".join(
        f'<tspan class="key {line.look}" dx="12">{_key(line)}</tspan><tspan dx="4">{html_text(line.name)}</tspan>'
        for line in _named(chart)
    )
    rest = _others(chart)
    others = f'<tspan dx="12">{rest}</tspan>' if rest else ""
    return f'<text class="names" x="-40" y="-14">{title}{names}{others}</text>'


def _line(line: ChartLine, across: Callable[[float], float], down: Callable[[float], float]) -> str:
    """Return a line, interrupted where a value is not known; of few points each has a dot."""
    if not line.joined:
        return _dots(line, [(across(place), down(value)) for place, value in line.points if value is not None])
    points = _thinned(line.points)
    drawn = []
    for known, group in groupby(points, key=lambda point: point[1] is not None):
        if known:
            places = [f"{across(place):.1f},{down(value):.1f}" for place, value in group if value is not None]
            drawn.append(f"M{places[0]}" + (f"L{' '.join(places[1:])}" if len(places) > 1 else "h0"))
    if not drawn:
        return ""
    path = f'<path class="line {line.look}" data-name="{html_text(line.name)}" d="{"".join(drawn)}"/>'
    if len(points) > FEW or line.plain:
        return path
    dots = "".join(drawn).replace("L", "h0M").replace(" ", "h0M") + "h0"
    return path + f'<path class="dots {line.look}" d="{dots.replace("h0h0", "h0")}"/>'


def _dots(line: ChartLine, places: Sequence[tuple[float, float]]) -> str:
    """Return points that are not joined."""
    dots = "".join(f"M{x:.1f},{y:.1f}h0" for x, y in places)
    return f'<path class="dots {line.look}" data-name="{html_text(line.name)}" d="{dots}"/>' if dots else ""


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Return points, or of many every so manieth and the last."""
    if len(points) <= MOST_POINTS:
        return points
    return [*points[: -1 : -(-len(points) // MOST_POINTS)], points[-1]]
