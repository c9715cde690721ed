"""Whole numbers on the command line."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.core.words import shorten


class Whole(click.IntRange):
    """A whole number in a range; ``1e3`` is none, and the message says how to write it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        try:
            int(value)
        except ValueError:
            self.fail(f"{shorten(repr(value))} is not a whole number{_as_digits(value)}.", param, ctx)
        return int(super().convert(value, param, ctx))


def _as_digits(value: str) -> str:
    """Return how to write a number that is whole but written otherwise: ``1e3``, ``64.0``, ``1,000``."""
    try:
        number = float(value.replace(",", "").replace("_", ""))
    except ValueError:
        return ""
    return f": write {int(number)}" if number.is_integer() and abs(number) < 10**15 else ""
