"""Whole-number expressions: ``{4*width}``, ``{ceil(C/3)}``, the arguments of a block call.

Values are exact. ``/`` must divide exactly, except inside ``ceil`` and ``round``, which make a whole
number of a fraction. ``round`` takes a half to the even neighbour, as Python does. Nothing here ever
reaches Python's ``eval``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from operator import add, floordiv, mod, mul, sub
from typing import NamedTuple, Protocol

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_DIGITS, MAX_NESTING, MAX_NUMBER, MAX_TERMS
from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, listed, shorten

Value = int | Fraction
Names = Mapping[str, int]


class Expression(Protocol):
    """A parsed expression. ``fractions`` says whether ``/`` may leave a remainder here."""

    @property
    def span(self) -> Span:
        """Where it stands."""

    def evaluate(self, names: Names, fractions: bool = False) -> Value:
        """Return the value, or raise `ExpressionFault`."""


class ExpressionFault(Exception):
    """What went wrong in an expression, and where in the text."""

    def __init__(self, code: str, message: str, span: Span, hints: list[str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.span, self.hints = code, message, span, hints or []


class Literal(NamedTuple):
    """A number as written."""

    value: Value
    span: Span

    def evaluate(self, names: Names, fractions: bool = False) -> Value:
        return self.value


class Name(NamedTuple):
    """A parameter, or one of the `SIZES`."""

    name: str
    span: Span

    def evaluate(self, names: Names, fractions: bool = False) -> Value:
        try:
            return names[self.name]
        except KeyError:
            known = f"known here: {listed(names)}" if names else f"define it: `param {shorten(self.name)} = 3`"
            hints = did_you_mean(self.name, names) or [known]
            message = f"`{shorten(self.name)}` is not a parameter"
            raise ExpressionFault("unknown-name", message, self.span, hints) from None


class Negative(NamedTuple):
    """A number with its sign turned."""

    operand: Expression
    span: Span

    def evaluate(self, names: Names, fractions: bool = False) -> Value:
        return -self.operand.evaluate(names, fractions)


class Chain(NamedTuple):
    """Operands joined by operators of one rank, taken from left to right."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    span: Span

    def evaluate(self, names: Names, fractions: bool = False) -> Value:
        value = self.first.evaluate(names, fractions)
        for operator, operand in self.rest:
            right = operand.evaluate(names, fractions)
            if operator in _DIVISIONS and right == 0:
                raise ExpressionFault("bad-expression", "division by zero", self.span)
            result = _OPERATIONS[operator](value, right)
            if operator == "/" and not fractions:
                result = self._exact(value, right, result)
            value = _within_range(result, self.span)
        return value

    def _exact(self, left: Value, right: Value, result: Value) -> int:
        if result.denominator == 1:
            return int(result)
        raise ExpressionFault(
            "not-whole",
            f"{left}/{right} leaves a remainder",
            self.span,
            [f"write `//` to round down to {left // right}, or use ceil(…) or round(…)"],
        )


class Power(NamedTuple):
    """A base to a whole exponent."""

    base: Expression
    exponent: Expression
    span: Span

    def evaluate(self, names: Names, fractions: bool = False) -> Value:
        base = self.base.evaluate(names, fractions)
        exponent = self.exponent.evaluate(names, fractions)
        if exponent.denominator != 1 or exponent < 0:
            message = f"an exponent is a whole number of at least 0, not {exponent}"
            raise ExpressionFault("bad-expression", message, self.span)
        if exponent > _LARGEST_EXPONENT and not -1 <= base <= 1:
            raise _out_of_range(self.span)
        # 0, 1 and -1 repeat themselves, so that a huge exponent costs nothing
        small = exponent if exponent <= _LARGEST_EXPONENT else 2 - exponent % 2
        return _within_range(base ** int(small), self.span)


