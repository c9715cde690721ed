"""The colours of the classes of masks beside images, told apart also by people who see no red or no green."""

from __future__ import annotations

from cnncalc.train.data.kinds import IGNORED

CURVES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Colours that follow each other in turn."""

_BACKGROUND, _NO_CLASS = "#22282e", "#dde2e7"
_CLASSES = (*CURVES, "#f0e442", "#999999", "#882255", "#44aa99")


MOST_COLOURS = 1 + len(_CLASSES)
"""Classes that have a colour of their own."""


def mask_colour(label: int) -> str:
    """Return the colour of a class, ``#rrggbb``: the first, most often the background, is dark; no class is light."""
    if label == IGNORED:
        return _NO_CLASS
    return _CLASSES[(label - 1) % len(_CLASSES)] if label else _BACKGROUND


def mask_table() -> list[tuple[int, int, int]]:
    """Return red, green and blue of what a pixel of a mask may be, 0 to 255."""
    colours = [mask_colour(label) for label in range(256)]
    return [(int(one[1:3], 16), int(one[3:5], 16), int(one[5:7], 16)) for one in colours]
