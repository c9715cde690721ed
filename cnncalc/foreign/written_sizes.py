"""Sizes and options of layers as a spec writes them: ``3x3``, and `` s2`` only where it is not what holds anyway."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def joined(numbers: Iterable[object]) -> str:
    """Join sizes, one for each dimension: ``3x3``."""
    return "x".join(map(str, numbers))


def short_sizes(numbers: Iterable[object]) -> str:
    """Write one number where those of all dimensions are equal, and else each."""
    values = [str(number) for number in numbers]
    return values[0] if len(set(values)) == 1 else joined(values)


def option(prefix: str, numbers: Sequence[int], usual: int | None = 1) -> str:
    """Write an option of a layer with a space in front: `` s2`` or `` s2x1``; nothing where it is ``usual``.

    Args:
        prefix: its letters, such as ``s``.
        numbers: one for each dimension.
        usual: what holds in every dimension where the option is left out; None where it is always written.

    """
    if all(number == usual for number in numbers):
        return ""
    return f" {prefix}{short_sizes(numbers)}"
