"""Values that remember what they were made of: the operations of layers, recorded for the way back and for display.

Every operation makes a `Cell`. A cell knows the cells that it read and its slope with respect to each, so that the
gradient of everything is one walk over the cells in the opposite order (reverse-mode differentiation).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.layers.operations import Curve, Number, Operations, Value, power, quotient

Slopes = Iterator[tuple[Value, Number]]


class Cell:
    """One value.

    Attributes:
        value: the number.
        gradient: by how much the final sum changes with it; 0 until the way back has been walked.

    """

    __slots__ = ("gradient", "value")

    def __init__(self, value: Number) -> None:
        self.value = value
        self.gradient: Number = 0

    def slopes(self) -> Slopes:
        """Yield what it was made of, each with the slope of this value there. Constants are among them."""
        return iter(())


class Copied(Cell):
    """A value that a layer passes on as it is."""

    __slots__ = ("of",)

    def __init__(self, of: Value) -> None:
        super().__init__(number_of(of))
        self.of = of

    def slopes(self) -> Slopes:
        yield self.of, 1


class Products(Cell):
    """Σ x·w + b."""

    __slots__ = ("plus", "weights", "xs")

    def __init__(self, xs: Sequence[Value], weights: Sequence[Value], plus: Value) -> None:
        self.xs, self.weights, self.plus = xs, weights, plus
        super().__init__(sum([number_of(x) * number_of(w) for x, w in zip(xs, weights, strict=True)], number_of(plus)))

    def slopes(self) -> Slopes:
        for x, weight in zip(self.xs, self.weights, strict=True):
            yield x, number_of(weight)
            yield weight, number_of(x)
        yield self.plus, 1


class Weighted(Cell):
    """Σ c·x + a constant; the c are constants."""

    __slots__ = ("factors", "plus", "xs")

    def __init__(self, xs: Sequence[Value], factors: Sequence[Number], plus: Number) -> None:
        self.xs, self.factors, self.plus = xs, factors, plus
        super().__init__(sum([number_of(x) * factor for x, factor in zip(xs, factors, strict=True)], plus))

    def slopes(self) -> Slopes:
        yield from zip(self.xs, self.factors, strict=True)


class ChosenValue(Cell):
    """The largest or the smallest of several values."""

    __slots__ = ("name", "shared", "xs")

    def __init__(self, name: str, xs: Sequence[Value], shared: bool) -> None:
        self.name, self.xs, self.shared = name, xs, shared
        super().__init__({"max": max, "min": min}[name](map(number_of, xs)))

    def winners(self) -> list[int]:
        """Return the places of the values that are chosen: the first, or all alike."""
        found = [place for place, x in enumerate(self.xs) if number_of(x) == self.value]
        return found if self.shared else found[:1]

    def slopes(self) -> Slopes:
        winners = self.winners()
        for place in winners:
            yield self.xs[place], quotient(1, len(winners))


class Last(Cell):
    """The last of values that are put in one place."""

    __slots__ = ("xs",)

    def __init__(self, xs: Sequence[Value]) -> None:
        self.xs = xs
        super().__init__(number_of(xs[-1]))

    def slopes(self) -> Slopes:
        for x in self.xs:
            yield x, 1


class Mapped(Cell):
    """A function of one value."""

    __slots__ = ("name", "slope", "x")

    def __init__(self, name: str, x: Value, curve: Curve) -> None:
        self.name, self.x = name, x
        value, self.slope = curve(number_of(x))
        super().__init__(value)

    def slopes(self) -> Slopes:
        yield self.x, self.slope


class Quotient(Cell):
    """x/y."""

    __slots__ = ("below", "x")

    def __init__(self, x: Value, below: Value) -> None:
        self.x, self.below = x, below
        super().__init__(quotient(number_of(x), number_of(below)))

    def slopes(self) -> Slopes:
        below = number_of(self.below)
        yield self.x, quotient(1, below)
        yield self.below, -quotient(self.value, below)


class PowerOf(Cell):
    """x to a constant power."""

    __slots__ = ("exponent", "x")

    def __init__(self, x: Value, exponent: Number) -> None:
        self.x, self.exponent = x, exponent
        super().__init__(power(number_of(x), exponent))

    def slopes(self) -> Slopes:
        yield self.x, self.exponent * power(number_of(self.x), self.exponent - 1)


def number_of(value: Value) -> Number:
    """Return the number of a value, which may be a constant."""
    return value.value if isinstance(value, Cell) else value


class Tape(Operations):
    """The operations on cells, which it keeps in the order in which they were made."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []

    def keep(self, cell: Cell) -> Cell:
        """Keep a cell, and return it."""
        self.cells.append(cell)
        return cell

    def number(self, x: Value) -> Number:
        return number_of(x)

    def products(self, xs: Sequence[Value], weights: Sequence[Value], plus: Value = 0) -> Value:
        return self.keep(Products(xs, weights, plus))

    def weighted(self, xs: Sequence[Value], factors: Sequence[Number], plus: Number = 0) -> Value:
        return self.keep(Weighted(xs, factors, plus))

    def largest(self, xs: Sequence[Value], *, shared: bool = False) -> Value:
        return self.keep(ChosenValue("max", xs, shared))

    def smallest(self, xs: Sequence[Value], *, shared: bool = False) -> Value:
        return self.keep(ChosenValue("min", xs, shared))

    def winner(self, x: Value) -> int:
        while isinstance(x, Copied):
            x = x.of
        return x.winners()[0] if isinstance(x, ChosenValue) else super().winner(x)

    def last(self, xs: Sequence[Value]) -> Value:
        return self.keep(Last(xs))

    def mapped(self, name: str, x: Value, curve: Curve) -> Value:
        return self.keep(Mapped(name, x, curve))

    def quotient(self, x: Value, divisor: Value) -> Value:
        return self.keep(Quotient(x, divisor))

    def power(self, x: Value, exponent: Number) -> Value:
        return self.keep(PowerOf(x, exponent))

    def walk_back(self) -> None:
        """Give every cell its gradient, from those of the cells behind it."""
        for cell in reversed(self.cells):
            gradient = cell.gradient
            if not gradient:
                continue
            for x, slope in cell.slopes():
                if isinstance(x, Cell):
                    x.gradient += gradient * slope
