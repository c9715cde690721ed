"""Numbers as people write them: ``1 1 0; 0 1 1``, channels separated by ``|``, or a CSV file."""

from __future__ import annotations

import re
from fractions import Fraction
from math import prod
from pathlib import Path

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.layers.operations import Number
from cnncalc.values.arrays import Numbers

_NUMBER = re.compile(
    r"[-−+]?(?:\d{1,15}/\d{1,15}|(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:e[-−+]?\d{1,3})?)", re.IGNORECASE
)
MOST_CHARACTERS = 4_000_000


def number_of_text(text: str, where: str) -> Number:
    """Return a number that is written as ``3``, ``-0.5``, ``1e-3`` or ``1/9``, exactly as it is written.

    Raises:
        DataError: for what is no number; ``where`` says what it belongs to.

    """
    written = text.strip()
    if not _NUMBER.fullmatch(written):
        raise DataError("bad-number", f"`{shorten(text.strip())}` in {where} is not a number")
    try:
        found = Fraction(written.replace("−", "-"))
    except ZeroDivisionError:
        raise DataError("bad-number", f"`{shorten(written)}` in {where} is not a number") from None
    return found.numerator if found.denominator == 1 else found


def read_numbers_text(text: str, where: str) -> Numbers:
    """Read ``1 2; 3 4 | 5 6; 7 8``: blanks or commas part numbers, ``;`` or line ends rows, ``|`` channels.

    Lists in lists are read, too, as Python and NumPy write them, channels first: ``[[1, 2], [3, 4]]``.

    Returns:
        The numbers by channel, row and column.

    Raises:
        DataError: for what is no number, and for rows or channels that differ in size.

    """
    if len(text) > MOST_CHARACTERS:
        raise DataError("too-long", f"{where} is too long: at most {MOST_CHARACTERS:,} characters are read")
    channels = [_rows(_without_brackets(part), where) for part in _without_brackets(text).split("|")]
    return _of_channels(channels, where)


_BETWEEN_CHANNELS = re.compile(r"\] ?\] ?,? ?\[ ?\[")
_BETWEEN_ROWS = re.compile(r"\] ?,? ?\[")
_IN_BRACKETS = re.compile(r"(\[ ?){1,3}[^\[\]]*(\] ?){1,3}")


def _without_brackets(text: str) -> str:
    """Return lists in lists as rows and channels; any other text as it is."""
    if not text.lstrip().startswith("["):
        return text
    plain = _BETWEEN_ROWS.sub(";", _BETWEEN_CHANNELS.sub("|", " ".join(text.split())))
    if not _IN_BRACKETS.fullmatch(plain) or text.count("[") != text.count("]"):
        return text
    return re.sub(r"[\[\]]", " ", plain)


def _rows(text: str, where: str) -> list[list[Number]]:
    rows = [re.split(r"[\s,]+", row.strip(" \t\r,")) for row in re.split(r"[;\n]", text)]
    return [[number_of_text(number, where) for number in row] for row in rows if row != [""]]


def _of_channels(channels: list[list[list[Number]]], where: str) -> Numbers:
    lengths = [len(row) for rows in channels for row in rows]
    if not lengths:
        raise DataError("bad-number", f"{where} has no numbers")
    if len(set(lengths)) > 1:
        place = next(number for number, length in enumerate(lengths, 1) if length != lengths[0])
        differ = f"row 1 has {lengths[0]} numbers, row {place} has {lengths[place - 1]}"
        raise DataError("bad-size", f"the rows of {where} differ in length: {differ}")
    heights = list(map(len, channels))
    if len(set(heights)) > 1:
        raise DataError("bad-size", f"the channels of {where} differ in height: {', '.join(map(str, heights))} rows")
    flat = [number for rows in channels for row in rows for number in row]
    return Numbers.of((len(channels), heights[0], lengths[0]), flat)


def read_csv(path: str) -> Numbers:
    """Read a CSV file: a row of numbers on each line, and an empty line between two channels.

    Raises:
        DataError: for a file that cannot be read, and for what is in it that is no number.

    """
    where = f"`{shorten_path(path)}`"
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            text = file.read(MOST_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise DataError("cannot-read", f"cannot read {where}: {reason}") from None
    return read_numbers_text(re.sub(r"\n\s*\n", "|", text.strip()).replace("\t", " "), where)


def fitted(numbers: Numbers, volume: Volume, where: str) -> Numbers:
    """Return numbers as the values of a volume, or raise `DataError` where it has others.

    Rows that are as many and as long fit; where there is one row or one position, the number of them is enough.
    """
    shape = (volume.channels, *volume.spatial)
    if numbers.shape == shape or (prod(numbers.shape) == volume.values and (1 in shape or _one_row(numbers))):
        return Numbers(shape, numbers.flat)
    channels, rows, columns = numbers.shape
    found = Volume((rows, columns, channels))
    hints = ['part rows by `;` and channels by `|`: --values "1 2; 3 4 | 5 6; 7 8" is 2x2x2']
    raise DataError("bad-size", f"{where} is {found}, and what is wanted is {volume}", hints=hints)


def _one_row(numbers: Numbers) -> bool:
    return numbers.shape[:2] == (1, 1)


def volume_of(numbers: Numbers) -> Volume:
    """Return the volume of numbers by channel, row and column."""
    channels, *spatial = numbers.shape
    return Volume((*spatial, channels))
