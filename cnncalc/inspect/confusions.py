"""What pages and sheets show of a confusion matrix: all of a small one, the most frequent confusions of a large one."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

MOST_CLASSES = 24
"""Most classes whose whole matrix is shown."""

MOST_CONFUSIONS = 20
"""Confusions that are shown of more classes."""

_STEPS = (0.005, 0.05, 0.2, 0.5)
"""Shares of a class's images from which on a cell has a stronger shade."""


class Confusion(NamedTuple):
    """How many images of a class were taken for another one; classes are indices."""

    label: int
    predicted: int
    images: int


def most_confused(confusion: Sequence[Sequence[int]]) -> list[Confusion]:
    """Return the most frequent confusions, the most frequent first."""
    wrong = (
        Confusion(label, predicted, images)
        for label, row in enumerate(confusion)
        for predicted, images in enumerate(row)
        if images and label != predicted
    )
    return heapq.nsmallest(MOST_CONFUSIONS, wrong, key=lambda one: (-one.images, one.label, one.predicted))


def shade(images: int, total: int) -> int:
    """Return how strong the shade of a cell is, 0 (none) to 4, by its share of the class's images."""
    return sum(images >= step * total for step in _STEPS) if images else 0
