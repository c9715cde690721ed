"""Volumes as slabs in one projection, on scales on which 224 and 7, and 3 and 4096, can both be seen.

A slab is as high as the volume, as deep as it is wide, and as thick as it has channels. The face of a feature map looks
to the right, towards what reads it. Sizes grow with a power of 0.4 and channels with the logarithm, so that twice as
many is always the same step. A vector is a bar, as long as it has values.
"""

from __future__ import annotations

import math

from cnncalc.core.volume import Volume
from cnncalc.draw.shapes import Area, Point, Rect, Shape

LARGEST = 132.0
"""Height of the largest volume of a picture, in pixels."""
_POWER = 0.4
_LEAST = 12.0
_ASIDE, _UP = 0.42, 0.30
"""Where a pixel of depth goes: to the right and up."""
_BETWEEN = 4.0
"""Between the slabs of something that repeats."""
_MOST = 3
"""So many slabs at most stand for what repeats, and for the frames of three-dimensional data."""


class SlabScale:
    """How many pixels a side of a volume takes, so that the largest of all fits."""

    def __init__(self, volumes: list[Volume]) -> None:
        sides = [side for volume in volumes if not is_vector(volume) for side in volume.spatial[-2:]]
        largest = max(sides, default=1)
        self.factor = min(LARGEST / math.pow(largest, _POWER), 26.0)

    def side(self, size: int) -> float:
        """Return the pixels of a spatial size."""
        return max(_LEAST, self.factor * math.pow(size, _POWER))


def is_vector(volume: Volume) -> bool:
    """Say whether a volume has one position."""
    return all(side == 1 for side in volume.spatial)


class Slab:
    """The shapes of a volume, measured from the left end and the middle of its front.

    Attributes:
        width: with its depth, and with all that stand for a repeat.
        top, bottom: how far it reaches above and below the middle.

    """

    def __init__(self, volume: Volume, scale: SlabScale, times: int = 1) -> None:
        self.vector = is_vector(volume)
        if self.vector:
            self.high, self.deep, self.thick = 26 + 9 * math.log2(volume.channels), 0.0, 10.0
        else:
            self.high = scale.side(volume.spatial[-2] if volume.dimensions > 1 else volume.spatial[0])
            self.deep = scale.side(volume.spatial[-1]) if volume.dimensions > 1 else 0.0
            self.thick = 4 + 2.2 * math.log2(volume.channels)
        frames = min(_MOST, volume.spatial[-3]) if volume.dimensions > 2 and not self.vector else 1
        self.count = max(min(_MOST, times), frames)
        self.aside, self.up = self.deep * _ASIDE, self.deep * _UP
        self.pitch = self.thick + _BETWEEN
        self.width = self.thick + self.aside + (self.count - 1) * self.pitch
        self.top, self.bottom = self.high / 2 + self.up / 2, self.high / 2 + self.up / 2

    def shapes(self, x: float, y: float, role: str) -> list[Shape]:
        """Return what draws it, with the left end and the middle of it at a point; what lies in front comes last."""
        drawn: list[Shape] = []
        top = y - self.high / 2 + self.up / 2
        for place in range(self.count):
            left = x + place * self.pitch
            if self.deep:
                drawn += self._faces(left, top, role)
            drawn.append(Rect(left, top, self.thick, self.high, role, 0 if self.deep else 1.5))
        return drawn

    def _faces(self, left: float, top: float, role: str) -> list[Shape]:
        right = left + self.thick
        bottom = top + self.high
        above = ((left, top), (left + self.aside, top - self.up), (right + self.aside, top - self.up), (right, top))
        face = (
            (right, top),
            (right + self.aside, top - self.up),
            (right + self.aside, bottom - self.up),
            (right, bottom),
        )
        return [Area(above, role), Area(face, role)]

    def window(self, x: float, y: float, across: float, down: float) -> tuple[Point, ...]:
        """Return the corners of a window on the face, whose sides are these shares of the face's."""
        right = x + self.thick + (self.count - 1) * self.pitch
        top = y - self.high / 2 + self.up / 2
        wide, tall = max(across * self.deep, min(self.deep, 7.0)), max(down * self.high, min(self.high, 5.0))
        start = (self.deep - wide) * 0.55
        level = (self.high - tall) * 0.3
        corners = []
        for deep, low in ((start, level), (start + wide, level), (start + wide, level + tall), (start, level + tall)):
            corners.append((right + deep * _ASIDE, top + low - deep * _UP))
        return tuple(corners)
