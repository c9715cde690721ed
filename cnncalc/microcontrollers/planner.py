"""The planner of the interpreter: where in the arena each tensor lies, so that those that live together do not overlap.

It is ``GreedyMemoryPlanner`` of TensorFlow Lite Micro: the largest tensor is placed first, each next one in the lowest
gap that is large enough beside those that live at the same time. Of equal ones the later one in the file comes first.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from typing import NamedTuple


class PlannedBuffer(NamedTuple):
    """A buffer to place: its bytes, and the first and the last step at which it lives."""

    size: int
    first: int
    last: int


def plan_offsets(buffers: Sequence[PlannedBuffer]) -> list[int]:
    """Return the offset of each buffer; their sizes are multiples of the alignment."""
    order = sorted(range(len(buffers) - 1, -1, -1), key=lambda index: -buffers[index].size)
    offsets = [0] * len(buffers)
    placed: list[tuple[int, int, int]] = []  # offset, turn, buffer: of equal offsets the earlier placed one is in front
    for turn, index in enumerate(order):
        wanted = buffers[index]
        offset = 0
        for at, _, other in placed:
            beside = buffers[other]
            if beside.first > wanted.last or wanted.first > beside.last:
                continue
            if at - offset >= wanted.size:
                break
            offset = max(offset, at + beside.size)
        offsets[index] = offset
        insort(placed, (offset, turn, index))
    return offsets
