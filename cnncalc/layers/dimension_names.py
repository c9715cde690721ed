"""What the dimensions of a volume are called: depth, height and width, and slices, rows and columns."""

from __future__ import annotations

from collections.abc import Sequence


def never_read(dropped: Sequence[int]) -> str:
    """Say in words which values no window reads: ``the last row and column are never read``."""
    if not any(dropped):
        return "only padding is dropped"
    names = [axis_name(axis, len(dropped), noun=True) for axis in range(len(dropped))]
    lost = [(count, name) for count, name in zip(dropped, names, strict=True) if count]
    counts = {count for count, _ in lost}
    if counts == {1}:
        verb = "is" if len(lost) == 1 else "are"
        return f"the last {' and '.join(name for _, name in lost)} {verb} never read"
    parts = " and ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in lost)
    return f"the last {parts} are never read"


def axis_name(axis: int, dimensions: int, *, noun: bool = False) -> str:
    """Name a dimension: height and width in two dimensions, or as nouns row and column."""
    if dimensions > 3:
        return f"size {axis + 1}"
    names = ("slice", "row", "column") if noun else ("depth", "height", "width")
    if dimensions == 1:
        return "value" if noun else "length"
    return names[3 - dimensions + axis]
