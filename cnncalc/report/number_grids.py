"""Exact numbers as text, and grids of them: aligned, side by side, within the width of a screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isinf, prod

from cnncalc.core.cleaning import terminal_width
from cnncalc.core.numbers import with_minus
from cnncalc.layers.operations import Number
from cnncalc.values import Numbers
from cnncalc.values.arrays import decimal_of

USUAL_DIGITS = 4
"""Digits behind the point of a number that has no exact form."""

LONGEST = 24
"""Most characters of an exact number; a longer one is shown as a decimal, and JSON has all of it."""

GAP = 3
"""Blanks between two grids."""

BETWEEN = 2
"""Blanks between two columns of a grid."""

WIDEST = 100
"""Most characters that grids beside each other take, also where nothing is cut, as in a pipe."""

MOST_SHOWN = 10_000
"""Most numbers of a volume or tensor that are shown; of more, only their smallest and largest."""

Grid = Sequence[Sequence[str]]


def number_text(number: Number, digits: int | None = None) -> str:
    """Write a number: 3, −3, 1/9; with ``digits`` behind the point in place of a fraction, and where it is a float."""
    if isinstance(number, float) and isinf(number):
        return "∞" if number > 0 else "−∞"
    if isinstance(number, float) or (digits is not None and isinstance(number, Fraction)):
        text = _decimal(decimal_of(number), USUAL_DIGITS if digits is None else digits)
    else:
        text = str(number)
        if len(text) > LONGEST:
            text = _rounded(number)
    return with_minus(text)


def _rounded(number: int | Fraction) -> str:
    """Write an exact number of many digits with the first seven of them; it may be too large for a float."""
    if isinstance(number, Fraction):
        return f"{decimal_of(number):.6e}"
    power = len(str(abs(number))) - 7
    first = str(round(Fraction(abs(number), 10**power)))
    return f"{'-' * (number < 0)}{first[0]}.{first[1:7]}e+{power + len(first) - 1}"


def _decimal(number: float, digits: int) -> str:
    text = f"{number:.{digits}f}"
    tiny = number != 0 and abs(number) < 0.5 * 10.0**-digits
    return (
        f"{number:.2e}"
        if tiny or abs(number) >= 1e15
        else "0" + text[2:]
        if text.startswith("-0") and not float(text)
        else text
    )


def factor_text(number: Number, digits: int | None = None) -> str:
    """Write a number that stands in a product: one below 0, or a fraction, in parentheses."""
    text = number_text(number, digits)
    return f"({text})" if text.startswith("−") or "/" in text else text


def grid_of(rows: Sequence[Sequence[Number]], digits: int | None = None) -> list[list[str]]:
    """Return the numbers of a grid as texts."""
    return [[number_text(number, digits) for number in row] for row in rows]


def drawn_grid(title: str, cells: Grid, most: int) -> list[list[str]]:
    """Return the lines of a grid, its title first; too wide a one in parts that say which columns they have."""
    width = max((terminal_width(cell) for row in cells for cell in row), default=0)
    columns, count = max(1, (most + BETWEEN) // (width + BETWEEN)), len(cells[0])
    parts = []
    for start in range(0, count, columns):
        end = min(start + columns, count)
        above = title if columns >= count else f"{title}, columns {start} to {end - 1}".removeprefix(", ")
        rows = [(" " * BETWEEN).join([_right(cell, width) for cell in row[start:end]]) for row in cells]
        parts.append([above, *rows] if above else rows)
    return parts


def _right(text: str, width: int) -> str:
    return " " * (width - terminal_width(text)) + text


def side_by_side(blocks: Sequence[tuple[str, Grid]], width: int, indent: str = "  ") -> Iterator[str]:
    """Yield the lines of grids with titles, beside each other as far as the width goes, then below each other.

    Args:
        blocks: titles, which may be empty, and grids.
        width: that of the screen, in characters.
        indent: what stands in front of every line.

    """
    whole = max(20, width - len(indent))
    titled = any(name for name, _ in blocks)
    drawn = [part for title, grid in blocks for part in drawn_grid(title or " " * titled, grid, whole)]
    room = min(whole, WIDEST)
    row: list[list[str]] = []
    used = 0
    for block in drawn:
        own = max(map(terminal_width, block))
        if row and used + GAP + own > room:
            yield from _beside(row, indent)
            yield ""
            row, used = [], 0
        used += own + (GAP if row else 0)
        row.append(block)
    yield from _beside(row, indent)


def _beside(blocks: Sequence[Sequence[str]], indent: str) -> Iterator[str]:
    height = max(map(len, blocks))
    widths = [max(map(terminal_width, block)) for block in blocks]
    for line in range(height):
        cells = [block[line] if line < len(block) else "" for block in blocks]
        padded = [cell + " " * (width - terminal_width(cell)) for cell, width in zip(cells, widths, strict=True)]
        yield (indent + (" " * GAP).join(padded)).rstrip()


# ---- volumes and tensors


def volume_lines(numbers: Numbers, width: int, digits: int | None, indent: str = "  ") -> Iterator[str]:
    """Yield the channels of a volume beside each other; what has one position is a row."""
    if len(numbers.flat) > MOST_SHOWN:
        return iter([indent + _span(numbers, digits)])
    return side_by_side(volume_blocks(numbers, digits), width, indent)


def volume_blocks(numbers: Numbers, digits: int | None) -> list[tuple[str, Grid]]:
    """Return the grids of a volume's channels, with titles where there are several."""
    if prod(numbers.shape[1:]) == 1:
        return [("", grid_of([numbers.flat], digits))]
    if len(numbers.shape) == 2:
        return [(_channel((place,), numbers), grid_of([row], digits)) for place, row in enumerate(numbers.nested())]
    return [(_channel(index, numbers), grid_of(grid, digits)) for index, grid in numbers.grids()]