class FunctionCall(NamedTuple):
    """One of the functions min, max, ceil and round."""

    function: str
    arguments: tuple[Expression, ...]
    span: Span

    def evaluate(self, names: Names, fractions: bool = False) -> Value:
        inside = fractions or self.function in _TO_WHOLE
        values = [argument.evaluate(names, inside) for argument in self.arguments]
        return _FUNCTIONS[self.function](*values)


def _ceil(value: Value) -> int:
    return -(-value // 1)


_DIVISIONS = frozenset(("/", "//", "%"))
_OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": lambda a, b: Fraction(a) / b,
    "//": floordiv,
    "%": mod,
}
_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "ceil": _ceil,
    "round": round,
}
_TO_WHOLE = frozenset(("ceil", "round"))
_LARGEST_EXPONENT = 64

RESERVED_NAMES = frozenset(_FUNCTIONS)
"""Names that a parameter may not take: those of functions."""

SIZES = ("w", "h", "c")
"""What the width, the height and the channels of the arriving volume are called where no parameter is called so."""


def _out_of_range(span: Span) -> ExpressionFault:
    return ExpressionFault("out-of-range", f"numbers go up to {MAX_NUMBER:,}", span)


def _within_range(value: Value, span: Span) -> Value:
    if not -MAX_NUMBER <= value <= MAX_NUMBER or value.denominator > MAX_NUMBER:
        raise _out_of_range(span)
    return value


_TOKEN = re.compile(r"(?:([0-9]+(?:\.[0-9]+)?)|([a-z_][a-z0-9_]*)|(\*\*|//|[-+*/%(),]))")
_OPERAND = r"[^\S\n]*(?:([0-9]+)|([a-z_][a-z0-9_]*))"
_SHORT = {
    across_lines: re.compile(rf"{_OPERAND}(?:[^\S\n]*(//|\*(?!\*)|[-+/%]){_OPERAND})?(?=[^\S\n]*(?:[{ends}]|\Z))")
    for across_lines, ends in ((True, ",)}"), (False, ",)}#\n"))
}
"""A number or a name, or two with an operator between them, that are the whole expression, as most are."""
_SPACE = re.compile(r"\s*")
_GAP = re.compile(r"[^\S\n]*")


