"""What a picture says of a layer with a window: ``conv 3×3, 64`` in its box, and below ``stride 2``."""

from __future__ import annotations

from collections.abc import Sequence


def sizes(numbers: Sequence[int]) -> str:
    """Write sizes with the sign of a picture: ``3×3``."""
    return "×".join(map(str, numbers))


def with_kernel(word: str, kernel: Sequence[int], filters: int | None = None) -> str:
    """Return a caption: the word, the kernel and, where it is no matter of course, the number of filters."""
    return f"{word} {sizes(kernel)}" + ("" if filters is None else f", {filters}")


def unusual(stride: Sequence[int], dilation: Sequence[int], groups: int = 1) -> tuple[str, ...]:
    """Return the settings of a window that are not 1: ``stride 2``, ``32 groups``, ``dilation 2``."""
    found = []
    if any(step != 1 for step in stride):
        found.append(f"stride {_short(stride)}")
    if groups > 1:
        found.append(f"{groups} groups")
    if any(step != 1 for step in dilation):
        found.append(f"dilation {_short(dilation)}")
    return tuple(found)


def _short(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else sizes(numbers)


def kernel_letters(kernel: Sequence[int]) -> str:
    """Return the size of a kernel in letters: ``F·F``, or ``F₁·F₂`` where its sides differ."""
    alike = len(set(kernel)) == 1
    return "·".join(["F" if alike else f"F{_BELOW[axis]}" for axis in range(len(kernel))])


_BELOW = "₁₂₃₄₅₆₇₈"
