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
    *outer, last = axes
    outside = [OUTSIDE in along for along in last]
    for taps in product(*outer):
        bases: list[int] = [0]
        for along, size in zip(taps, sizes[:-1], strict=True):
            bases = [
                OUTSIDE if base == OUTSIDE or at == OUTSIDE else base * size + at for base in bases for at in along
            ]
        starts = [base * sizes[-1] if base != OUTSIDE else base for base in bases]
        if OUTSIDE in starts:
            for along in last:
                yield [OUTSIDE if OUTSIDE in (start, at) else start + at for start in starts for at in along]
            continue
        for along, leaves in zip(last, outside, strict=True):
            if leaves:
                yield [OUTSIDE if at == OUTSIDE else start + at for start in starts for at in along]
            else:
                yield [start + at for start in starts for at in along]


Pairs = Sequence[tuple[int, int]]
"""Places that belong together: one in a channel, one in a kernel."""


def crossed(axes: Iterable[Pairs], sizes: Sequence[int], kernel: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs (place in a channel, place in a kernel) from the pairs along every dimension."""
    found = [(0, 0)]
    for along, size, side in zip(axes, sizes, kernel, strict=True):
        found = [(place * size + at, tap * side + own) for place, tap in found for at, own in along]
    return found
