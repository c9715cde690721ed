"""Conditions on a design: ``params < 1M and macs < 50M``, ``memory < 8GiB``, ``field >= input``.

A condition is parsed here, and never reaches Python's ``eval``. It becomes comparisons that must all hold; each of them
says by how much a design misses it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_DIGITS, MAX_NESTING, MAX_TERMS
from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, listed, one_spelling, shorten
from cnncalc.design.limits import Limit, NumberLimits
from cnncalc.design.terms import BYTES, UNITS, Amounts, Number, Term, joined, pairs

_COMPARE: Mapping[str, Callable[[Number, Number], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
MIRRORED: Mapping[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""How two terms are compared that change their places."""

FEWEST_BYTES = 1000
"""Fewer bytes than any quantity in bytes has: such a number was meant in another unit."""

_SPELLED = {"=": "==", "≤": "<=", "≥": ">=", "≠": "!="}
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]{1,2})?)(?P<unit>[a-z]+|\s+(?:[kmgt]i?b?|b)\b)?"
    r"|(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)?)"
    r"|(?P<sign><=|>=|==|!=|[<>=≤≥≠+*/(),&-])",
    re.IGNORECASE,
)
_EXAMPLE = "write for example: params < 1M and macs < 50M"


class Comparison(NamedTuple):
    """Two terms that are compared: ``params < 1M``.

    Attributes:
        left, right: the terms; one that is only a number comes second, wherever it was written.
        sign: how they are compared.
        text, left_text: as the whole and the left term were written, without blanks around them.

    """

    left: Term
    sign: str
    right: Term
    text: str
    left_text: str

    @property
    def names(self) -> frozenset[str]:
        """What it asks for."""
        return self.left.names | self.right.names

    @property
    def span(self) -> Span:
        """Where it stands in its text."""
        spans = self.left.span, self.right.span
        return Span(min(span.start for span in spans), max(span.end for span in spans))

    def holds(self, known: Amounts) -> bool:
        """Say whether it holds, in every dimension; not where anything that it asks for is unknown."""
        left, right = self.left.value(known), self.right.value(known)
        if left is None or right is None:
            return False
        compare = _COMPARE[self.sign]
        if type(left) is not tuple and type(right) is not tuple:
            return compare(left, right)  # type: ignore[arg-type]  # neither is one for every dimension
        return all(compare(*pair) for pair in pairs(left, right))


class Condition(NamedTuple):
    """What must hold, all of it.

    Attributes:
        comparisons: each of them.

    """

    comparisons: tuple[Comparison, ...]

    @property
    def names(self) -> frozenset[str]:
        """What it asks for."""
        return frozenset().union(*(each.names for each in self.comparisons))

    def holds(self, known: Amounts) -> bool:
        """Say whether everything holds."""
        return all(each.holds(known) for each in self.comparisons)


def read_conditions(
    texts: Iterable[str], quantities: Mapping[str, str], parameters: Collection[str] = (), option: str = "--where"
) -> Condition:
    """Read what must hold of a design.

    Args:
        texts: the conditions, all of which must hold.
        quantities: what is counted, by name, with its unit: `BYTES` or "".
        parameters: the names of a spec's parameters; such a one hides a quantity of its name.
        option: what errors call the text.

    Raises:
        SpecError: ``bad-condition`` and ``unknown-name``, with the place in the text; two conditions that exclude
            each other.

    """
    found: list[Comparison] = []
    limits = NumberLimits()
    for text in texts:
        source = Source(option, text)
        for each in ConditionParser(source, quantities, parameters).condition():
            limit = _constant(each.right) if each.left.names and not each.right.names else None
            if limit is not None:
                limits.add(each.left_text, each.sign, Limit(limit, each.text, each.span), source)
            found.append(each)
    return Condition(tuple(found))


def read_term(
    text: str, quantities: Mapping[str, str], parameters: Collection[str] = (), option: str = "--maximise"
) -> Term:
    """Read an expression that has a value, such as ``params`` or ``macs/params``; see `read_conditions`."""
    return ConditionParser(Source(option, text), quantities, parameters).whole_term()


def _constant(term: Term) -> Number | None:
    """Return the value of a term that asks for nothing; None where a divisor is 0."""
    value = term.value({})
    return None if isinstance(value, tuple) else value


class _Token(NamedTuple):
    kind: str
    text: str
    span: Span


