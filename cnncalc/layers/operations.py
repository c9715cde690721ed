"""What layers compute values with: sums of products, means, the largest of several, functions of one value.

A layer says once how its values come about (`Layer.compute`), in these operations. With plain numbers they give the
values; `cnncalc.values` has the same operations on values that remember what they were made of, which is all that the
way back needs. Whole numbers and fractions stay exact; what has no exact value (a root, an exponential) is a float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import inf, isqrt, prod, sqrt
from operator import mul
from typing import Any, NamedTuple

from cnncalc.core.errors import Fault

Number = int | Fraction | float

Value = Any
"""A number, or something that knows its number and how it came about."""

Box = list[Any]
"""The values of a volume or of a tensor, in PyTorch's order: channels first, the last dimension fastest."""

State = Mapping[str, Box]
"""The values of a layer's tensors by their names."""

Curve = Callable[[Number], tuple[Number, Number]]
"""A function of one number: its value there, and its slope."""


class StateTensor(NamedTuple):
    """A tensor that a layer has, as in PyTorch's state_dict.

    Attributes:
        name: ``weight``, ``bias``, ``running_mean``, …
        shape: its sizes, as PyTorch has them.
        start: what it is where nothing is given: numbers in its order, one for all of them, or () for drawn ones.
        learned: whether training changes it, so that it has a gradient.

    """

    name: str
    shape: tuple[int, ...]
    start: Sequence[Number] = ()
    learned: bool = True

    @property
    def size(self) -> int:
        """Number of its values."""
        return prod(self.shape)


def exact(number: Number) -> Number:
    """Return the whole number or the fraction that a float was written as: 0.1 is 1/10, and 0.111… (1/9) is 1/9.

    A float that is none with a divisor of up to a million stays what it is.
    """
    if not isinstance(number, float) or number != number or number in (inf, -inf):
        return number
    if number.is_integer():
        return int(number)
    near = Fraction(number).limit_denominator(10**6)
    return near if float(near) == number else number


def quotient(number: Number, divisor: Number) -> Number:
    """Divide, exactly where both are exact.

    Raises:
        Fault: for a division by 0.

    """
    if divisor == 0:
        raise Fault("divides-by-zero", f"{number} is divided by 0")
    if isinstance(number, float) or isinstance(divisor, float):
        return number / divisor
    found = Fraction(number) / divisor
    return found.numerator if found.denominator == 1 else found


def power(number: Number, exponent: Number) -> Number:
    """Raise to a power, exactly where the result is exact.

    Raises:
        Fault: where there is no real result, and for a negative power of 0.

    """
    exponent = exact(exponent)
    if number == 0 and exponent < 0:
        raise Fault("divides-by-zero", f"0 has no power {exponent}")
    if isinstance(exponent, int):
        raised: Number = number ** abs(exponent)
        return raised if exponent >= 0 else quotient(1, raised)
    if number < 0:
        raise Fault("not-real", f"the power {exponent} of a number below 0 is not a real number")
    if abs(exponent) == Fraction(1, 2):
        root = _root(number)
        return root if exponent > 0 else quotient(1, root)
    found: float = float(number) ** float(exponent)
    return found


def _root(number: Number) -> Number:
    if not isinstance(number, float):
        fraction = Fraction(number)
        above, below = isqrt(fraction.numerator), isqrt(fraction.denominator)
        if above * above == fraction.numerator and below * below == fraction.denominator:
            return quotient(above, below)
    return sqrt(number)


class Operations:
    """The operations on plain numbers."""

    def number(self, x: Value) -> Number:
        """Return the number that a value is."""
        number: Number = x
        return number

    def products(self, xs: Sequence[Value], weights: Sequence[Value], plus: Value = 0) -> Value:
        """Return the sum of products of values, two by two, and of one more: Σ x·w + b."""
        return sum(map(mul, xs, weights), plus)

    def weighted(self, xs: Sequence[Value], factors: Sequence[Number], plus: Number = 0) -> Value:
        """Return the sum of values times constants, plus a constant."""
        return sum(map(mul, xs, factors), plus)

    def largest(self, xs: Sequence[Value], *, shared: bool = False) -> Value:
        """Return the largest value. Its gradient goes to the first one of that value, or (``shared``) to all alike."""
        return max(xs)

    def smallest(self, xs: Sequence[Value], *, shared: bool = False) -> Value:
        """Return the smallest value, in the same way."""
        return min(xs)

    def winner(self, x: Value) -> int:
        """Return which of the values the largest or smallest one was, counted from 0.

        Raises:
            Fault: for plain numbers, which do not know.

        """
        raise Fault("no-values", "where a max pool took its values is not kept for images")

    def last(self, xs: Sequence[Value]) -> Value:
        """Return the last of values that are put in one place; PyTorch gives the gradient to each of them."""
        return xs[-1]

    def mapped(self, name: str, x: Value, curve: Curve) -> Value:
        """Return a function of a value; the name is what the function is called."""
        return curve(x)[0]

    def quotient(self, x: Value, divisor: Value) -> Value:
        """Return one value divided by another."""
        return quotient(x, divisor)

    def power(self, x: Value, exponent: Number) -> Value:
        """Return a value to a constant power."""
        return power(x, exponent)

    def total(self, xs: Sequence[Value]) -> Value:
        """Return the sum of values."""
        return self.weighted(xs, (1,) * len(xs))

    def mean(self, xs: Sequence[Value]) -> Value:
        """Return the mean of values."""
        return self.weighted(xs, (quotient(1, len(xs)),) * len(xs))

    def difference(self, x: Value, other: Value) -> Value:
        """Return the first value minus the second."""
        return self.weighted((x, other), (1, -1))

    def product(self, x: Value, other: Value) -> Value:
        """Return a value times another."""
        return self.products((x,), (other,))


def channels_of(values: Box, channels: int) -> list[Box]:
    """Return the values of each channel."""
    size = len(values) // channels
    return [values[start : start + size] for start in range(0, len(values), size)]


def at_positions(values: Box, channels: int) -> list[Box]:
    """Return the channels at each position."""
    return [list(across) for across in zip(*channels_of(values, channels), strict=True)]


def channels_first(positions: Sequence[Sequence[Value]]) -> Box:
    """Return the values channels first, from the channels at each position."""
    return [value for channel in zip(*positions, strict=True) for value in channel]


def standardised(use: Operations, xs: Sequence[Value], eps: Number) -> Box:
    """Return (x − mean)/√(variance + eps), the variance divided by the number of values."""
    mean = use.mean(xs)
    apart = [use.difference(x, mean) for x in xs]
    return divided_by_root(use, apart, apart, eps)


def divided_by_root(use: Operations, xs: Sequence[Value], over: Sequence[Value], eps: Number) -> Box:
    """Return x/√(mean of squares + eps), the mean over other values than the x, or the same."""
    share = quotient(1, len(over))
    variance = use.weighted((use.products(over, over),), (share,), exact(eps))
    root = use.power(variance, Fraction(1, 2))
    return [use.quotient(x, root) for x in xs]


def scaled(use: Operations, xs: Sequence[Value], weight: Value, bias: Value) -> Box:
    """Return w·x + b, where what is None is left out."""
    if weight is None:
        return list(xs) if bias is None else [use.total((x, bias)) for x in xs]
    return [use.products((x,), (weight,), 0 if bias is None else bias) for x in xs]
