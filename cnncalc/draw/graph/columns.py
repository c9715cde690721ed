"""A chain in columns: where it is cut, and the lines from the end of one column to the beginning of the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.draw import scene
from cnncalc.draw.graph import sizes
from cnncalc.draw.graph.boxes import BoxStyle, Shapes, beside, edge
from cnncalc.draw.graph.parts import ChainPart
from cnncalc.draw.shapes import Line

BETWEEN = 34.0
"""Between columns: a line runs there from the end of one to the beginning of the next."""

_MOST_COLUMNS = 8


class Columns:
    """Parts of one chain side by side, each read from top to bottom."""

    def __init__(self, chains: Sequence[ChainPart], style: BoxStyle) -> None:
        self.chains = chains
        self.marks, self.outputs = style.marks, style.outputs
        self.count = len(chains)
        self.width = sum([chain.width for chain in chains]) + BETWEEN * (len(chains) - 1)
        self.height = max([chain.height for chain in chains]) + sizes.GAP

    def draw(self, out: Shapes, x: float, y: float) -> None:
        """Draw all with the upper left corner at a point."""
        chains = self.chains
        for place, chain in enumerate(chains):
            chain.draw(out, x, y)
            axis, end = x + chain.axis, y + chain.height
            last = chain.parts[-1]
            mark = self.marks.get(last.exit, "")
            ends = place + 1 == len(chains)
            if not ends and chains[place + 1].origins[0] is None:
                self._turn(out, x, y, chain, chains[place + 1])
                beside(out, axis, end, end + sizes.GAP - 8, last.output, mark)
            elif ends or mark or last.exit in self.outputs:
                leaves = ends or last.exit in self.outputs
                edge(out, axis, end, end + sizes.GAP, last.output, mark, arrow=leaves)
            x += chain.width + BETWEEN

    def _turn(self, out: Shapes, x: float, y: float, chain: ChainPart, following: ChainPart) -> None:
        axis, end = x + chain.axis, y + chain.height
        turn = end + sizes.GAP - 8
        gutter = x + chain.width + BETWEEN / 2
        target = x + chain.width + BETWEEN + following.axis
        points = ((axis, end), (axis, turn), (gutter, turn), (gutter, y - 14), (target, y - 14), (target, y))
        out.append(Line(points, "edge", following.enters, sizes.CORNER))


def all_columns(chain: scene.SceneChain, style: BoxStyle) -> Iterator[Columns]:
    """Go through the ways to part a chain into columns of about the same height."""
    heights = [part.height for part in ChainPart(chain, style).parts]
    for count in range(1, min(_MOST_COLUMNS, len(heights)) + 1):
        parts = []
        for start, stop in cuts(heights, count):
            output = chain.parts[stop - 1].output
            parts.append(ChainPart(scene.SceneChain(chain.parts[start:stop], chain.origins[start:stop], output), style))
        yield Columns(parts, style)


def cuts(heights: Sequence[float], count: int) -> list[tuple[int, int]]:
    """Return where to cut a chain into at most so many columns, none of them higher than need be."""
    low, high = max(heights), sum(heights) + sizes.GAP * len(heights)
    while high - low > 4:
        middle = (low + high) / 2
        low, high = (low, middle) if len(_filled(heights, middle)) <= count else (middle, high)
    return _filled(heights, high)


def _filled(heights: Sequence[float], room: float) -> list[tuple[int, int]]:
    """Fill columns of a height one after the other."""
    cut = []
    start, used = 0, 0.0
    for place, height in enumerate(heights):
        if place > start and used + sizes.GAP + height > room:
            cut.append((start, place))
            start, used = place, height
        else:
            used += height + (sizes.GAP if place > start else 0)
    return [*cut, (start, len(heights))]
