"""The page of the style ``volumes``: slabs from left to right in rows, with its size above and its layer below each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log

from cnncalc.core.numbers import in_units
from cnncalc.draw.roles import inputs_said, times
from cnncalc.draw.shapes import Area, Line, Picture, Point, Rect, Shape, ShapeGroup, Text
from cnncalc.draw.text import cut, width
from cnncalc.draw.volumes.rows import LANE, LINE, SMALL, TITLE, PlacedVolume, Row, placed_steps, rows_of, u_rows
from cnncalc.draw.volumes.steps import steps_of
from cnncalc.network import Network

MARGIN = 22.0
ROOM = 1000.0
"""Of a row: the page is then so wide that its smallest text has 6 points on A4 paper."""
ROWS = 46.0
"""Between rows: lines run there from the end of one to the beginning of the next."""
TURN = 14.0
"""Right of a row, for the line that turns to the next."""
TAG = 18.0
_WIDEST = 2.9
_MOST_ROWS = 10


def volumes_picture(network: Network, name: str, *, depth: int | None = None) -> Picture:
    """Return the picture of a network as volumes."""
    placed = placed_steps(steps_of(network, depth))
    u = u_rows(placed)
    if u and max([row.width for row in u]) <= ROOM:
        return _Page(u, is_u=True).picture(network, name)
    choices = [rows_of(placed, count) for count in range(1, _MOST_ROWS)]
    return _Page(min(choices, key=_unfit), is_u=False).picture(network, name)


def _unfit(rows: Sequence[Row]) -> float:
    """Return how far a page of these rows is from the shape of a figure."""
    wide = max([row.width for row in rows])
    high = sum([row.above + row.below for row in rows]) + ROWS * len(rows)
    unfit = abs(log(wide / high / 2.0))
    return unfit + (100 + wide / ROOM if wide > ROOM else 0) + (50 if not 0.4 < wide / high < 2.6 else 0)


class _Page:
    """The rows of a picture, and what joins them."""

    def __init__(self, rows: Sequence[Row], *, is_u: bool) -> None:
        self.rows = rows
        self.is_u = is_u
        self.out: list[Shape] = []
        self.marks = {} if is_u else _marks(rows)
        self.turn = MARGIN + max([row.width for row in rows]) + TURN

    def picture(self, network: Network, name: str) -> Picture:
        """Draw the page."""
        y = MARGIN
        middles = []
        for row in self.rows:
            middles.append(y + row.above)
            self._draw_row(row, middles[-1])
            y = middles[-1] + row.below + ROWS
        for place, (upper, lower) in enumerate(pairwise(self.rows)):
            join = self._join_levels if self.is_u else self._join_rows
            join(upper, middles[place], lower, middles[place + 1])
        wide = self.turn + (TURN if len(self.rows) > 1 else 0) + MARGIN - TURN
        caption = f"{in_units(network.params)} parameters · {in_units(network.macs)} MACs"
        head = cut(name, SMALL, 300, bold=True)
        end = MARGIN + width(head, SMALL, bold=True) + 10
        wide = max(wide, end + width(caption, SMALL) + MARGIN)
        baseline = max(y - ROWS + 30, wide / _WIDEST - MARGIN)
        self.out.append(Text(MARGIN, baseline, head, SMALL, bold=True))
        self.out.append(Text(end, baseline, caption, SMALL, role="quiet"))
        return Picture(wide, baseline + MARGIN - 4, name, _said(network, name), self.out)

    # ---- a row

    def _draw_row(self, row: Row, y: float) -> None:
        for one in row.placed:
            self._draw_step(row, one, y)
        for left, right in row.neighbours():
            self._draw_between(left, right, y)
        for start, end, lane in row.arcs:
            self._draw_arc(row, start, end, lane, y)

    def _draw_step(self, row: Row, one: PlacedVolume, y: float) -> None:
        step = one.step
        shapes = one.slab.shapes(MARGIN + one.x, y, step.role)
        self.out.append(ShapeGroup(tuple(shapes), step.names, step.spans, f"{one.head} · {one.label}"))
        middle = MARGIN + one.middle
        top = y - one.slab.top - 7
        self.out.append(Text(middle, top, one.label, SMALL, "middle", "quiet"))
        self._draw_marks(one, middle, top)
        baseline = y + row.floor + 18
        self.out.append(Text(middle, baseline, one.head, TITLE, "middle"))
        for line in one.lines:
            baseline += LINE
            self.out.append(Text(middle, baseline, line, SMALL, "middle", "quiet"))

    def _draw_marks(self, one: PlacedVolume, x: float, y: float) -> None:
        """Draw the letters of a volume that another row takes, and of those that it takes from there."""
        letters = [self.marks[index] for index in (one.step.exit, *one.step.skips) if index in self.marks]
        for place, letter in enumerate(letters):
            left = x + (place - len(letters) / 2) * (TAG + 3)
            self.out.append(Rect(left, y - 14 - TAG, TAG, TAG, "tag", TAG / 2))
            self.out.append(Text(left + TAG / 2, y - 10 - TAG / 2, letter, SMALL, "middle", "text", bold=True))

    def _draw_between(self, left: PlacedVolume, right: PlacedVolume, y: float) -> None:
        """Draw how one volume becomes the next: the cone of the window, or an arrow."""
        start, end = MARGIN + left.x, MARGIN + right.x
        if right.step.kernel and not left.slab.vector and left.slab.deep:
            self._draw_cone(left, right, start, end, y)
        else:
            self.out.append(Line(((start + left.slab.width + 5, y), (end - 4, y)), "edge", True))

    def _draw_cone(self, left: PlacedVolume, right: PlacedVolume, start: float, end: float, y: float) -> None:
        volume, kernel = left.step.volume, right.step.kernel
        down = kernel[-2] / volume.spatial[-2] if len(kernel) > 1 else 1.0
        across = kernel[-1] / volume.spatial[-1]
        corners = left.slab.window(start, y, min(across, 1.0), min(down, 1.0))
        apex = (end, y - right.slab.high * 0.12)
        self.out.append(Area(corners, "seen-area"))
        self.out += [Line((corner, apex), "cone") for corner in corners]

    def _draw_arc(self, row: Row, start: int, end: int, lane: int, y: float) -> None:
        first, last = row.placed[start], row.placed[end]
        level = y - row.above + (row.lanes - lane) * LANE
        left = MARGIN + first.middle + first.label_width / 2 + 5
        right = MARGIN + last.middle - last.label_width / 2 - 5
        tops = (y - first.slab.top - 3, y - last.slab.top - 3)
        points: tuple[Point, ...] = ((left, tops[0]), (left, level), (right, level), (right, tops[1]))
        self.out.append(Line(points, "edge", True, 6))

    # ---- between rows

    def _join_rows(self, upper: Row, y: float, lower: Row, below: float) -> None:
        """Draw the line from the end of a row to the beginning of the next."""
        last, first = upper.placed[-1], lower.placed[0]
        if first.step.role == "input":
            return
        start = MARGIN + last.x + last.slab.width + 5
        level = y + upper.below + ROWS / 2
        left = MARGIN - 12
        ends = ((left, below), (MARGIN + first.x - 4, below))
        self.out.append(Line(((start, y), (self.turn, y), (self.turn, level), (left, level), *ends), "edge", True, 6))

    def _join_levels(self, upper: Row, y: float, lower: Row, below: float) -> None:
        """Draw the lines of a U between two levels: down on the left, up on the right."""
        gap = y + upper.below
        split = len(upper.placed) if upper.split is None else upper.split
        self._step_line(upper.placed[split - 1], y, lower.placed[0], below, gap + ROWS / 3)
        if split < len(upper.placed):
            self._step_line(lower.placed[-1], below, upper.placed[split], y, gap + 2 * ROWS / 3)

    def _step_line(self, source: PlacedVolume, start: float, target: PlacedVolume, end: float, level: float) -> None:
        """Draw a line from the right side of a slab to the left side of one in another row."""
        away, to = MARGIN + source.right + 8, MARGIN + target.left - 8
        side = MARGIN + source.x + source.slab.width + 5
        points = ((side, start), (away, start), (away, level), (to, level), (to, end), (MARGIN + target.x - 4, end))
        self.out.append(Line(points, "edge", True, 6))


def _marks(rows: Sequence[Row]) -> dict[int, str]:
    """Return a letter for every volume that a skip takes to another row."""
    found = set()
    for row in rows:
        here = {one.step.exit for one in row.placed}
        found |= {skip for one in row.placed for skip in one.step.skips if skip >= 0 and skip not in here}
    letters = [chr(ord("A") + place % 26) + (str(place // 26) if place > 25 else "") for place in range(len(found))]
    return dict(zip(sorted(found), letters, strict=True))


def _said(network: Network, name: str) -> str:
    first, last = inputs_said(network), times(network.output)
    costs = f"{network.params:,} parameters, {network.macs:,} MACs"
    return f"The network {name} as volumes, from {first} to {last}: {costs}."
