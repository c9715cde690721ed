"""The chart in which networks are bubbles: MACs across, accuracy up, and parameters as areas.

After Canziani, Paszke, Culurciello: "An Analysis of Deep Neural Network Models for Practical Applications", 2016.
Networks whose accuracy is not known stand apart, below the others. Where none is known, the parameters are up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import NamedTuple

from cnncalc.charts.scale import ChartAxis, linear_scale, ratio_scale
from cnncalc.core.numbers import in_units, whole
from cnncalc.draw.label_places import Disc, NameFrame, PlacedName, place_names
from cnncalc.draw.shapes import Circle, Line, Picture, Rect, Shape, ShapeGroup, Text
from cnncalc.draw.text import cut

WIDE_RATIO = 8
"""Where the most is more than so many times the least, equal ratios take equal lengths."""
FEW = 24
"""So many networks fit into a small picture."""
LEFT, TOP, BOTTOM, ASIDE = 74.0, 64.0, 62.0, 128.0
"""Pixels around the area: what stands beside, above and below the axes, and the key of the areas."""
LEAST_RADIUS = 3.0
SIZE, SMALL = 12.0, 11.0
"""Of letters."""
LONGEST = 150.0
"""Pixels of a name."""


class Bubble(NamedTuple):
    """A network in the chart.

    Attributes:
        name: what it is called.
        params, macs: its numbers.
        accuracy: in percent; None if it is not known.

    """

    name: str
    params: int
    macs: int
    accuracy: float | None = None


class _Plan(NamedTuple):
    """Where things stand: the area, the strip below it, the axes, and the largest radius."""

    area: NameFrame
    strip: NameFrame | None
    across: ChartAxis
    up: ChartAxis
    most: int
    radius: float

    def x(self, macs: float) -> float:
        inset = self.radius + 4  # so that the largest bubble lies inside
        return self.area.left + inset + (self.area.right - self.area.left - 2 * inset) * self.across.place(macs)

    def y(self, value: float) -> float:
        inset = self.radius + 4
        return self.area.bottom - inset - (self.area.bottom - self.area.top - 2 * inset) * self.up.place(value)

    def size(self, params: float) -> float:
        return max(LEAST_RADIUS, self.radius * sqrt(params / self.most))


def bubble_picture(bubbles: Sequence[Bubble], data: str) -> Picture:
    """Return the picture of networks.

    Args:
        bubbles: one or more networks.
        data: whose images the accuracy is that of, such as ``ImageNet``; "" where no accuracy is known.

    """
    known = any(bubble.accuracy is not None for bubble in bubbles)
    plan = _plan(bubbles, known=known)
    discs = [_disc(bubble, plan, known=known) for bubble in bubbles]
    room = NameFrame(plan.area.left + 2, plan.area.top + 2, plan.area.right + ASIDE, _bottom(plan) - 2)
    key = _key_frame(plan)
    names = place_names(discs, room, SMALL, [key])
    order = sorted(range(len(bubbles)), key=lambda index: -discs[index].radius)
    title = f"{'Accuracy' if known else 'Parameters'} and MACs of {len(bubbles)} network{'s' * (len(bubbles) > 1)}"
    shapes: list[Shape] = [
        Text(LEFT, 26, title, 16, bold=True),
        *_axes(plan, data, known=known),
        *[_group(bubbles[index], discs[index], data) for index in order],
        *[shape for disc, name in zip(discs, names, strict=True) for shape in _name(disc, name)],
        *_key(plan),
    ]
    missing = names.count(None)
    if missing:
        shapes.append(Text(LEFT, 44, f"{missing} names are left out for want of room", SMALL, role="quiet"))
    right = plan.area.right + ASIDE + 16
    return Picture(right, _bottom(plan) + BOTTOM, title, _described(bubbles, data), shapes)


# ---- where things stand


def _plan(bubbles: Sequence[Bubble], *, known: bool) -> _Plan:
    many = len(bubbles) > FEW
    wide, high = (980.0, 640.0) if many else (640.0, 400.0)
    radius = 30.0 if many else 36.0
    area = NameFrame(LEFT, TOP, LEFT + wide, TOP + high)
    apart = known and any(bubble.accuracy is None for bubble in bubbles)
    strip = NameFrame(area.left, area.bottom + 10, area.right, area.bottom + 10 + 2 * radius + 20) if apart else None
    across = _scale([bubble.macs for bubble in bubbles])
    if known:
        up = _accuracies([bubble.accuracy for bubble in bubbles if bubble.accuracy is not None])
    else:
        up = _scale([bubble.params for bubble in bubbles])
    return _Plan(area, strip, across, up, max(1, *(bubble.params for bubble in bubbles)), radius)


def _accuracies(values: Sequence[float]) -> ChartAxis:
    """Return the scale of accuracies; those that are alike stand in the middle."""
    low, high = min(values), max(values)
    more = 1.0 if high - low < 1 else 0.0
    return _linear(max(0.0, low - more), min(100.0, high + more))


def _scale(values: Sequence[int]) -> ChartAxis:
    """Return the scale of counts: logarithmic where they lie far apart."""
    low, high = min(values), max(values)
    if low > 0 and high > WIDE_RATIO * low:
        return ratio_scale(low, high)
    more = max(1, high // 10) if high - low <= high / 10 else 0  # networks that are alike stand in the middle
    return _linear(max(0, low - more), high + more)


def _linear(low: float, high: float) -> ChartAxis:
    """Return a scale that ends where it is told to, with round values between."""
    return ChartAxis(low, high, [tick for tick in linear_scale([low, high]).ticks if low <= tick <= high])


def _bottom(plan: _Plan) -> float:
    return plan.strip.bottom if plan.strip else plan.area.bottom


def _disc(bubble: Bubble, plan: _Plan, *, known: bool) -> Disc:
    name = cut(bubble.name, SMALL, LONGEST)
    if known and bubble.accuracy is None:
        assert plan.strip is not None
        middle = (plan.strip.top + plan.strip.bottom) / 2 + 6
        return Disc(plan.x(bubble.macs), middle, plan.size(bubble.params), name)
    up = bubble.accuracy if bubble.accuracy is not None else bubble.params
    return Disc(plan.x(bubble.macs), plan.y(up), plan.size(bubble.params), name)


# ---- what is drawn


def _axes(plan: _Plan, data: str, *, known: bool) -> Iterator[Shape]:
    area, bottom = plan.area, _bottom(plan)
    for tick in plan.across.ticks:
        x = plan.x(tick)
        yield Line(((x, area.top), (x, bottom)), "faint")
        yield Text(x, bottom + 18, in_units(round(tick)), SIZE, "middle", "quiet")
    for tick in plan.up.ticks:
        y = plan.y(tick)
        yield Line(((area.left, y), (area.right, y)), "faint")
        said = f"{tick:,.10g}%" if known else in_units(round(tick))
        yield Text(area.left - 8, y + 4, said, SIZE, "end", "quiet")
    yield Text(area.right, bottom + 42, f"MACs for one image{_log(plan.across)}", SIZE, "end")
    up = f"top-1 accuracy{f' on {data}' if data else ''}" if known else f"parameters{_log(plan.up)}"
    yield Text(area.left - 8, area.top - 12, up, SIZE, "start")
    yield Rect(area.left, area.top, area.right - area.left, area.bottom - area.top, "area-frame")
    if plan.strip:
        strip = plan.strip
        yield Rect(strip.left, strip.top, strip.right - strip.left, strip.bottom - strip.top, "area-frame")
        said = f"no published accuracy{f' on {data}' if data else ''}"
        yield Text(strip.left + 6, strip.top + 14, said, SMALL, role="quiet")


def _log(axis: ChartAxis) -> str:
    return " (log scale)" if axis.logarithmic else ""


def _group(bubble: Bubble, disc: Disc, data: str) -> Shape:
    role = "bubble-apart" if bubble.accuracy is None and data else "bubble"
    return ShapeGroup((Circle(disc.x, disc.y, disc.radius, role),), hint=_said(bubble, data))


def _name(disc: Disc, placed: PlacedName | None) -> Iterator[Shape]:
    if placed is None:
        return
    frame = placed.frame
    if placed.away:
        x, y = (frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2
        end = (min(max(disc.x, frame.left), frame.right), min(max(disc.y, frame.top), frame.bottom))
        far = max(1e-6, sqrt((x - disc.x) ** 2 + (y - disc.y) ** 2))
        edge = disc.x + (x - disc.x) / far * disc.radius, disc.y + (y - disc.y) / far * disc.radius
        yield Line((edge, end), "edge-thin")
    yield Text(frame.left, frame.bottom - 2, disc.name, SMALL)


def _key_frame(plan: _Plan) -> NameFrame:
    """Return the rectangle in which the key of the areas stands, right of the area."""
    return NameFrame(plan.area.right + 8, plan.area.top, plan.area.right + ASIDE + 16, plan.area.top + 190)


def _key(plan: _Plan) -> Iterator[Shape]:
    """Yield circles of round sizes, one in the other, with what they stand for."""
    x, base = plan.area.right + 16 + plan.radius, plan.area.top + 30 + 2 * plan.radius
    yield Text(plan.area.right + 16, plan.area.top + 12, "parameters", SIZE)
    top = base + 20.0
    for params in _round_sizes(plan.most):
        radius = plan.size(params)
        yield Circle(x, base - radius, radius, "bubble-key")
        top = min(base - 2 * radius, top - 14)
        yield Line(((x, base - 2 * radius), (x + plan.radius + 6, top)), "edge-thin")
        yield Text(x + plan.radius + 9, top + 4, in_units(params), SMALL)


def _round_sizes(most: int) -> list[int]:
    """Return three round numbers up to the most, the smallest first."""
    power = 10 ** (len(str(most)) - 1)
    largest = max(factor * power for factor in (1, 2, 5) if factor * power <= most)
    return sorted({max(1, largest // part) for part in (1, 4, 20)})


# ---- in words


def _said(bubble: Bubble, data: str) -> str:
    numbers = f"{whole(bubble.params)} parameters, {whole(bubble.macs)} MACs"
    accuracy = f", {bubble.accuracy:g}% on {data}" if bubble.accuracy is not None else ""
    return f"{bubble.name}: {numbers}{accuracy or (', no published accuracy' if data else '')}"


def _described(bubbles: Sequence[Bubble], data: str) -> str:
    """Say all numbers, for who cannot see them."""
    return "; ".join([_said(bubble, data) for bubble in bubbles])
