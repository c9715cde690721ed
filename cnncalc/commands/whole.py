"""Whole numbers on the command line."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.core.words import shorten


class Whole(click.IntRange):
    """A whole number in a range; the message for ``1e3`` says how to write it."""

    def _describe_range(self) -> str:
        """Return what the help says of the range, beside the default."""
        if self.max is None or self.max >= 10**6:
            return f"at least {self.min}"
        return f"{self.min} to {self.max:,}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        try:
            int(value)
        except ValueError:
            self.fail(f"{shorten(repr(value))} is not a whole number{_as_digits(value)}.", param, ctx)
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            most = "" if self.max is None else f" and at most {self.max:,}"
            self.fail(f"{shorten(str(value))} is not in range: at least {self.min}{most}.", param, ctx)


def _as_digits(value: str) -> str:
    """Return how to write a number that is whole but written otherwise: ``1e3``, ``64.0``, ``1,000``."""
    try:
        number = float(value.replace(",", "").replace("_", ""))
    except ValueError:
        return ""
    return f": write {int(number)}" if number.is_integer() and abs(number) < 10**15 else ""
