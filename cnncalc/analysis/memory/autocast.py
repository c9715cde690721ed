"""The types that autocast makes of the operands and of the result of a kernel."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers.kernels import LOWERED, PROMOTED, RAISED, RAISED_ON_CPU, RAISED_ON_CUDA, RESULT_RAISED, WIDENED

FULL = 4
"""Bytes of a float32."""

_RAISED = {"cpu": (RAISED, RAISED_ON_CPU), "cuda": (RAISED, RAISED_ON_CUDA)}


def operand_size(casts: str, sizes: Sequence[int], low: int, device: str) -> int | None:
    """Return the bytes of a value that the operands are cast to; None where they stay as they arrive."""
    if casts == LOWERED:
        return low
    if casts == PROMOTED and device == "cuda":
        return FULL
    if casts in _RAISED[device]:
        return FULL
    return max(sizes) if casts == WIDENED else None


def result_size(casts: str, sizes: Sequence[int]) -> int:
    """Return the bytes of a value of the result, given those of the operands as they were cast: the wider one's.

    Places, which are whole numbers of 8 bytes, have no part in it.
    """
    return FULL if casts in (RESULT_RAISED, PROMOTED) else max([size for size in sizes if size <= FULL])
