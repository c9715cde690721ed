"""The page of the style ``graph``: the network in columns, the insides of its blocks beside it or below.

The columns are chosen so that the page is as near as possible to the shape of a figure, and so narrow that its smallest
text can be read on A4 paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple

from cnncalc.core.numbers import in_units
from cnncalc.draw import scene
from cnncalc.draw.folding.opening import Limits, Scenes
from cnncalc.draw.graph import sizes
from cnncalc.draw.graph.boxes import BoxStyle, Shapes
from cnncalc.draw.graph.columns import BETWEEN, Columns, all_columns, cuts
from cnncalc.draw.graph.parts import DetailPart
from cnncalc.draw.graph.ushape import UShape, u_shape
from cnncalc.draw.shapes import Picture, Text
from cnncalc.draw.showing import SHOWN
from cnncalc.draw.text import cut, width
from cnncalc.network import Network

MARGIN = 20.0
WIDEST = 1080.0
"""At which text of 11 pixels has 6 points on A4 paper: 11 · 595 / 1080."""
TALLEST = 2.9
"""How many times as high as wide a page may be, and how many times as wide as high."""
BEST = 1.25
"""The shape that is aimed at: width to height."""
CAPTION = 26.0

_LIMITS = ((40, 60), (40, 36), (2, 36), (1, 36), (0, 36), (0, 20))
"""How deep forks may nest and how long a chain may be, until a page has room for it."""


def graph_picture(network: Network, name: str, *, show: str = "", depth: int | None = None) -> Picture:
    """Return the picture of a network as boxes."""
    scenes = Scenes(network)
    for forks, longest in _LIMITS:
        drawn = scenes.scene(name, Limits(depth, forks, longest))
        page = _Page(drawn, show)
        if page.fits:
            break
    return page.picture()


class _Packed(NamedTuple):
    """The insides of blocks with their places, and the room that they take together."""

    places: tuple[tuple[DetailPart, float, float], ...]
    width: float
    height: float


class _Plan(NamedTuple):
    """A way to fill the page: columns of the network, the insides of its blocks, and whether those stand below."""

    columns: Columns | UShape
    details: _Packed | None
    below: bool

    @property
    def size(self) -> tuple[float, float]:
        """The width and the height of the page."""
        wide, high = self.columns.width, self.columns.height
        if self.details and self.below:
            wide, high = max(wide, self.details.width), high + BETWEEN + self.details.height
        elif self.details:
            wide, high = wide + BETWEEN + self.details.width, max(high, self.details.height)
        return wide + 2 * MARGIN, high + 2 * MARGIN + CAPTION


class _Page:
    def __init__(self, drawn: scene.Scene, show: str) -> None:
        self.scene = drawn
        costs = [SHOWN[show](box.costs, drawn.totals)[1] for box in drawn.boxes()] if show else []
        self.style = BoxStyle(show, drawn.totals, max([*costs, 1]), drawn.marks, drawn.outputs)
        self.details = [DetailPart(detail, self.style) for detail in drawn.details]
        self.packed: list[_Packed | None] = [*_packings(self.details)] or [None]
        plans = list(self._plans())
        short = [plan for plan in plans if plan.columns.count == 1 and plan.size[1] <= SHORT and _unfit(plan) < _UNFIT]
        self.plan = min(short or plans, key=_unfit)
        self.fits = _unfit(self.plan) < _UNFIT

    def _plans(self) -> Iterator[_Plan]:
        u = u_shape(self.scene.chain, self.style)
        found: list[Columns | UShape] = [u] if u else list(all_columns(self.scene.chain, self.style))
        for columns in found:
            for packed in self.packed:
                yield _Plan(columns, packed, False)
                if packed:
                    yield _Plan(columns, packed, True)

    # ---- drawing

    def picture(self) -> Picture:
        out: Shapes = []
        wide, high = self.plan.size
        self.plan.columns.draw(out, MARGIN, MARGIN)
        self._draw_details(out)
        totals = self.scene.totals
        caption = f"{in_units(totals.params)} parameters · {in_units(totals.macs)} MACs"
        name = cut(self.scene.name, sizes.SMALL, 300, bold=True)
        baseline = high - MARGIN + 4
        out.append(Text(MARGIN, baseline, name, sizes.SMALL, bold=True))
        out.append(
            Text(MARGIN + width(name, sizes.SMALL, bold=True) + 10, baseline, caption, sizes.SMALL, role="quiet")
        )
        wide = max(wide, 2 * MARGIN + width(name, sizes.SMALL, bold=True) + 10 + width(caption, sizes.SMALL))
        return Picture(wide, high, self.scene.name, self._description(), out)

    def _draw_details(self, out: Shapes) -> None:
        plan = self.plan
        x, y = MARGIN, MARGIN
        if plan.below:
            y += plan.columns.height + BETWEEN
        else:
            x += plan.columns.width + BETWEEN
        for part, left, top in plan.details.places if plan.details else ():
            part.draw(out, x + left, y + top)

    def _description(self) -> str:
        first, last = self.scene.chain.parts[0], self.scene.chain.parts[-1]
        totals = self.scene.totals
        return (
            f"The network {self.scene.name} as boxes, from {first.output} to {last.output}: "
            f"{totals.params:,} parameters, {totals.macs:,} MACs."
        )


def _packings(details: Sequence[DetailPart]) -> Iterator[_Packed]:
    """Go through ways to put the insides of blocks beside and below each other, in their order."""
    for count in range(1, min(4, len(details)) + 1):
        stacks = [details[start:stop] for start, stop in cuts([part.height for part in details], count)]
        yield _stacked(stacks)
    for room in sorted({part.width for part in details} | {WIDEST * share / 4 for share in (1, 2, 3)} | {_ROOM}):
        if details and max([part.width for part in details]) <= room:
            yield _shelved(details, room)


_ROOM = WIDEST - 2 * MARGIN


def _stacked(stacks: Sequence[Sequence[DetailPart]]) -> _Packed:
    places = []
    x = high = 0.0
    for stack in stacks:
        y = 0.0
        for part in stack:
            places.append((part, x, y))
            y += part.height + BETWEEN
        high = max(high, y - BETWEEN)
        x += max([part.width for part in stack]) + BETWEEN
    return _Packed(tuple(places), x - BETWEEN, high)


def _shelved(details: Sequence[DetailPart], room: float) -> _Packed:
    places = []
    x = y = shelf = wide = 0.0
    for part in details:
        if x and x + part.width > room:
            x, y, shelf = 0.0, y + shelf + BETWEEN, 0.0
        places.append((part, x, y))
        x, shelf = x + part.width + BETWEEN, max(shelf, part.height)
        wide = max(wide, x - BETWEEN)
    return _Packed(tuple(places), wide, y + shelf)


_UNFIT = 100.0


SHORT = 440.0
"""A single column that is no higher is not parted, whatever shape the page has."""


def _unfit(plan: _Plan) -> float:
    """Return how far a page is from the shape that is aimed at; very far where it cannot be."""
    wide, high = plan.size
    shape = wide / high
    if wide > WIDEST or not 1 / TALLEST <= shape <= TALLEST:
        return _UNFIT + max(wide / WIDEST, 1) + abs(log(shape))
    return abs(log(shape / BEST)) + 0.03 * plan.columns.count + high * wide / 4e6
