"""The geometry of lines, which every writer needs: round corners, and the heads of arrows."""

from __future__ import annotations

from math import hypot
from typing import NamedTuple

from cnncalc.draw.shapes import Line, Point

HEAD = 6.0
"""Length of an arrow's head, in pixels."""


class PathStep(NamedTuple):
    """A piece of a line: straight to its end or, around a corner, a quadratic curve."""

    end: Point
    corner: Point | None = None


def with_head(line: Line) -> tuple[list[Point], tuple[Point, ...]]:
    """Return the points of a line, and the triangle of its head: () for a line without one."""
    points = list(line.points)
    if not line.arrow:
        return points, ()
    before, end = points[-2:]
    x, y = _direction(before, end)
    base = (end[0] - HEAD * x, end[1] - HEAD * y)
    half = HEAD / 2.2
    points[-1] = base
    return points, (end, (base[0] - half * y, base[1] + half * x), (base[0] + half * y, base[1] - half * x))


def rounded(points: list[Point], radius: float) -> list[PathStep]:
    """Return the pieces of a line through points, with round corners where there is room for them."""
    steps = [PathStep(points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        room = min(radius, _distance(before, corner) / 2, _distance(corner, after) / 2)
        if room < 1:
            steps.append(PathStep(corner))
        else:
            steps += [PathStep(_towards(corner, before, room)), PathStep(_towards(corner, after, room), corner)]
    return [*steps, PathStep(points[-1])]


def _direction(start: Point, end: Point) -> Point:
    length = _distance(start, end) or 1.0
    return (end[0] - start[0]) / length, (end[1] - start[1]) / length


def _distance(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def _towards(start: Point, end: Point, far: float) -> Point:
    x, y = _direction(start, end)
    return start[0] + x * far, start[1] + y * far
