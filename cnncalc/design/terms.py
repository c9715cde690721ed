"""Terms of a condition: numbers with units, quantities, and what is computed from them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from cnncalc.core.source import Span

Number = int | float | Fraction
Amount = Number | tuple[Number, ...]
"""A number, or one for every spatial dimension (``field``, ``input``)."""

Amounts = Mapping[str, Amount | None]
"""What is known of a design, by name; None for what is not known."""

BYTES = "bytes"
"""What a number counts, where that matters: bytes, or anything else ("")."""

_THOUSANDS = {letter: 1000**power for power, letter in enumerate(("", "k", "m", "g", "t"))}
UNITS: Mapping[str, tuple[int, str]] = {
    **{letter: (factor, "") for letter, factor in _THOUSANDS.items()},
    **{f"{letter}b": (factor, BYTES) for letter, factor in _THOUSANDS.items()},
    **{f"{letter}ib": (1024**power, BYTES) for power, letter in enumerate(_THOUSANDS) if letter},
}
"""What may stand behind a number, in small letters: how many it stands for, and of what."""


class Term(NamedTuple):
    """A part of a condition that has a value.

    Attributes:
        value: returns it, given what is known of a design; None where that is not known.
        names: what it asks for.
        unit: `BYTES`, "" for another number, None for a plain number, which may be either.
        span: where it stands.
        rises: whether it can only rise with each of what it asks for, whose values are not negative.

    """

    value: Callable[[Amounts], Amount | None]
    names: frozenset[str]
    unit: str | None
    span: Span
    rises: bool = True


def joined(sign: str, left: Term, right: Term) -> Term:
    """Return the sum, the difference, the product or the quotient of two terms."""
    compute = _ARITHMETIC[sign]
    first, second = left.value, right.value

    def value(known: Amounts) -> Amount | None:
        a, b = first(known), second(known)
        if a is None or b is None:
            return None
        if type(a) is not tuple and type(b) is not tuple:
            return compute(a, b)  # type: ignore[arg-type]  # neither is one for every dimension
        found = [compute(*pair) for pair in pairs(a, b)]
        return None if None in found else tuple(found)  # type: ignore[arg-type]  # None is excluded

    units = {left.unit, right.unit} - {None}
    scaled = sign in "*/" and None not in (left.unit, right.unit)  # bytes times a count is no longer either
    unit = None if scaled or not units else BYTES if BYTES in units else ""
    fixed = not right.names and right.rises  # a number
    rises = left.rises and (right.rises if sign in "+*" else fixed)
    return Term(value, left.names | right.names, unit, Span(left.span.start, right.span.end), rises)


def _quotient(left: Number, right: Number) -> Number | None:
    if not right:
        return None
    return Fraction(left) / Fraction(right)


_ARITHMETIC: Mapping[str, Callable[[Number, Number], Number | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
}


def pairs(left: Amount, right: Amount) -> Sequence[tuple[Number, Number]]:
    """Return what is compared with what: dimension by dimension, where there is one number for each."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return list(zip(left, right, strict=True))
    if isinstance(left, tuple):
        return [(each, right) for each in left]  # type: ignore[misc]  # that is a single number
    assert isinstance(right, tuple)  # two single numbers are compared by themselves
    return [(left, each) for each in right]
