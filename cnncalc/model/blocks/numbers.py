"""How a number that differs from place to place follows from numbers that are known there.

A block stands in several places. A number of it that is not the same in all of them is an expression of what the block
is given, ``4*width``, or a parameter of its own. This file finds the expression; `Formula.written` writes it in the
words of whichever language it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

Values = Sequence[Any]
"""A number in every place; None where any number will do."""

DIVISORS = (2, 3, 4, 6, 8, 16)
"""What numbers are divided by where the rest is dropped."""


class Hole(NamedTuple):
    """A number (or a word) of a block that may differ between the places where it stands.

    Attributes:
        value: what it is there; None where any number will do.
        role: what it is, such as ``width``: its name as an argument.
        channels: how many channels arrive there; 0 where no one number says it.
    """

    value: Any
    role: str
    channels: int = 0


class Parameter(NamedTuple):
    """A parameter of a block, with its value in every place.

    Attributes:
        name: what it is called.
        values: its value in every place.
        role: what it is, such as ``width``.
        default: how its default is written, if it has one.
        usual: what the default is in every place.
    """

    name: str
    values: tuple[Any, ...]
    role: str = ""
    default: str | None = None
    usual: tuple[int, ...] = ()


class Formula(NamedTuple):
    """``4 * width``: a form, the names in it, and its number; of a part such as 3/4 also what it is divided by."""

    form: str
    names: tuple[str, ...]
    number: int = 0
    divisor: int = 1

    def written(self, patterns: Mapping[str, str]) -> str:
        """Write the formula, given the pattern of each form: ``{n}`` is the number, ``{d}`` the divisor."""
        return patterns[self.form].format(*self.names, n=self.number, d=self.divisor)


Known = Mapping[str, Values]
Way = tuple[str, Known]
"""A form, and the numbers that it is tried with."""


def found(wanted: Values, ways: Iterable[Way], most_factor: int | None = None) -> Formula | None:
    """Return the first formula that makes the wanted numbers, going through the ways in order.

    ``most_factor`` is the largest number that something is multiplied by.
    """
    for form, known in ways:
        formula = _of_two(wanted, form, known) if form in _OF_TWO else _of_one(wanted, form, known, most_factor)
        if formula is not None:
            return formula
    return None


def _of_one(wanted: Values, form: str, known: Known, most: int | None) -> Formula | None:
    for name, values in known.items():
        pairs = _pairs(values, wanted)
        if form == "part":
            if pairs and (part := _part(pairs)) is not None:
                return Formula(form, (name,), part.numerator, part.denominator)
            continue
        number = _OF_ONE[form](pairs) if pairs else None
        if number is not None and (form != "times" or most is None or number <= most):
            return Formula(form, (name,), number)
    return None


def _pairs(values: Values, wanted: Values) -> list[tuple[int, int]]:
    """Return the known number and the wanted one in every place where there is one; none if one is not known."""
    pairs = [(value, number) for value, number in zip(values, wanted, strict=True) if number is not None]
    return [] if any(type(value) is not int for value, _ in pairs) else pairs


def _same(pairs: list[tuple[int, int]]) -> int | None:
    return 0 if all(value == number for value, number in pairs) else None


def _times(pairs: list[tuple[int, int]]) -> int | None:
    value, number = pairs[0]
    factor = number // value if value else 0
    return factor if factor > 1 and all(factor * value == number for value, number in pairs) else None


def _over(pairs: list[tuple[int, int]]) -> int | None:
    value, number = pairs[0]
    divisor = value // number if number else 0
    return divisor if divisor > 1 and all(divisor * number == value for value, number in pairs) else None


def _part(pairs: list[tuple[int, int]]) -> Fraction | None:
    """3/4"""
    value, number = pairs[0]
    part = Fraction(number, value) if value else Fraction(0)
    right = 0 < part < 1 and part.denominator <= max(DIVISORS)
    return part if right and all(part * value == number for value, number in pairs) else None


def _floor(pairs: list[tuple[int, int]]) -> int | None:
    return next((n for n in DIVISORS if all(value // n == number for value, number in pairs)), None)


def _half(pairs: list[tuple[int, int]]) -> int | None:
    return 0 if all(value // 2 == number for value, number in pairs) else None


def _plus(pairs: list[tuple[int, int]]) -> int | None:
    value, number = pairs[0]
    more = number - value
    return more if more in (1, 2) and all(value + more == number for value, number in pairs) else None


def _minus(pairs: list[tuple[int, int]]) -> int | None:
    return 1 if all(value - 1 == number for value, number in pairs) else None


_OF_ONE: Mapping[str, Callable[[list[tuple[int, int]]], int | None]] = {
    "same": _same,
    "times": _times,
    "over": _over,
    "floor": _floor,
    "half": _half,
    "plus": _plus,
    "minus": _minus,
}

_OF_TWO: Mapping[str, Callable[[int, int], int]] = {
    "sum": int.__add__,
    "product": int.__mul__,
    "difference": int.__sub__,
}


def _of_two(wanted: Values, form: str, known: Known) -> Formula | None:
    """Try all pairs of names; of a difference both orders."""
    combine = _OF_TWO[form]
    numbers = {name: values for name, values in known.items() if all(type(value) is int for value in values)}
    for place, (one, first) in enumerate(numbers.items()):
        for other, second in list(numbers.items())[0 if form == "difference" else place + 1 :]:
            triples = zip(first, second, wanted, strict=True)
            if one != other and all(number in (None, combine(a, b)) for a, b, number in triples):
                return Formula(form, (one, other))
    return None