class ConditionParser:
    """Reads one text, from left to right."""

    def __init__(self, source: Source, quantities: Mapping[str, str], parameters: Collection[str]) -> None:
        self.source = source
        self.quantities = quantities
        self.parameters = parameters
        self.tokens = list(self._tokens())
        self.place = 0
        self.depth = 0

    def condition(self) -> list[Comparison]:
        """condition = comparison { "and" comparison }"""
        found = self._comparison()
        while self._take("and", "&", ",") is not None:
            found += self._comparison()
        if not self._at_end():
            raise self._rest()
        return found

    def whole_term(self) -> Term:
        """A sum, and nothing behind it."""
        term = self._sum()
        if not self._at_end():
            raise self._rest()
        return term

    def _comparison(self) -> list[Comparison]:
        """comparison = sum sign sum { sign sum }"""
        left, found = self._sum(), []
        while (token := self._take(*_COMPARE, *_SPELLED)) is not None:
            right = self._sum()
            self._check_units(left, right)
            sign = _SPELLED.get(token.text, token.text)
            text = self._written(left.span.start, right.span.end)
            if left.names or not right.names:
                found.append(Comparison(left, sign, right, text, self._written(*left.span)))
            else:  # `1M < params`: what is counted comes first
                found.append(Comparison(right, MIRRORED[sign], left, text, self._written(*right.span)))
            left = right
        if not found:
            hints = [_EXAMPLE] if left.names else ["a number has no commas: write 50000, or 50K", _EXAMPLE]
            raise self._error("bad-condition", "a condition compares two values", left.span, *hints)
        return found

    def _written(self, start: int, end: int) -> str:
        return " ".join(self.source.text[start:end].split())

    def _sum(self) -> Term:
        """sum = product { ("+" | "-") product }"""
        return self._chain(self._product, "+", "-")

    def _product(self) -> Term:
        """product = atom { ("*" | "/") atom }"""
        return self._chain(self._atom, "*", "/")

    def _chain(self, operand: Callable[[], Term], *signs: str) -> Term:
        left = operand()
        while (token := self._take(*signs)) is not None:
            left = joined(token.text, left, operand())
        return left

    def _atom(self) -> Term:
        """atom = number [unit] | name | "(" sum ")" """
        token = self._next()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "name":
            return self._name(token)
        if token.text != "(":
            raise self._error("bad-condition", "expected a quantity, a parameter or a number", token.span, _EXAMPLE)
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self._error("too-deep", f"brackets nest at most {MAX_NESTING} deep", token.span)
        inner = self._sum()
        self.depth -= 1
        closed = self._take(")")
        if closed is None and not self._at_end() and self.tokens[self.place].text in (*_COMPARE, *_SPELLED):
            message = "a comparison stands without brackets"
            raise self._error("bad-condition", message, self.tokens[self.place].span, _EXAMPLE)
        if closed is None:
            raise self._error("unclosed", "this `(` is never closed", token.span, "write `)`")
        return inner._replace(span=Span(token.span.start, closed.span.end))

    def _number(self, token: _Token) -> Term:
        match = _TOKEN.fullmatch(token.text)
        assert match is not None
        digits, written = match["number"], (match["unit"] or "").strip()
        if len(digits) > 2 * MAX_DIGITS:
            raise self._error("out-of-range", "the number is too long", token.span)
        if written.lower() not in UNITS:
            span = Span(token.span.start + len(digits), token.span.end)
            hint = "units are K, M, G, T, and of bytes KB, MB, GB, KiB, MiB, GiB"
            raise self._error("bad-condition", f"`{shorten(written)}` is not a unit", span, hint)
        factor, unit = UNITS[written.lower()]
        value = Fraction(digits) * factor
        number = int(value) if value.denominator == 1 else value
        return Term(lambda known: number, frozenset(), unit if unit == BYTES else None, token.span)

    def _name(self, token: _Token) -> Term:
        name = one_spelling(token.text)
        own = name.removeprefix("spec.")
        if own in self.parameters:
            return Term(operator.itemgetter(own), frozenset((own,)), "", token.span)
        if name not in self.quantities:
            known = list(dict.fromkeys([*self.parameters, *self.quantities]))
            hints = [*did_you_mean(name, known), f"known here: {listed(known, limit=30)}"]
            message = f"`{shorten(token.text)}` is neither counted nor a parameter of the spec"
            raise self._error("unknown-name", message, token.span, *hints)
        return Term(operator.itemgetter(name), frozenset((name,)), self.quantities[name], token.span)

    def _check_units(self, left: Term, right: Term) -> None:
        units = {left.unit, right.unit} - {None}
        if len(units) > 1:
            term = right if right.unit == BYTES else left
            hint = "write 1K, 1M or 1G for a number, and KiB, MiB or GiB for bytes"
            message = "bytes are compared with a number that does not count bytes"
            raise self._error("bad-condition", message, term.span, hint)
        number = next((term for term in (left, right) if term.unit is None and not term.names), None)
        value = _constant(number) if number is not None and BYTES in units else None
        if number is not None and value is not None and 0 < value < FEWEST_BYTES:
            text = self._written(*number.span)
            hint = f"write {text}MiB or {text}GiB, or {text}B for so many bytes"
            raise self._error("bad-condition", f"`{text}` has no unit", number.span, hint)

    # ---- tokens

    def _tokens(self) -> Iterator[_Token]:
        text, place = self.source.text, 0
        while place < len(text):
            if text[place].isspace():
                place += 1
                continue
            match = _TOKEN.match(text, place)
            if match is None:
                span = Span(place, place + 1)
                raise self._error("bad-condition", f"`{shorten(text[place])}` has no meaning here", span, _EXAMPLE)
            kind = str(match.lastgroup)
            yield _Token("number" if kind == "unit" else kind, match[0], Span.of(match))
            place = match.end()

    def _at_end(self) -> bool:
        return self.place == len(self.tokens)

    def _next(self) -> _Token:
        if self._at_end() or self.place >= MAX_TERMS:
            end = len(self.source.text)
            message = "the condition ends too early" if self._at_end() else "the condition is too long"
            raise self._error("bad-condition", message, Span(max(0, end - 1), max(1, end)), _EXAMPLE)
        self.place += 1
        return self.tokens[self.place - 1]

    def _take(self, *wanted: str) -> _Token | None:
        if self._at_end() or self.tokens[self.place].text.lower() not in wanted:
            return None
        return self._next()

    def _rest(self) -> SpecError:
        token = self.tokens[self.place]
        hints = [_EXAMPLE]
        if token.text.startswith("_"):
            hints = ["a number has no underscores: write 50000, or 50K", *hints]
        if token.text.lower() in ("or", "not"):
            hints = ["conditions are joined by `and`; for alternatives, call the command for each of them"]
        return self._error("bad-condition", f"`{shorten(token.text)}` does not belong here", token.span, *hints)

    def _error(self, code: str, message: str, span: Span, *hints: str) -> SpecError:
        return SpecError(code, message, span=span, source=self.source, hints=hints)
