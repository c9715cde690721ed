"""What a picture is made of: a few shapes with places in pixels, and groups that stand for layers.

A layout makes shapes; a writer (`svg.py`, `tex.py`) writes them. A shape names the role that it plays (``conv``,
``edge``, ``quiet``), and the theme says what that looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Point = tuple[float, float]


class Text(NamedTuple):
    """A line of text; ``y`` is its baseline, ``anchor`` says which end of it stands at ``x``."""

    x: float
    y: float
    text: str
    size: float
    anchor: str = "start"
    role: str = "text"
    bold: bool = False


class Rect(NamedTuple):
    """A rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    role: str
    radius: float = 0


class Circle(NamedTuple):
    """A circle around a point."""

    x: float
    y: float
    radius: float
    role: str


class Line(NamedTuple):
    """A line through points, with an arrow at its end or not; its corners may be round."""

    points: tuple[Point, ...]
    role: str = "edge"
    arrow: bool = False
    radius: float = 0


class Area(NamedTuple):
    """A polygon."""

    points: tuple[Point, ...]
    role: str


class Photo(NamedTuple):
    """An image that is held whole in the picture, as a data URI."""

    x: float
    y: float
    width: float
    height: float
    href: str


class ShapeGroup(NamedTuple):
    """Shapes that stand for layers: what they are called, and which they are.

    Attributes:
        shapes: what is drawn.
        names: the names of the layers (or of the blocks) that they stand for.
        spans: the numbers of the first and last of these layers, for each run of them.
        hint: what a pointer that rests on them shows.

    """

    shapes: tuple[Shape, ...]
    names: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    hint: str = ""


Shape = Text | Rect | Circle | Line | Area | Photo | ShapeGroup


class Picture(NamedTuple):
    """Everything that a writer needs.

    Attributes:
        width, height: of the page, in pixels.
        title, description: what it shows, for who cannot see it.
        shapes: from back to front.

    """

    width: float
    height: float
    title: str
    description: str
    shapes: Sequence[Shape]


def moved(shape: Shape, x: float, y: float) -> Shape:
    """Return a shape moved right and down."""
    return _MOVES[type(shape)](shape, x, y)


def _at(shape: Any, x: float, y: float) -> Any:
    return shape._replace(x=shape.x + x, y=shape.y + y)


def _through(shape: Any, x: float, y: float) -> Any:
    return shape._replace(points=tuple([(left + x, top + y) for left, top in shape.points]))


def _all(shape: Any, x: float, y: float) -> Any:
    return shape._replace(shapes=tuple([moved(inner, x, y) for inner in shape.shapes]))


_MOVES: dict[type, Callable[[Any, float, float], Shape]] = {
    Text: _at,
    Rect: _at,
    Circle: _at,
    Photo: _at,
    Line: _through,
    Area: _through,
    ShapeGroup: _all,
}
