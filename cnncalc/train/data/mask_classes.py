"""What the values of masks mean: which class, or none."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import torch

from cnncalc.train.data.kinds import IGNORED

TWO = ("background", "foreground")
"""Names of the two classes of masks that have no others."""


class MaskClasses(NamedTuple):
    """What the values of masks mean.

    Attributes:
        table: of each value the class, or `IGNORED`, uint8 of shape [256].
        names: of the classes.
        note: how they were understood, where that is not plain; else "".

    """

    table: torch.Tensor
    names: tuple[str, ...]
    note: str = ""


def classes_of_masks(present: Collection[int], outputs: int | None, names: tuple[str, ...] = ()) -> MaskClasses:
    """Find out what the values of masks mean.

    Args:
        present: the values that occur, in 0..255.
        outputs: the channels of the network's output; one channel tells two classes apart.
        names: of the classes, where they are known.

    """
    table = torch.arange(256, dtype=torch.uint8)
    wanted = len(names) or (2 if outputs == 1 else outputs)
    values = {*present} - {IGNORED}
    if IGNORED in present and values <= {0}:
        table[IGNORED] = 1
        return MaskClasses(table, names or TWO, "the masks are black and white: white is class 1")
    largest = max(values, default=0)
    if values and 0 not in values and largest == wanted:
        table = (table - 1).where(table != IGNORED, IGNORED)  # 0 becomes 255
        called = names or _names(largest)
        return MaskClasses(table, called, f"the masks go from 1 to {largest}: classes are counted from 1")
    return MaskClasses(table, names or _names(max(largest + 1, wanted or 0)))


def _names(count: int) -> tuple[str, ...]:
    return TWO if count == len(TWO) else tuple(map(str, range(count)))
