"""How deep blocks are opened, so that what is shown stays within a size."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

MANY = 20
"""So many boxes, or rows, may there be when blocks are opened."""


def deepest(size: Callable[[int], int], most: int = MANY) -> int:
    """Return how deep blocks are opened: the deepest level that is not too large; 0 where every level is.

    Args:
        size: returns how many boxes or rows a depth shows; it grows with the depth until every block is open.
        most: how many there may be.

    """
    before = size(0)
    for depth in count(1):
        here = size(depth)
        if here > most or here == before:
            return depth - 1
        before = here
    raise AssertionError
