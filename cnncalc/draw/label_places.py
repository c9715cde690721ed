"""Places for names beside circles, so that no name lies on another or hides a small circle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import cos, hypot, pi, sin
from typing import NamedTuple

from cnncalc.draw.text import width

GAP = 3.0
"""Pixels between a circle and its name."""

DISTANCES = (0.0, 8.0, 18.0, 30.0, 44.0, 60.0, 80.0)
"""So many pixels away from its circle a name may stand; farther ones get a line."""

DIRECTIONS = tuple(pi * turn / 8 for turn in (0, 8, 4, 12, 2, 6, 14, 10, 1, 7, 15, 9, 3, 5, 13, 11))
"""Right and left first, then above and below, then between."""


class Disc(NamedTuple):
    """A circle that has a name."""

    x: float
    y: float
    radius: float
    name: str


class NameFrame(NamedTuple):
    """A rectangle: its left, top, right and bottom."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: NameFrame) -> bool:
        """Say whether two rectangles have an area in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def inside(self, other: NameFrame) -> bool:
        """Say whether it lies in another one."""
        return (
            self.left >= other.left
            and self.top >= other.top
            and self.right <= other.right
            and self.bottom <= other.bottom
        )


class PlacedName(NamedTuple):
    """A name in its place: its frame, and whether a line leads to it."""

    frame: NameFrame
    away: bool


def place_names(
    discs: Sequence[Disc], room: NameFrame, size: float, taken: Sequence[NameFrame] = ()
) -> list[PlacedName | None]:
    """Return a place for the name of every disc, in their order; None for one for which there is no room.

    ``taken`` are frames in which no name stands. The names of small discs are placed first, since they may hardly
    stand on others, and a large disc has much room.
    """
    placed: list[PlacedName | None] = [None] * len(discs)
    for index in sorted(range(len(discs)), key=lambda index: discs[index].radius):
        others = [*taken, *[_apart(name.frame) for name in placed if name]]
        free = [
            name
            for name in _candidates(discs[index], size)
            if name.frame.inside(room) and not any(name.frame.overlaps(other) for other in others)
        ]
        costs = [_hidden(name.frame, discs, index) for name in free]
        if free:
            placed[index] = free[min(range(len(free)), key=lambda place: (costs[place], place))]
    return placed


def _candidates(disc: Disc, size: float) -> Iterator[PlacedName]:
    """Yield places for a name, the nearest first; inside of a circle that is large enough before all others."""
    wide, high = width(disc.name, size), size
    if hypot(wide, high) / 2 < disc.radius - 1:
        yield PlacedName(_around(disc.x, disc.y, wide, high), away=False)
    for distance in DISTANCES:
        for direction in DIRECTIONS:
            reach = disc.radius + GAP + distance
            across, down = cos(direction), -sin(direction)
            x, y = disc.x + reach * across, disc.y + reach * down
            # the frame's nearest side or corner lies at the point
            frame = _around(x + across * wide / 2, y + down * high / 2, wide, high)
            yield PlacedName(frame, away=distance > DISTANCES[1])


def _apart(frame: NameFrame) -> NameFrame:
    """Return a frame with the space between two names around it."""
    return NameFrame(frame.left - 4, frame.top, frame.right + 4, frame.bottom)


def _around(x: float, y: float, wide: float, high: float) -> NameFrame:
    return NameFrame(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


def _hidden(frame: NameFrame, discs: Sequence[Disc], own: int) -> float:
    """Return how much a name hides of other discs: a small one counts as much as a large one."""
    hidden = 0.0
    for index, disc in enumerate(discs):
        if index == own:
            continue
        x = min(max(disc.x, frame.left), frame.right)
        y = min(max(disc.y, frame.top), frame.bottom)
        gap = hypot(disc.x - x, disc.y - y)
        if gap < disc.radius:
            hidden += (disc.radius - gap) / disc.radius
    return round(hidden, 2)
