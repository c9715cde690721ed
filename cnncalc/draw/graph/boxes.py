"""Boxes and lines of the style ``graph``: their sizes, and the shapes that draw them."""

from __future__ import annotations

from dataclasses import dataclass, field

from cnncalc.draw import scene
from cnncalc.draw.graph import sizes
from cnncalc.draw.shapes import Circle, Line, Rect, Shape, ShapeGroup, Text
from cnncalc.draw.text import cut, width

Shapes = list[Shape]


@dataclass
class BoxStyle:
    """What every part is drawn with.

    Attributes:
        show: what is shown of costs.
        totals, most: those of the network, and the largest of a box.
        marks: letters of the layers that are read from elsewhere.
        outputs: the layers whose volumes leave the network, where there are several.

    """

    show: str = ""
    totals: scene.Costs = field(default_factory=scene.Costs)
    most: int = 1
    marks: dict[int, str] = field(default_factory=dict)
    outputs: set[int] = field(default_factory=set)


class BoxPart:
    """A box: title, lines, how often it comes, its cost."""

    def __init__(self, box: scene.Box, style: BoxStyle) -> None:
        self.box = box
        self.exit, self.output = box.exit, box.output
        room = sizes.MOST_TEXT
        self.times = f"×{box.times}" if box.times > 1 else ""
        extra = width(self.times, sizes.TITLE, bold=True) + 10 if self.times else 0
        self.title = cut(box.title, sizes.TITLE, room - extra)
        self.above = [cut(box.above, sizes.SMALL, room)] if box.above else []
        self.lines = [cut(line, sizes.SMALL, room) for line in box.lines]
        self.cost, self.share = _cost(box, style)
        self.lines += [self.cost] if self.cost else []
        small = [width(line, sizes.SMALL) for line in (*self.above, *self.lines)]
        content = max([width(self.title, sizes.TITLE) + extra, *small])
        self.width = max(sizes.LEAST_WIDTH, content + 2 * sizes.PADDING)
        self.height = 28 + sizes.LINE * len(self.above) + sizes.LINE * len(self.lines) + (5 if self.cost else 0)

    @property
    def axis(self) -> float:
        """How far the line through it lies from its left side."""
        return self.width / 2

    def draw(self, out: Shapes, x: float, y: float) -> None:
        """Draw it with its upper left corner at a point."""
        role = self.box.role
        shapes: Shapes = []
        if self.times:
            shapes.append(Rect(x + 4, y + 4, self.width, self.height, role, sizes.RADIUS))
        shapes.append(Rect(x, y, self.width, self.height, role, sizes.RADIUS))
        middle = x + self.width / 2
        baseline = y + 19
        for line in self.above:
            shapes.append(Text(middle, baseline - 3, line, sizes.SMALL, "middle", "quiet"))
            baseline += sizes.LINE - 1
        shapes += self._head(x, baseline)
        for line in self.lines:
            baseline += sizes.LINE
            shapes.append(Text(middle, baseline + 1, line, sizes.SMALL, "middle", "quiet"))
        if self.cost:
            shapes += self._bar(x, y + self.height - 7)
        out.append(ShapeGroup(tuple(shapes), self.box.names, self.box.spans, _hint(self.box)))

    def _head(self, x: float, y: float) -> Shapes:
        middle = x + self.width / 2
        if not self.times:
            return [Text(middle, y, self.title, sizes.TITLE, "middle")]
        whole = width(self.title, sizes.TITLE) + 10 + width(self.times, sizes.TITLE, bold=True)
        left = middle - whole / 2
        return [
            Text(left, y, self.title, sizes.TITLE),
            Text(left + whole, y, self.times, sizes.TITLE, "end", bold=True),
        ]

    def _bar(self, x: float, y: float) -> Shapes:
        room = self.width - 2 * sizes.PADDING
        bars: Shapes = [Rect(x + sizes.PADDING, y, room, 3, "faint-solid", 1.5)]
        if self.share > 0:
            bars.append(Rect(x + sizes.PADDING, y, max(3, room * self.share), 3, f"{self.box.role}-solid", 1.5))
        return bars


