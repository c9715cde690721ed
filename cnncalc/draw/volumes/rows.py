"""Where the slabs of a picture stand: in rows, as near to each other as slabs and texts allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnncalc.draw.roles import times
from cnncalc.draw.text import cut, width
from cnncalc.draw.volumes.slabs import Slab, SlabScale
from cnncalc.draw.volumes.steps import VolumeStep

TITLE, SMALL, LINE = 12.0, 11.0, 14.0
LEAST = 30.0
"""Between two slabs."""
APART = 12.0
"""Between two texts."""
MOST_TEXT = 150.0
LANE = 14.0
"""From one skip to the next above a row."""
ACROSS = 56.0
"""Between the way down and the way up of a U."""
INDENT = 18.0
"""By how much each level of a U is narrower on both sides."""


@dataclass
class PlacedVolume:
    """A step with its slab and its texts, and where it stands in its row."""

    step: VolumeStep
    slab: Slab
    label: str
    head: str
    lines: list[str]
    x: float = 0.0

    @property
    def middle(self) -> float:
        """Where its texts stand."""
        return self.x + self.slab.width / 2

    @property
    def text(self) -> float:
        """The width of what is written below it."""
        return max([width(self.head, TITLE), *[width(line, SMALL) for line in self.lines]])

    @property
    def label_width(self) -> float:
        """The width of its size."""
        return width(self.label, SMALL)

    @property
    def left(self) -> float:
        """The left end of its slab and texts."""
        return min(self.x, self.middle - max(self.text, self.label_width) / 2)

    @property
    def right(self) -> float:
        """The right end of its slab and texts."""
        return max(self.x + self.slab.width, self.middle + max(self.text, self.label_width) / 2)


@dataclass
class Row:
    """Steps beside each other.

    Attributes:
        placed: from left to right.
        split: in a U the place of the first step of the way up; else None.
        arcs: skips: from a place to a place, in a lane above the row.
        lanes: how many lanes there are.

    """

    placed: list[PlacedVolume]
    split: int | None = None
    arcs: Sequence[tuple[int, int, int]] = ()
    lanes: int = 0

    @property
    def above(self) -> float:
        """From the middle to the top, with sizes and skips."""
        skips = (self.lanes + 1) * LANE if self.lanes else 0
        return max([one.slab.top for one in self.placed]) + 20 + skips

    @property
    def floor(self) -> float:
        """From the middle to where the texts begin."""
        return max([one.slab.bottom for one in self.placed])

    @property
    def below(self) -> float:
        """From the middle to the end of the texts below."""
        return self.floor + 20 + max([len(one.lines) for one in self.placed]) * LINE

    @property
    def width(self) -> float:
        """To the end of the last slab or text."""
        return max([one.right for one in self.placed])

    def neighbours(self) -> list[tuple[PlacedVolume, PlacedVolume]]:
        """Return the pairs of which one is made from the other."""
        pairs = list(pairwise(self.placed))
        return [pair for place, pair in enumerate(pairs, 1) if place != self.split and pair[1].step.role != "input"]


def placed_steps(steps: Sequence[VolumeStep]) -> list[PlacedVolume]:
    """Return all steps with their slabs, on one scale."""
    scale = SlabScale([step.volume for step in steps])
    return [_placed(step, scale) for step in steps]


def _placed(step: VolumeStep, scale: SlabScale) -> PlacedVolume:
    often = f" ×{step.times}" if step.times > 1 else ""
    head = cut(step.title, TITLE, MOST_TEXT - width(often, TITLE)) + often
    lines = [cut(line, SMALL, MOST_TEXT) for line in step.lines]
    return PlacedVolume(step, Slab(step.volume, scale, step.times), times(step.volume), head, lines)


def rows_of(placed: Sequence[PlacedVolume], count: int) -> list[Row]:
    """Part the steps into at most so many rows of about the same width."""
    low, high = 80.0, 40_000.0
    while high - low > 8:
        middle = (low + high) / 2
        low, high = (low, middle) if len(_filled(placed, middle)) <= count else (middle, high)
    rows = []
    for part in _filled(placed, high):
        row = Row(_beside(part))
        row.arcs, row.lanes = _arcs(row.placed)
        rows.append(row)
    return rows


def _filled(placed: Sequence[PlacedVolume], room: float) -> list[list[PlacedVolume]]:
    rows: list[list[PlacedVolume]] = []
    end = 0.0
    for one in placed:
        extent = max(one.slab.width + LEAST, one.text + APART, one.label_width + APART)
        if rows and end + extent <= room:
            rows[-1].append(one)
            end += extent
        else:
            rows.append([one])
            end = extent
    return rows


def _beside(placed: Sequence[PlacedVolume], start: float = 0.0) -> list[PlacedVolume]:
    """Place steps as near to each other as slabs and texts allow."""
    result: list[PlacedVolume] = []
    for one in placed:
        half = one.slab.width / 2
        begins = [start, start + one.text / 2 - half, start + one.label_width / 2 - half]
        if result:
            last = result[-1]
            end = last.x + last.slab.width
            begins.append(last.middle + (last.text + one.text) / 2 + APART - half)
            begins.append(last.middle + (last.label_width + one.label_width) / 2 + APART - half)
            begins += [end + LEAST, end + 6 + one.label_width / 2 - half]  # its size beside the other's slab
            begins.append(last.middle + last.label_width / 2 + 6)
        result.append(PlacedVolume(one.step, one.slab, one.label, one.head, one.lines, max(begins)))
    return result


def _arcs(placed: Sequence[PlacedVolume]) -> tuple[list[tuple[int, int, int]], int]:
    """Return the skips within a row, each in a lane above those that it spans."""
    places = {one.step.exit: place for place, one in enumerate(placed)}
    found = {(places[skip], place) for place, one in enumerate(placed) for skip in one.step.skips if skip in places}
    lanes: list[list[tuple[int, int]]] = []
    arcs = []
    for start, end in sorted(found, key=lambda arc: (arc[1] - arc[0], arc)):
        lane = 0
        while lane < len(lanes) and any(start <= last and first <= end for first, last in lanes[lane]):
            lane += 1
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((start, end))
        arcs.append((start, end, lane))
    return arcs, len(lanes)


def u_rows(placed: Sequence[PlacedVolume]) -> list[Row] | None:
    """Return the rows of a network that goes down and up again, one for each level; None for another one.

    The way down stands left and the way up right. What enlarges stands in the row of the skip that it meets.
    """
    places = {one.step.exit: place for place, one in enumerate(placed)}
    arcs = sorted((places.get(skip, -1), place) for place, one in enumerate(placed) for skip in one.step.skips)
    nested = all(first[0] < second[0] and second[1] < first[1] for first, second in pairwise(arcs))
    if len(arcs) < 2 or not nested or arcs[0][0] < 0:
        return None
    levels = []
    begin, end = 0, len(placed)
    for start, stop in arcs:
        first = stop - 1 if placed[stop - 1].step.role == "enlarging" and stop - 1 > start else stop
        levels.append((placed[begin : start + 1], placed[first:end], stop - first))
        begin, end = start + 1, first
    levels.append((placed[begin:end], [], 0))
    return _levels(levels) if begin < end else None


def _levels(levels: Sequence[tuple[Sequence[PlacedVolume], Sequence[PlacedVolume], int]]) -> list[Row]:
    lefts = [_beside(left, INDENT * level) for level, (left, _, _) in enumerate(levels)]
    rights = [_beside(right) for _, right, _ in levels]
    inner = [
        max([one.right for one in left]) + ACROSS + max([one.right for one in right], default=0.0) + INDENT * level
        for level, (left, right) in enumerate(zip(lefts, rights, strict=True))
    ]
    whole = max(inner)
    rows = []
    for level, (left, right) in enumerate(zip(lefts, rights, strict=True)):
        if not right:
            rows.append(Row(left))
            continue
        shift = whole - INDENT * level - max([one.right for one in right])
        moved = [PlacedVolume(o.step, o.slab, o.label, o.head, o.lines, o.x + shift) for o in right]
        arc = (len(left) - 1, len(left) + levels[level][2], 0)
        rows.append(Row([*left, *moved], len(left), (arc,), 1))
    return rows
