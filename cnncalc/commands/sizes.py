"""Sizes of memory as options: 24GiB, 500MB, 320KiB."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1} | {f"{letter}i": 1024**power for power, letter in enumerate("kmgt", 1)}
_UNITS |= {letter: 1000**power for power, letter in enumerate("kmgt", 1)}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s?(?:([kmgt]i?)b?|b|bytes?)", re.IGNORECASE)


class SizeInBytes(click.ParamType[int]):
    """A number of bytes with its unit; a number without one may mean anything.

    ``units`` are those that an error proposes, such as ``("GB", "GiB")``.
    """

    name = "size"

    def __init__(self, units: tuple[str, str] = ("GB", "GiB"), examples: str = "24GiB, 24GB or 500MB") -> None:
        self.units = units
        self.examples = examples

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes."""
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(value.strip())
        if match is None:
            number = value.strip()
            bare = number.replace(".", "", 1).isdecimal()
            known = f"{number}{self.units[0]}, {number}{self.units[1]} or {number}B (bytes)" if bare else self.examples
            self.fail(f"{'it has no unit: ' if bare else ''}write {known}, not {value!r}", param, ctx)
        return int(float(match[1]) * _UNITS[(match[2] or "").lower()])
