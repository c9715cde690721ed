"""Numbers in the text of a spec: single ones such as ``1e-3``, and lists such as ``kernel=[-1 0 1; -1 0 1]``."""

from __future__ import annotations

import re

from cnncalc.core.errors import Fault
from cnncalc.core.limits import MAX_DIGITS, MAX_NUMBER
from cnncalc.core.words import shorten

Rows = tuple[tuple[float, ...], ...]
"""The numbers of one channel, row by row."""

Filters = tuple[tuple[Rows, ...], ...]
"""Numbers by filter, channel, row and column: ``[1 2; 3 4 | 5 6; 7 8 || …]``."""

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?")


def read_number(text: str, name: str) -> float:
    """Read a number; ``name`` is the question that it answers.

    Raises:
        Fault: for what is no number, and for one beyond the range of numbers.
    """
    if not _NUMBER.fullmatch(text) or len(text) > 2 * MAX_DIGITS:
        raise Fault("bad-number", f"`{shorten(text)}` is not a number", about=name)
    value = float(text)
    if abs(value) > MAX_NUMBER:
        raise Fault("out-of-range", f"numbers go up to {MAX_NUMBER:,}", about=name)
    return value


def read_numbers(text: str, name: str) -> Filters:
    """Read a list as the parser writes it, ``[1 2; 3 4 | 5 6; 7 8]``.

    Raises:
        Fault: for an empty list, and for one whose rows, channels or filters differ in size.
    """
    filters = tuple(
        [
            tuple([tuple([_row(row, name) for row in rows.split(";")]) for rows in channels.split(" | ")])
            for channels in text[1:-1].split(" || ")
        ]
    )
    channels = [rows for each in filters for rows in each]
    lengths = {len(row) for rows in channels for row in rows}
    if lengths == {0}:
        raise Fault("missing-size", f"the list `{name}` has no numbers", about=name)
    if len(lengths) > 1 or len(set(map(len, channels))) > 1 or len(set(map(len, filters))) > 1:
        hints = ["every row has as many numbers, every channel as many rows, every filter as many channels"]
        raise Fault("bad-size", f"the rows, channels or filters of `{name}` differ in size", about=name, hints=hints)
    return filters


def _row(text: str, name: str) -> tuple[float, ...]:
    return tuple([_quotient(number, name) for number in text.split()])


def _quotient(text: str, name: str) -> float:
    """Read a number of a list, which may be a fraction: ``1/9``."""
    number, fraction, divisor = text.partition("/")
    value = read_number(number, name)
    if not fraction:
        return value
    if len(divisor) > MAX_DIGITS or int(divisor) == 0:
        raise Fault("bad-number", f"`{shorten(text)}` is not a number", about=name)
    return value / int(divisor)
