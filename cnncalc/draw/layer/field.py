"""The style ``field``: the receptive field of one unit, as a cone through the layers and as a square on the input."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.core.errors import ArgumentError
from cnncalc.draw.layer.choosing import layer_named
from cnncalc.draw.layer.reach import Level, SeenInput, seen_inputs, way_to
from cnncalc.draw.roles import times, title
from cnncalc.draw.shapes import Area, Line, Photo, Picture, Point, Rect, Shape, ShapeGroup, Text
from cnncalc.draw.text import cut, width
from cnncalc.network import Network, Node

MARGIN = 24.0
TITLE, SMALL, LINE = 13.0, 11.0, 16.0
STACK = 300.0
"""Width of the stack of layers."""
LEVEL = 34.0
"""From one layer to the next."""
BAR = 10.0
IMAGE = 280.0
MOST_LEVELS = 20
"""So many layers are shown; of more those at which the stride changes, and some between."""
_MOST_UNITS = 60
"""A layer of at most so many units shows them."""


def field_picture(network: Network, name: str, layer: str = "", *, photo: str = "") -> Picture:
    """Return the picture of what the middle unit of a layer sees.

    Args:
        network: the network.
        name: of the network.
        layer: the name of the layer; where it is empty the last one whose units do not see the same.
        photo: a data URI of an image to show as the input.

    Raises:
        ArgumentError: for a layer that is not there, or whose receptive field is not known.

    """
    node = layer_named(network, layer) if layer else _last(network)
    seen, *others = seen_inputs(network, node)
    levels = way_to(network, node, node.output.dimensions - 1, seen)
    if any(field is None for field in seen.fields):
        message = f"the receptive field of `{node.name}` is not known"
        raise ArgumentError("unknown-field", message, hints=["choose a layer before it with --layer"])
    drawing = _Drawing(name, node, seen, levels, photo)
    drawing.others = [other.name for other in others]
    return drawing.picture()


def _last(network: Network) -> Node:
    """Return the last layer that has several positions and looks around; the last one where none has."""
    if not network.layers:
        raise ArgumentError("no-such-layer", "this network has no layers")
    for node in reversed(network.layers):
        if node.operation.reaches and max(node.output.spatial) > 1:
            return node
    return network.layers[-1]


class _Drawing:
    def __init__(self, name: str, node: Node, seen: SeenInput, levels: Sequence[Level], photo: str) -> None:
        self.name, self.node, self.photo = name, node, photo
        self.seen, self.input = seen, seen.volume
        self.others: list[str] = []  # further inputs that the unit sees
        self.levels, self.count = _fewer(levels), len(levels)
        self.way = levels[0]
        self.axis = node.output.dimensions - 1
        self.fields = [field for field in seen.fields if field]
        self.sees = [field.at(size // 2) for field, size in zip(self.fields, node.output.spatial, strict=True)]
        self.out: list[Shape] = []
        first, last = self.sees[self.axis]
        size = self.input.spatial[self.axis]
        self.begin, self.end = min(0, first), max(size, last + 1)

    def picture(self) -> Picture:
        """Draw the stack, and the input beside it."""
        names = [self._caption(level) for level in self.levels]
        sizes = [self._size(level) for level in self.levels]
        left = MARGIN + max([width(text, SMALL) for text in names]) + 12
        right = left + STACK + 12
        top = MARGIN + 2 * LINE + 16
        base = top + LEVEL * (len(self.levels) - 1)
        self._draw_cone(left, base)
        for place, level in enumerate(self.levels):
            y = base - LEVEL * place
            self._draw_level(level, left, y)
            self.out.append(Text(left - 12, y + 4, names[place], SMALL, "end", "text" if not place else "quiet"))
            self.out.append(Text(right, y + 4, sizes[place], SMALL, "start", "quiet"))
        end = right + max([width(text, SMALL) for text in sizes])
        bottom = base + BAR
        if len(self.sees) > 1:
            high = self._draw_image(end + 40, top - 6)
            end, bottom = end + 40 + self.image_width, max(bottom, top - 6 + high)
        bottom = self._words(bottom)
        head = f"What the middle unit of {self.node.name} sees"
        head = cut(head, TITLE, 420, bold=True)
        self.out.append(Text(MARGIN, MARGIN + 8, head, TITLE, bold=True))
        self.out.append(Text(MARGIN, MARGIN + 8 + LINE, cut(self.name, SMALL, 420), SMALL, "start", "quiet"))
        wide = max(end + MARGIN, 2 * MARGIN + width(head, TITLE, bold=True), MARGIN + self.words_width + MARGIN)
        high_page = max(bottom + MARGIN - 6, wide / 2.9)
        said = f"The middle unit of {self.node.name} of {self.name} sees {self._sees()} of {self._whole()}."
        return Picture(max(wide, high_page / 2.9), high_page, f"Receptive field of {self.node.name}", said, self.out)

    # ---- the stack

    def _caption(self, level: Level) -> str:
        if level.node is None:
            return self.seen.name
        said = ", ".join([title(level.node), *level.node.layer.remarks()])
        return cut(f"{level.node.name} · {said}", SMALL, 250)

    def _size(self, level: Level) -> str:
        """Write the size of a level, and how many of its units the chosen one sees."""
        volume = self.input if level.node is None else level.node.output
        count = min(level.last, level.units - 1) - max(level.first, 0) + 1
        if level.node is self.node:
            return f"{times(volume.spatial)}: this unit"
        return f"{times(volume.spatial)}: {count} of {level.units}"

    def _x(self, left: float, place: float) -> float:
        """Return where a place of the input lies."""
        return left + STACK * (place - self.begin) / (self.end - self.begin)

    def _ends(self, left: float, level: Level, first: int, last: int) -> tuple[float, float]:
        """Return where units of a level begin and end in the stack; what lies outside is left out."""
        begin, end = [min(max(place, self.begin), self.end) for place in level.over(first, last)]
        return self._x(left, begin), self._x(left, end)

    def _draw_cone(self, left: float, base: float) -> None:
        """Draw what the unit sees from level to level, padding included."""
        lefts: list[Point] = []
        rights: list[Point] = []
        for place, level in enumerate(self.levels):
            y = base - LEVEL * place
            near, far = self._ends(left, level, level.first, level.last)
            for side in (y + BAR / 2, y - BAR / 2):
                lefts.append((near, side))
                rights.append((far, side))
        self.out.append(Area((*lefts, *reversed(rights)), "cone-area"))

    def _draw_level(self, level: Level, left: float, y: float) -> None:
        x, stop = self._ends(left, level, 0, level.units - 1)
        role = level.node.layer.role if level.node else "input"
        shapes: list[Shape] = [Rect(x, y - BAR / 2, max(stop - x, 2.0), BAR, role, 1.5)]
        near, far = self._ends(left, level, max(level.first, 0), min(level.last, level.units - 1))
        shapes.append(Rect(min(near, stop - 2), y - BAR / 2, max(far - near, 2.0), BAR, "seen-part", 0))
        if 1 < level.units <= _MOST_UNITS:
            step = (stop - x) / level.units
            for unit in range(1, level.units):
                place = x + unit * step
                shapes.append(Line(((place, y - BAR / 2), (place, y + BAR / 2)), "net"))
        index = level.node.index if level.node else self.seen.start
        name = level.node.name if level.node else self.seen.name
        self.out.append(ShapeGroup(tuple(shapes), (name,), ((index, index),), name))

    # ---- the input

    def _draw_image(self, x: float, y: float) -> float:
        """Draw the input with the square that is seen; return how high it is."""
        high, wide = self.input.spatial[-2:]
        (top, bottom), (first, last) = self.sees[-2:]
        extent = max(max(wide, last + 1) - min(0, first), max(high, bottom + 1) - min(0, top))
        scale = IMAGE / extent
        left, upper = x - min(0, first) * scale, y - min(0, top) * scale
        body = Rect(left, upper, wide * scale, high * scale, "image")
        seen = self.seen
        hint = f"{seen.name} {times(seen.volume)}"
        self.out.append(ShapeGroup((body,), (seen.name,), ((seen.start, seen.start),), hint))
        if self.photo:
            self.out.append(Photo(left, upper, wide * scale, high * scale, self.photo))
        across, down = (last - first + 1) * scale, (bottom - top + 1) * scale
        self.out.append(Rect(left + first * scale, upper + top * scale, across, down, "seen-square"))
        self.image_width = (max(wide, last + 1) - min(0, first)) * scale
        return (max(high, bottom + 1) - min(0, top)) * scale

    def _sees(self) -> str:
        return times([last - first + 1 for first, last in self.sees])

    def _whole(self, sizes: Sequence[int] = ()) -> str:
        """Write the size of the input, with its name where it is one of several."""
        named = f"{self.seen.name} " if self.seen.start else ""
        return named + times(sizes or self.input)

    def _words(self, y: float) -> float:
        """Write how large the field is, below the drawing."""
        strides = [field.jump for field in self.fields]
        steps = str(strides[0]) if len(set(strides)) == 1 else "×".join(map(str, strides))
        lines = [f"receptive field {self._sees()} of {self._whole(self.input.spatial)}, stride {steps}"]
        sizes = self.input.spatial
        if any(first < 0 or last >= size for (first, last), size in zip(self.sees, sizes, strict=True)):
            lines.append("it reaches into the padding around the input")
        if (self.way.first, self.way.last) != self.sees[self.axis]:
            lines.append("through other branches it sees more than the cone shows")
        if self.others:
            lines.append(f"it sees {' and '.join(self.others)}, too")
        if self.count > len(self.levels):
            lines.append(f"{len(self.levels)} of the {self.count} bars on the way are shown")
        y += 12
        for line in lines:
            y += LINE
            self.out.append(Text(MARGIN, y, line, SMALL + 1, "start", "text" if line is lines[0] else "quiet"))
        self.words_width = max([width(line, SMALL + 1) for line in lines])
        return y


def _fewer(levels: Sequence[Level]) -> list[Level]:
    """Return at most `MOST_LEVELS` levels: the ends, those at which the size changes, and some between."""
    if len(levels) <= MOST_LEVELS:
        return list(levels)
    ends = {0, len(levels) - 1}
    changes = [place for place in range(1, len(levels)) if levels[place].units != levels[place - 1].units]
    kept = sorted(ends | set(changes[: MOST_LEVELS - 2]))
    others = [place for place in range(len(levels)) if place not in kept]
    room = MOST_LEVELS - len(kept)
    if room > 0:
        kept = sorted({*kept, *[others[len(others) * number // room] for number in range(room)]})
    return [levels[place] for place in kept]
