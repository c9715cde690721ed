"""Sizes as a student works them out, also with a mistake: the engine alone decides which one is right."""

from __future__ import annotations

from cnncalc.quiz.parts.exercise import Answer, volume
from cnncalc.quiz.parts.mistakes import (
    ONLY_DIVIDED,
    PADDING_ADDED,
    PADDING_FORGOTTEN,
    PADDING_ONCE,
    PLUS_ONE_FORGOTTEN,
    STRIDE_FORGOTTEN,
)
from cnncalc.quiz.parts.phrases import Bilingual


def outputs(size: int, kernel: int, stride: int = 1, padded: int = 0) -> int:
    """Return (W − F + padding of both sides)/S + 1, rounded down."""
    return (size - kernel + padded) // stride + 1


def square(size: int, channels: int) -> Answer | None:
    """Return a square volume as an answer; None for one that is not there."""
    return volume((size, size, channels)) if size > 0 else None


def window_mistakes(size: int, kernel: int, stride: int, padding: int) -> list[tuple[int | None, Bilingual]]:
    """Return the sizes to which mistakes lead; None for a mistake that cannot be made here."""
    room = size - kernel + 2 * padding
    return [
        (outputs(size, kernel, stride) if padding else None, PADDING_FORGOTTEN),
        (outputs(size, kernel, stride, padding) if padding else None, PADDING_ONCE),
        (room // stride, PLUS_ONE_FORGOTTEN),
        (outputs(size, kernel, 1, 2 * padding) if stride > 1 else None, STRIDE_FORGOTTEN),
        (size if not padding and stride == 1 else None, PADDING_ADDED),
        (size // stride if stride > 1 else None, ONLY_DIVIDED),
    ]
