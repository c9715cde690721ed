"""Volumes: the boxes of numbers that flow between layers."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

MAX_DIMENSIONS = 8
"""Most spatial dimensions that a volume may have."""


class Volume(tuple[int, ...]):
    """The sizes of a volume: spatial sizes first, channels last.

    ``Volume((224, 224, 3))`` is 224 high, 224 wide and has 3 channels, as in the lectures and in
    image arrays. It compares equal to the plain tuple of its sizes.
    """

    __slots__ = ()

    @classmethod
    def of(cls, spatial: Iterable[int], channels: int) -> Volume:
        """Put spatial sizes and a number of channels together."""
        return cls((*spatial, channels))

    @property
    def spatial(self) -> tuple[int, ...]:
        """Sizes without the channels: (height, width) in two dimensions."""
        return self[:-1]

    @property
    def channels(self) -> int:
        """Number of channels, the last size."""
        return self[-1]

    @property
    def dimensions(self) -> int:
        """Number of spatial dimensions."""
        return len(self) - 1

    @property
    def values(self) -> int:
        """Numbers that the volume holds: the product of its sizes."""
        return prod(self)

    def with_channels(self, channels: int) -> Volume:
        """Return the same spatial sizes with another number of channels."""
        return Volume((*self[:-1], channels))

    def with_spatial(self, spatial: Iterable[int]) -> Volume:
        """Return the same channels with other spatial sizes."""
        return Volume((*spatial, self[-1]))

    def vector(self, length: int) -> Volume:
        """Return a volume of ``length`` channels at a single position: 1x1xlength."""
        return Volume((*(1 for _ in self[:-1]), length))

    def __str__(self) -> str:
        return "x".join(map(str, self))

    def __repr__(self) -> str:
        return f"Volume({self})"