class ExpressionParser:
    """Reads one expression from a text, starting at a position.

    ``text`` is the normalised text (lower case, ASCII signs), ``source`` is what errors show, ``depth``
    how deep in brackets the expression stands, and ``terms`` how many numbers and names it has.
    """

    def __init__(self, source: Source, text: str, position: int, end: int, depth: int = 0) -> None:
        self.source = source
        self.text = text
        self.position = position
        self.end = end
        self.depth = depth
        self.terms = 0
        self.across_lines = True

    def read(self) -> Expression:
        """Read an expression, faster where it is short."""
        match = _SHORT[self.across_lines].match(self.text, self.position, self.end)
        if match is None:
            return self.expression()
        self.position = match.end()
        first, operator = self._operand(match, 1), match[3]
        if operator is None:
            return first
        second = self._operand(match, 4)
        return Chain(first, ((operator, second),), Span(first.span.start, self.position))

    def _operand(self, match: re.Match[str], group: int) -> Expression:
        """Return the number of a group, or the name of the one behind it."""
        self.terms += 1
        number = match[group]
        if number is not None:
            return self._literal(number, Span.of(match, group))
        return Name(match[group + 1], Span.of(match, group + 1))

    def expression(self) -> Expression:
        """expression = term { ("+" | "-") term }"""
        return self._chain(("+", "-"), self.term)

    def term(self) -> Expression:
        """term = factor { ("*" | "/" | "//" | "%") factor }"""
        return self._chain(("*", "/", "//", "%"), self.factor)

    def factor(self) -> Expression:
        """factor = { "-" | "+" } power"""
        start = self._skip_space()
        negative = False
        while (sign := self._take_operator("-", "+")) is not None:
            negative ^= sign == "-"
        power = self.power()
        return Negative(power, Span(start, self.position)) if negative else power

    def power(self) -> Expression:
        """power = atom [ "**" factor ]"""
        start = self._skip_space()
        base = self.atom()
        if self._take_operator("**") is None:
            return base
        exponent = self._nested(self.factor, start)
        return Power(base, exponent, Span(start, self.position))

    def atom(self) -> Expression:
        """atom = number | name | function "(" expression { "," expression } ")" | "(" expression ")" """
        start = self._skip_space()
        match = _TOKEN.match(self.text, start, self.end)
        number, name, operator = match.groups() if match else (None, None, None)
        if match is None or (operator is not None and operator != "("):
            raise self._error(start, "expected a number, a parameter or `(`")
        self.position = match.end()
        self.terms += 1
        if self.terms > MAX_TERMS:
            message = f"an expression has at most {MAX_TERMS:,} numbers and names"
            raise SpecError("too-long", message, span=Span(start, self.position), source=self.source)
        if number is not None:
            return self._literal(number, Span(start, self.position))
        if name is not None:
            return self._name_or_call(name, start)
        return self._bracketed(several=False)[0]

    def _name_or_call(self, name: str, start: int) -> Expression:
        span = Span(start, self.position)
        if self._take_operator("(") is None:
            return Name(name, span)
        if name not in _FUNCTIONS:
            raise SpecError(
                "unknown-name",
                f"`{shorten(name)}` is not a function",
                span=span,
                source=self.source,
                hints=["functions are " + ", ".join(_FUNCTIONS)],
            )
        arguments = self._bracketed(several=True)
        if name in _TO_WHOLE and len(arguments) != 1:
            raise self._error(start, f"{name} takes one value, not {len(arguments)}")
        return FunctionCall(name, tuple(arguments), Span(start, self.position))

    def _bracketed(self, *, several: bool) -> list[Expression]:
        """expression { "," expression } ")", behind its bracket"""
        opened = self.position - 1
        outside, self.across_lines = self.across_lines, True
        inner = [self._nested(self.expression, opened)]
        while several and self._take_operator(",") is not None:
            inner.append(self._nested(self.expression, opened))
        self._close(opened)
        self.across_lines = outside
        return inner

    def _literal(self, digits: str, span: Span) -> Literal:
        if len(digits) > MAX_DIGITS or float(digits) > MAX_NUMBER:
            raise SpecError("out-of-range", f"numbers go up to {MAX_NUMBER:,}", span=span, source=self.source)
        return Literal(Fraction(digits) if "." in digits else int(digits), span)

    def _chain(self, operators: tuple[str, ...], operand: Callable[[], Expression]) -> Expression:
        start = self._skip_space()
        first = operand()
        rest = []
        while (operator := self._take_operator(*operators)) is not None:
            rest.append((operator, operand()))
        return Chain(first, tuple(rest), Span(start, self.position)) if rest else first

    def _take_operator(self, *wanted: str) -> str | None:
        before = self.position
        match = _TOKEN.match(self.text, self._skip_space(), self.end)
        if match is None or match[3] not in wanted:
            self.position = before
            return None
        self.position = match.end()
        return match[3]

    def _close(self, opened: int) -> None:
        if self._take_operator(")") is None:
            span, hints = Span(opened, opened + 1), ["write `)`"]
            raise SpecError("unclosed", "this `(` is never closed", span=span, source=self.source, hints=hints)

    def _nested(self, rule: Callable[[], Expression], start: int) -> Expression:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise SpecError(
                "too-deep",
                f"an expression nests at most {MAX_NESTING} deep",
                span=Span(start, start + 1),
                source=self.source,
            )
        inner = rule()
        self.depth -= 1
        return inner

    def _skip_space(self) -> int:
        pattern = _SPACE if self.across_lines else _GAP
        match = pattern.match(self.text, self.position, self.end)
        self.position = match.end() if match else self.position
        return self.position

    def _error(self, start: int, message: str) -> SpecError:
        end = max(start + 1, self.position)
        return SpecError("bad-expression", message, span=Span(start, end), source=self.source)
