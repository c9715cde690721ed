"""Which values of a channel the window of each position reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

OUTSIDE = -1
"""Stands for a place in the padding."""

Taps = Sequence[Sequence[int]]
"""Along one dimension, for each outgoing position the incoming one of each tap, or `OUTSIDE`."""


def sliding(size: int, made: int, kernel: int, stride: int, before: int, dilation: int) -> Taps:
    """Return the taps of a window that slides along one dimension."""
    starts = [position * stride - before for position in range(made)]
    return [
        [at if 0 <= at < size else OUTSIDE for at in range(start, start + kernel * dilation, dilation)]
        for start in starts
    ]


def places(axes: Sequence[Taps], sizes: Sequence[int]) -> Iterator[list[int]]:
    """Yield for each outgoing position the places within a channel that its taps read, or `OUTSIDE`.

    Args:
        axes: the taps along every dimension.
        sizes: the spatial sizes of what is read.

    """
    for taps in product(*axes):
        found: list[int] = [0]
        for along, size in zip(taps, sizes, strict=True):
            found = [
                OUTSIDE if base == OUTSIDE or at == OUTSIDE else base * size + at for base in found for at in along
            ]
        yield found


Pairs = Sequence[tuple[int, int]]
"""Places that belong together: one in a channel, one in a kernel."""


def crossed(axes: Iterable[Pairs], sizes: Sequence[int], kernel: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs (place in a channel, place in a kernel) from the pairs along every dimension."""
    found = [(0, 0)]
    for along, size, side in zip(axes, sizes, kernel, strict=True):
        found = [(place * size + at, tap * side + own) for place, tap in found for at, own in along]
    return found
