"""How a value came about, written out: ``1·1 + 1·0 + 0·1 = 1``, ``max(1, 1, 5, 6) = 6``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cnncalc.layers.operations import Number, Value, quotient
from cnncalc.report.number_grids import factor_text, number_text
from cnncalc.values.sums import UnitSum
from cnncalc.values.tape import Cell, ChosenValue, Copied, Mapped, PowerOf, Products, Quotient, Weighted, number_of

_DEEPEST, _LONGEST = 4, 240
"""How far a value is followed to what it was made of, and the longest text of one that is put into another."""

_LETTERS = {"relu": "max(0, {})", "step": "step({})", "sigmoid": "σ({})", "log": "ln({})"}


def sum_lines(unit: UnitSum, digits: int | None) -> Iterator[tuple[str, str]]:
    """Yield what stands in front of each line of a sum, and the line: those of the channels, the bias, the total."""
    if not unit.parts:
        yield "", f"{expression(unit, digits)} = {number_text(unit.result, digits)}"
        return
    for part in unit.parts:
        label = "" if part.channel is None else f"channel {part.channel}"
        yield label, f"{products_text(part.products, digits)} = {number_text(part.result, digits)}"
    if len(unit.parts) > 1 or unit.bias is not None:
        results = [part.result for part in unit.parts] + ([] if unit.bias is None else [unit.bias])
        label = "with the bias" if unit.bias is not None else "together"
        yield label, f"{added(results, digits)} = {number_text(unit.result, digits)}"


def products_text(products: Sequence[tuple[Number, Number]], digits: int | None) -> str:
    """Write a sum of products."""
    return " + ".join([f"{factor_text(x, digits)}·{factor_text(weight, digits)}" for x, weight in products])


def added(numbers: Sequence[Number], digits: int | None) -> str:
    """Write a sum of numbers: ``4 + 3 − 1``."""
    return _joined([number_text(number, digits) for number in numbers])


def expression(unit: UnitSum, digits: int | None) -> str:
    """Write how a value came about from those that the layer read; what is long is written as its number."""
    return _Writer(unit.given, digits).made(unit.cell, 0)


class _Writer:
    """Writes values as what they were made of, down to those that are given."""

    def __init__(self, given: frozenset[int], digits: int | None) -> None:
        self.given, self.digits = given, digits

    def made(self, cell: Cell, depth: int) -> str:
        """Return what a value was made of, without brackets around it."""
        form = _FORMS.get(type(cell))
        return number_text(cell.value, self.digits) if form is None else form(self, cell, depth + 1)

    def plain(self, value: Value, depth: int) -> str:
        """Return a value where it stands alone, or in a sum."""
        if type(value) in _FORMS and id(value) not in self.given and depth <= _DEEPEST:
            text = self.made(value, depth)
            if len(text) <= _LONGEST:
                return text
        return number_text(number_of(value), self.digits)

    def factor(self, value: Value, depth: int) -> str:
        """Return a value where it stands in a product, in brackets if it needs them."""
        text = self.plain(value, depth)
        bare = text.replace(".", "").isalnum() or _CALLED.fullmatch(text)
        return text if bare else f"({text})"


_CALLED = re.compile(r"[a-zσ]+\([^()]*\)|e\^(?:\([^()]*\)|[^ ()]+)")
"""A function of something, which needs no brackets."""


def _products(writer: _Writer, cell: Products, depth: int) -> str:
    pairs = zip(cell.xs, cell.weights, strict=True)
    terms = [f"{writer.factor(x, depth)}·{writer.factor(weight, depth)}" for x, weight in pairs]
    return _joined([*terms, *([writer.plain(cell.plus, depth)] if isinstance(cell.plus, Cell) else [])])


def _weighted(writer: _Writer, cell: Weighted, depth: int) -> str:
    factors = set(cell.factors)
    plus = [number_text(cell.plus, writer.digits)] if cell.plus else []
    plain = [writer.plain(x, depth) for x in cell.xs]
    if factors == {1}:
        return _joined([*plain, *plus])
    if factors == {1, -1}:
        cells = zip(plain, cell.xs, cell.factors, strict=True)
        return _joined([text if factor == 1 else f"−{writer.factor(x, depth)}" for text, x, factor in cells] + plus)
    if len(factors) == 1 and not plus and len(plain) > 1 and quotient(1, next(iter(factors))) == len(plain):
        return f"({_joined(plain)})/{len(plain)}"
    pairs = zip(cell.xs, cell.factors, strict=True)
    terms = [f"{factor_text(factor, writer.digits)}·{writer.factor(x, depth)}" for x, factor in pairs]
    return _joined([*terms, *plus])


def _joined(terms: Sequence[str]) -> str:
    """Join terms by plus, and by minus those that begin with one."""
    first, *others = terms
    return first + "".join([f" − {text[1:]}" if text.startswith("−") else f" + {text}" for text in others])


def _chosen(writer: _Writer, cell: ChosenValue, depth: int) -> str:
    return f"{cell.name}({', '.join([writer.plain(x, depth) for x in cell.xs])})"


def _mapped(writer: _Writer, cell: Mapped, depth: int) -> str:
    if cell.name == "exp":
        return f"e^{writer.factor(cell.x, depth)}"
    return _LETTERS.get(cell.name, cell.name + "({})").format(writer.plain(cell.x, depth))


def _quotient(writer: _Writer, cell: Quotient, depth: int) -> str:
    return f"{writer.factor(cell.x, depth)}/{writer.factor(cell.below, depth)}"


def _power(writer: _Writer, cell: PowerOf, depth: int) -> str:
    return f"{writer.factor(cell.x, depth)}^{factor_text(cell.exponent, writer.digits)}"


def _copied(writer: _Writer, cell: Copied, depth: int) -> str:
    return number_text(cell.value, writer.digits)


_FORMS: dict[type, Callable[[_Writer, Any, int], str]] = {
    Products: _products,
    Weighted: _weighted,
    ChosenValue: _chosen,
    Mapped: _mapped,
    Quotient: _quotient,
    PowerOf: _power,
    Copied: _copied,
}
