"""A network that goes down and up again, with a skip from each level to the one beside it, as the figure of U-Net.

It is a nest of forks, each of which has one branch that holds the next and one that holds next to nothing. The way down
stands left, the way up right and is read upwards; the skips are level lines between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from cnncalc.draw import scene
from cnncalc.draw.graph import sizes
from cnncalc.draw.graph.boxes import BoxPart, BoxStyle, MergePart, Shapes, edge, label_width
from cnncalc.draw.graph.parts import ChainPart
from cnncalc.draw.shapes import Line, Text

LEAST_LEVELS = 2
_ASIDE = 26.0
"""Of level line on each side of what stands on it."""


@dataclass
class _Level:
    """What stands in front of a fork, what the skip holds, the merge, and what is behind it up to the merge above."""

    down: ChainPart
    skip: BoxPart | None
    label: str
    merge: MergePart
    up: list[BoxPart]
    centre: float = 0.0
    top: float = 0.0


def u_shape(chain: scene.SceneChain, style: BoxStyle) -> UShape | None:
    """Return what lays a network out as a U; None for one that is none."""
    if style.marks:
        return None
    levels: list[_Level] = []
    while (place := _fork_of(chain)) is not None:
        fork = chain.parts[place]
        assert type(fork) is scene.SceneFork  # what `_fork_of` finds
        after = chain.parts[place + 1 :]
        paths = sorted(fork.paths, key=lambda path: len(path.chain.parts))
        if len(paths) != 2 or any(path.origin is not None for path in paths) or not place:
            return None
        if len(paths[0].chain.parts) > 1 or not all(
            type(part) is scene.Box for part in (*paths[0].chain.parts, *after)
        ):
            return None
        down = ChainPart(scene.SceneChain(chain.parts[:place], [None] * place, chain.parts[place - 1].output), style)
        held = [BoxPart(part, style) for part in paths[0].chain.parts if type(part) is scene.Box]
        up = [BoxPart(part, style) for part in after if type(part) is scene.Box]
        label = paths[0].chain.output
        levels.append(_Level(down, held[0] if held else None, label, MergePart(fork.merge), up))
        chain = paths[1].chain
    if len(levels) < LEAST_LEVELS or not chain.parts:
        return None
    return _with_bottom(levels, chain, style)


def _fork_of(chain: scene.SceneChain) -> int | None:
    """Return the place of the only fork in a chain."""
    places = [place for place, part in enumerate(chain.parts) if type(part) is scene.SceneFork]
    return places[0] if len(places) == 1 and not any(origin is not None for origin in chain.origins) else None


def _with_bottom(levels: list[_Level], chain: scene.SceneChain, style: BoxStyle) -> UShape | None:
    """Part what is innermost into what leads down and what leads up: from the first box on that enlarges."""
    first = next(
        (place for place, part in enumerate(chain.parts) if type(part) is scene.Box and part.role == "enlarging"), None
    )
    split = len(chain.parts) if first is None else first
    rest = chain.parts[split:]
    if not split or not all(type(part) is scene.Box for part in rest):
        return None
    down = ChainPart(scene.SceneChain(chain.parts[:split], [None] * split, chain.parts[split - 1].output), style)
    return UShape(levels, down, [BoxPart(part, style) for part in rest if type(part) is scene.Box])


class UShape:
    """The two columns and what joins them."""

    count = 1

    def __init__(self, levels: list[_Level], bottom: ChainPart, rest: list[BoxPart]) -> None:
        self.levels = levels
        self.bottom = bottom
        self.rest = rest
        downs = [*[level.down for level in levels], bottom]
        ups = [box for level in levels for box in level.up] + rest
        widest = max([box.width for box in ups], default=0.0)
        for box in ups:
            box.width = widest
        outputs = [box.output for box in ups] + [level.merge.output for level in levels]
        labels = max([label_width(output) for output in outputs])
        self.left_axis = max([chain.axis for chain in downs])
        left = self.left_axis + max([chain.width - chain.axis for chain in downs])
        skips = [level.skip.width if level.skip else 0 for level in levels]
        middle = max([*skips, *[label_width(level.label) for level in levels]]) + 2 * _ASIDE
        half = max(widest / 2, *[level.merge.half for level in levels])
        self.middle = left + middle / 2
        self.right_axis = left + middle + half
        reach = max(widest / 2, labels, *[level.merge.right for level in levels])
        self.width = self.right_axis + reach
        self.height = self._place()

    def _place(self) -> float:
        """Find the heights of all levels from top to bottom; return that of the whole."""
        left = ceiling = sizes.GAP  # where the next box may begin, on the way down and on the way up
        for level in self.levels:
            last = level.down.parts[-1].height
            need = sum([box.height + sizes.GAP for box in level.up]) + sizes.CIRCLE
            level.centre = max(left + level.down.height - last / 2, ceiling + need)
            level.top = level.centre - (level.down.height - last / 2)
            left = level.centre + last / 2 + sizes.GAP
            ceiling = level.centre + sizes.CIRCLE + sizes.GAP
        self.bottom_top = left
        need = ceiling + sum([box.height + sizes.GAP for box in self.rest]) - sizes.GAP
        self.floor = max(left + self.bottom.height, need) + sizes.GAP
        return self.floor + 4

    def draw(self, out: Shapes, x: float, y: float) -> None:
        """Draw all with the upper left corner at a point."""
        left, right = x + self.left_axis, x + self.right_axis
        chains = [*[(level.down, level.top) for level in self.levels], (self.bottom, self.bottom_top)]
        for (chain, top), (_, following) in pairwise(chains):
            chain.draw(out, left - chain.axis, y + top)
            edge(out, left, y + top + chain.height, y + following, chain.output)
        self.bottom.draw(out, left - self.bottom.axis, y + self.bottom_top)
        self._draw_turn(out, left, right, y)
        for place, level in enumerate(self.levels):
            self._draw_skip(out, x, y, level)
            above = self.levels[place - 1].centre + sizes.CIRCLE if place else None
            top = level.centre - sizes.CIRCLE
            self._upwards(out, right, y, level.up, top, level.merge.output, above)

    def _draw_turn(self, out: Shapes, left: float, right: float, y: float) -> None:
        """Draw the line under both columns, and the boxes from there up to the lowest merge."""
        above = self.levels[-1].centre + sizes.CIRCLE
        start = y + self.bottom_top + self.bottom.height
        floor = y + self.floor
        end = y + (self.floor - sizes.GAP if self.rest else above)
        points = ((left, start), (left, floor), (right, floor), (right, end))
        out.append(Line(points, "edge", True, sizes.CORNER))
        if output := self.bottom.output:
            middle = (left + right) / 2
            out.append(Text(middle, floor - 6, output, sizes.SMALL, "middle", "quiet"))
        if self.rest:
            first, *others = self.rest
            top = self.floor - sizes.GAP - first.height
            first.draw(out, right - first.width / 2, y + top)
            self._upwards(out, right, y, others, top, first.output, above)

    def _upwards(
        self, out: Shapes, x: float, y: float, boxes: list[BoxPart], top: float, output: str, above: float | None
    ) -> None:
        """Draw boxes one above the other from a place on, and the lines between them up to the merge above."""
        for box in boxes:
            _edge_up(out, x, y + top, y + top - sizes.GAP, output)
            top -= sizes.GAP + box.height
            box.draw(out, x - box.width / 2, y + top)
            output = box.output
        _edge_up(out, x, y + top, y + (top - sizes.GAP if above is None else above), output)

    def _draw_skip(self, out: Shapes, x: float, y: float, level: _Level) -> None:
        last = level.down.parts[-1]
        start = x + self.left_axis + last.width - last.axis
        end = x + self.right_axis - level.merge.half
        centre = y + level.centre
        middle = x + self.middle
        label_at = centre - 6
        if level.skip:
            half = level.skip.width / 2
            out.append(Line(((start, centre), (middle - half, centre)), "edge", True))
            level.skip.draw(out, middle - half, centre - level.skip.height / 2)
            start = middle + half
            label_at = centre - level.skip.height / 2 - 6
        out.append(Line(((start, centre), (end, centre)), "edge", True))
        out.append(Text(middle, label_at, level.label, sizes.SMALL, "middle", "quiet"))
        level.merge.draw(out, x + self.right_axis, centre - sizes.CIRCLE)


def _edge_up(out: Shapes, x: float, start: float, end: float, label: str) -> None:
    out.append(Line(((x, start), (x, end)), "edge", True))
    if label:
        out.append(Text(x + sizes.BESIDE, (start + end) / 2 + 4, label, sizes.SMALL, "start", "quiet"))
