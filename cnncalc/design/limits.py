"""Conditions that exclude each other, such as ``params < 1M`` and ``params > 2M``: no design has to be counted."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.words import shorten
from cnncalc.design.terms import Number


class Limit(NamedTuple):
    """A number that something is compared with.

    Attributes:
        value: the number.
        text: the condition, as it was written.
        span: where it stands.
        within: whether what is compared may be that number itself.

    """

    value: Number
    text: str
    span: Span
    within: bool = True


class NumberLimits:
    """What conditions allow, for everything that they compare with a number."""

    def __init__(self) -> None:
        self.least: dict[str, Limit] = {}
        self.most: dict[str, Limit] = {}

    def add(self, term: str, sign: str, limit: Limit, source: Source) -> None:
        """Note that a term, as it is written, is compared with a number.

        Raises:
            SpecError: ``bad-condition`` where that excludes what was noted before.

        """
        name = "".join(term.lower().split())
        limit = limit._replace(within="=" in sign)
        if sign in (">", ">=", "=="):
            _check(limit, self.most.get(name), limit.span, source)
            self.least[name] = max(self.least.get(name, limit), limit, key=lambda each: (each.value, not each.within))
        if sign in ("<", "<=", "=="):
            _check(self.least.get(name), limit, limit.span, source)
            self.most[name] = min(self.most.get(name, limit), limit, key=lambda each: (each.value, each.within))


def _check(least: Limit | None, most: Limit | None, span: Span, source: Source) -> None:
    """Refuse two limits between which there is nothing."""
    if least is None or most is None or least.value < most.value:
        return
    if least.value == most.value and least.within and most.within:
        return
    hints = ["no design satisfies both: leave one of them out, or call the command for each"]
    message = f"`{shorten(least.text)}` and `{shorten(most.text)}` exclude each other"
    raise SpecError("bad-condition", message, span=span, source=source, hints=hints)
