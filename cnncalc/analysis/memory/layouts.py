"""How tensors lie in memory, as far as PyTorch copies them because of it.

A tensor N x C x H x W lies channels first unless something put its channels last, as a layer norm over the channels
does. Most operations keep what arrives. Some need their operand channels first, and copy it. Source: what PyTorch
makes of each layer behind a layer norm and behind a slice, which the tests compare with.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers.kernels import ALL_LAST, CHANNELS_LAST, CONTIGUOUS, PART, ROWS, SAME, UNBROKEN

FIRST, LAST = "channels first", "channels last"

ANY = "either"
"""Both at once: of one channel, or of one position."""

PART_OF_FIRST, PART_OF_LAST = "part of channels first", "part of channels last"
"""A slice of the channels of a larger tensor, with gaps between what belongs to it."""

HAS_CHANNELS_LAST = frozenset((LAST, PART_OF_LAST))

_WHOLE = {PART_OF_FIRST: FIRST, PART_OF_LAST: LAST}

COPIED = {
    CONTIGUOUS: frozenset((LAST, PART_OF_FIRST, PART_OF_LAST)),
    UNBROKEN: frozenset((PART_OF_FIRST, PART_OF_LAST)),
    ROWS: HAS_CHANNELS_LAST,
}
"""What is copied for an operation's needs: rows of a matrix, one for each image, may lie apart."""


def result(lies: str, arriving: Sequence[str]) -> str:
    """Return how the result of an operation lies, given how its operands do."""
    if lies == CHANNELS_LAST:
        return LAST
    if lies == PART:
        return PART_OF_LAST if arriving[0] in HAS_CHANNELS_LAST else PART_OF_FIRST
    whole = [_WHOLE.get(layout, layout) for layout in arriving]
    if lies == ALL_LAST:
        return LAST if whole.count(LAST) == len(whole) else FIRST
    if lies == SAME:  # the first one to say how
        return next((layout for layout in whole if layout != ANY), ANY)
    return FIRST


def of_volume(layout: str, channels: int, positions: int, images: int) -> str:
    """Return how a tensor lies: of one channel or one position the order does not matter, nor of one image a part."""
    if layout == PART_OF_LAST and (channels == 1 or positions == 1):
        layout = PART_OF_FIRST
    if layout == PART_OF_FIRST and images == 1:
        layout = FIRST
    return ANY if layout in (FIRST, LAST) and (channels == 1 or positions == 1) else layout
