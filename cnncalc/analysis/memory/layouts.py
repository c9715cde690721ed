"""How tensors lie in memory, as far as PyTorch copies them because of it.

A tensor N x C x H x W lies channels first unless something put its channels last, as a layer norm over the channels
does. Most operations keep what arrives. Some need their operand channels first, and copy it. Source: what PyTorch
makes of each layer behind a layer norm and behind a slice, which the tests compare with.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers.kernels import (
    ALL_LAST,
    CHANNELS_LAST,
    CHANNELS_TOGETHER,
    CONTIGUOUS,
    FORMAT,
    PART,
    PART_WITH_GAPS,
    ROWS,
    SAME,
)

FIRST, LAST = "channels first", "channels last"

ANY, ANY_LAST = "either", "either, said to be channels last"
"""Both at once: of one channel, or of one position. PyTorch reads off the strides which of them it goes on with."""

PART_OF_FIRST, PART_OF_LAST = "part of channels first", "part of channels last"
"""A slice of the channels of a larger tensor, with gaps between what belongs to it."""

GAPPED = "every second channel of channels first"
"""Such a slice between whose channels lie others, so that the values of an image are no row."""

PART_OF_ANY = "part of channels last, of one channel or position"
"""Such a slice whose own values are in either order."""

HAS_CHANNELS_LAST = frozenset((LAST, PART_OF_LAST))

_WHOLE = {PART_OF_FIRST: FIRST, GAPPED: FIRST, PART_OF_LAST: LAST, PART_OF_ANY: ANY_LAST}
_PARTS = (PART_OF_FIRST, GAPPED, PART_OF_LAST, PART_OF_ANY)

COPIED = {
    CONTIGUOUS: frozenset((LAST, *_PARTS)),
    ROWS: HAS_CHANNELS_LAST | {GAPPED},
    CHANNELS_TOGETHER: frozenset((FIRST, *_PARTS)),
}
"""What is copied for an operation's needs: rows of a matrix, one for each image, may lie apart."""


def result(lies: str, arriving: Sequence[str], *, overwrites: bool = False) -> str:
    """Return how the result of an operation lies, given how its operands do."""
    if lies == CHANNELS_LAST:
        return LAST
    if lies in (PART, PART_WITH_GAPS):
        if arriving[0] in HAS_CHANNELS_LAST:
            return PART_OF_LAST
        return PART_OF_FIRST if lies == PART else GAPPED
    whole = [_WHOLE.get(layout, layout) for layout in arriving]
    if lies == ALL_LAST:
        return LAST if all(layout in (LAST, ANY_LAST) for layout in whole) else FIRST
    if lies == SAME and overwrites:
        return arriving[0]
    if lies == FORMAT or (lies == SAME and arriving[0] == PART_OF_ANY):
        return whole[0]
    if lies == SAME:  # the first one to say how
        return next((layout for layout in whole if layout not in (ANY, ANY_LAST)), ANY)
    return FIRST


def of_volume(layout: str, channels: int, positions: int, images: int) -> str:
    """Return how a tensor lies: of one channel or one position the order does not matter, nor of one image a part."""
    either = channels == 1 or positions == 1
    if layout == GAPPED and either:
        layout = PART_OF_FIRST
    if layout == PART_OF_LAST and either:
        layout = PART_OF_ANY
    if layout == PART_OF_FIRST and images == 1:
        layout = FIRST
    if either:
        return {FIRST: ANY, LAST: ANY if channels == positions else ANY_LAST}.get(layout, layout)
    return {ANY: FIRST, ANY_LAST: LAST}.get(layout, layout)
