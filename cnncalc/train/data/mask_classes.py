"""What the values of masks mean: which class, or none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from cnncalc.core.words import listed
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


def classes_of_masks(counts: npt.NDArray[np.int64], outputs: int | None, names: tuple[str, ...] = ()) -> MaskClasses:
    """Find out what the values of masks mean.

    Args:
        counts: how many pixels have each value, [256].
        outputs: the channels of the network's output; one channel tells two classes apart.
        names: of the classes, where they are known.

    """
    table = torch.arange(256, dtype=torch.uint8)
    present = np.flatnonzero(counts).tolist()
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
    if wanted and largest >= wanted and len(present) == wanted:
        table[present] = torch.arange(wanted, dtype=torch.uint8)
        note = f"the masks have the values {listed(map(str, present), 8)}: they are classes 0 to {wanted - 1}"
        return MaskClasses(table, names or _names(wanted), note)
    if wanted == len(TWO) and _is_blurred(counts):
        note = "the masks are black and white with greys between them: 128 and more is class 1"
        return MaskClasses((table >= _MIDDLE).to(torch.uint8), names or TWO, note)
    return MaskClasses(table, names or _names(max(largest + 1, wanted or 0)))


_MIDDLE = 128
_MOST_BETWEEN = 0.05
"""Share of the pixels between dark and light, up to which masks are black and white."""


def _is_blurred(counts: npt.NDArray[np.int64]) -> bool:
    """Say whether masks are black and white with greys around both, as JPEG files and resized ones have."""
    around = bool(counts[1:64].any() and counts[192:IGNORED].any())
    return around and counts[64:192].sum() <= _MOST_BETWEEN * counts.sum()


def _names(count: int) -> tuple[str, ...]:
    return TWO if count == len(TWO) else tuple(map(str, range(count)))