def _channel(index: Sequence[int], numbers: Numbers) -> str:
    names = ("channel", "slice", *["size"] * len(index))
    parts = [f"{name} {at}" for name, at, size in zip(names, index, numbers.shape, strict=False) if size > 1]
    return ", ".join(parts)


def tensor_lines(numbers: Numbers, width: int, digits: int | None, indent: str = "    ") -> Iterator[str]:
    """Yield the grids of a tensor: a kernel for every filter and channel."""
    if len(numbers.flat) > MOST_SHOWN:
        return iter([indent + _span(numbers, digits)])
    blocks = [(kernel_title(index, numbers.shape), grid_of(grid, digits)) for index, grid in numbers.grids()]
    return side_by_side(blocks, width, indent)


def _span(numbers: Numbers, digits: int | None) -> str:
    """Say of numbers that are too many to be read how many there are, and between which they lie."""
    ends = [number_text(end, digits) for end in (min(numbers.flat), max(numbers.flat))]
    return f"{len(numbers.flat):,} numbers from {ends[0]} to {ends[1]}; -o FILE.csv writes them"


def kernel_title(index: Sequence[int], shape: Sequence[int]) -> str:
    """Return what a grid of a tensor is called: ``filter 0, channel 1``; "" where it is the only one."""
    if len(shape) < 4:
        return ", ".join(map(str, index)) if prod(shape[:-2]) > 1 else ""
    filter_ = [f"filter {index[0]}"] if shape[0] > 1 else []
    return ", ".join([*filter_, *([f"channel {', '.join(map(str, index[1:]))}"] if prod(shape[1:-2]) > 1 else [])])


_AXES = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def place_text(place: Sequence[int]) -> str:
    """Write a place in a volume: ``row 0, column 0, channel 0``."""
    dimensions = len(place) - 1
    names = (*_AXES.get(dimensions, [f"size {axis + 1}" for axis in range(dimensions)]), "channel")
    return ", ".join([f"{name} {number}" for name, number in zip(names, place, strict=True)])


def index_text(index: Sequence[int]) -> str:
    """Write a place in a tensor: ``filter 0, channel 0, row 1, column 1`` in a kernel, else the numbers alone."""
    names = ("filter", "channel", *_AXES.get(len(index) - 2, ()))
    if len(index) < 4 or len(names) != len(index):
        return ", ".join(map(str, index))
    return ", ".join([f"{name} {number}" for name, number in zip(names, index, strict=True)])