class MergePart:
    """The circle in which branches merge, with the activation behind it beside it."""

    def __init__(self, box: scene.Box) -> None:
        self.box = box
        self.exit, self.output = box.exit, box.output
        self.wide = len(box.title) > 1
        half = width(box.title, sizes.SMALL) / 2 + 9 if self.wide else sizes.CIRCLE
        self.half = half
        self.beside = cut(" ".join(box.lines), sizes.SMALL, sizes.MOST_TEXT)
        self.axis = half
        self.right = half + (sizes.BESIDE + width(self.beside, sizes.SMALL) if self.beside else 0)
        self.height = 2 * sizes.CIRCLE

    def draw(self, out: Shapes, axis: float, y: float) -> None:
        """Draw it with its top at a point of the line through it."""
        centre = y + sizes.CIRCLE
        shapes: Shapes = []
        if self.wide:
            place = Rect(axis - self.half, y, 2 * self.half, self.height, "merge", sizes.CIRCLE)
            shapes += [place, Text(axis, centre + 4, self.box.title, sizes.SMALL, "middle")]
        else:
            shapes.append(Circle(axis, centre, sizes.CIRCLE, "merge"))
            shapes.append(_sign(self.box.title, axis, centre))
        if self.beside:
            shapes.append(Text(axis + self.half + sizes.BESIDE, centre + 4, self.beside, sizes.SMALL, "start", "quiet"))
        out.append(ShapeGroup(tuple(shapes), self.box.names, self.box.spans, _hint(self.box)))


def _sign(sign: str, x: float, y: float) -> Shape:
    """Draw a sign by lines, so that it stands in the middle of its circle in every font."""
    lines: tuple[Line, ...]
    if sign == "+":
        lines = (Line(((x - 5, y), (x + 5, y)), "merge-line"), Line(((x, y - 5), (x, y + 5)), "merge-line"))
    elif sign == "−":
        lines = (Line(((x - 5, y), (x + 5, y)), "merge-line"),)
    else:
        lines = (
            Line(((x - 4, y - 4), (x + 4, y + 4)), "merge-line"),
            Line(((x - 4, y + 4), (x + 4, y - 4)), "merge-line"),
        )
    return ShapeGroup(lines)


def edge(out: Shapes, x: float, top: float, bottom: float, label: str, mark: str = "", *, arrow: bool = True) -> None:
    """Draw a line down, the volume right of it, and left of it the letter by which it is read elsewhere."""
    out.append(Line(((x, top), (x, bottom)), "edge", arrow))
    beside(out, x, top, bottom, label, mark)


def beside(out: Shapes, x: float, top: float, bottom: float, label: str, mark: str = "") -> None:
    """Draw what stands beside a line down: the volume right of it, and left of it the letter."""
    middle = (top + bottom) / 2
    if label:
        out.append(Text(x + sizes.BESIDE, middle + 3, label, sizes.SMALL, "start", "quiet"))
    if mark:
        stop = x - sizes.BESIDE - 6
        out.append(Line(((x, middle), (stop, middle)), "edge", True))
        tag(out, stop - sizes.TAG / 2, middle - sizes.TAG / 2, mark)


def tag(out: Shapes, x: float, top: float, mark: str) -> None:
    """Draw a letter in a circle: the same letter is the same volume."""
    out.append(Rect(x - sizes.TAG / 2, top, sizes.TAG, sizes.TAG, "tag", sizes.TAG / 2))
    size = sizes.SMALL
    out.append(Text(x, top + sizes.TAG / 2 + 4, mark, size, "middle", "text", bold=True))


def label_width(label: str) -> float:
    """Return how far a volume reaches to the right of its line."""
    return sizes.BESIDE + width(label, sizes.SMALL) + 2 if label else 0


MARK_WIDTH = sizes.BESIDE + 6 + sizes.TAG
"""How far a letter reaches to the left of its line."""


def _hint(box: scene.Box) -> str:
    shown = [box.title if box.times == 1 else f"{box.title} ×{box.times}"]
    if box.output:
        shown.append(f"output {box.output}")
    if box.costs.params:
        shown.append(f"{box.costs.params:,} parameters")
    if box.costs.macs:
        shown.append(f"{box.costs.macs:,} MACs")
    return " · ".join(shown)


def _cost(box: scene.Box, style: BoxStyle) -> tuple[str, float]:
    """Return what is said of a box's cost, and how long its bar is."""
    if not style.show or box.role == "input":
        return "", 0.0
    from cnncalc.draw.showing import SHOWN

    text, value, _ = SHOWN[style.show](box.costs, style.totals)
    return (text, value / style.most) if text else ("", 0.0)
