"""What is varied, as it is written: ``width=8..128:step=8``, ``lr=1e-4..1e-1:log``, ``input=96,128``, ``unit=a|b``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_DIGITS, MAX_NUMBER
from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, one_spelling, shorten
from cnncalc.design.ranges import Choices, Range, RealNumbers, Value, WholeNumbers

OWNERS = ("spec", "recipe")
"""Whose a name is, where both a spec and a recipe have it: ``spec.width``, ``recipe.width``."""

MOST_CHOICES = 10_000
"""Most values that are listed, or that a ``count=`` or the step of a real range makes."""

_NAME = re.compile(r"[^\W\d][\w-]*")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_EXAMPLE = "write NAME=FIRST..LAST, as in width=8..128:step=8, or its values: input=96,128,160"
_LARGEST_EXPONENT = 30


class Variation(NamedTuple):
    """A name with the values that it takes.

    Attributes:
        name: what is varied: a parameter, ``input``, a block, or a setting of training.
        owner: ``spec`` or ``recipe`` where the name is written with it; else "".
        range: the values.
        source: the text that it was read from, for errors.
        name_span, range_span: where name and values stand in it.

    """

    name: str
    owner: str
    range: Range
    source: Source
    name_span: Span
    range_span: Span

    def error(self, code: str, message: str, hints: Iterable[str] = (), *, about_range: bool = False) -> SpecError:
        """Return an error about the name, or about its range."""
        span = self.range_span if about_range else self.name_span
        return SpecError(code, message, span=span, source=self.source, hints=hints)


def read_variations(texts: Iterable[str], option: str = "--vary") -> tuple[Variation, ...]:
    """Read what is varied, one text for each name.

    Raises:
        SpecError: ``bad-name`` and ``bad-range``, with the place in the text; a name that is varied twice.

    """
    found: dict[tuple[str, str], Variation] = {}
    for text in texts:
        variation = _Reader(Source(option, text)).variation()
        key = variation.owner, variation.name
        if key in found:
            hints = ["give all its values at once: 8,16,24"]
            raise variation.error("bad-name", f"`{variation.name}` is varied twice", hints)
        found[key] = variation
    return tuple(found.values())


class _Reader:
    """Reads one text; every rule knows where in it it stands."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def variation(self) -> Variation:
        """variation = [owner "."] name "=" range"""
        text = self.source.text
        written, equals, values = text.partition("=")
        if not equals or not written.strip() or not values.strip():
            raise self._error(
                "bad-range", "a name and its values are joined by `=`", Span(0, max(1, len(text))), _EXAMPLE
            )
        name_span = _stripped(text, 0, len(written))
        owner, name = self._name(name_span)
        range_span = _stripped(text, len(written) + 1, len(text))
        return Variation(name, owner, self._range(range_span), self.source, name_span, range_span)

    def _name(self, span: Span) -> tuple[str, str]:
        owner, dot, name = one_spelling(self._text(span)).rpartition(".")
        if not _NAME.fullmatch(name):
            hints = "a name begins with a letter; it has letters, digits, `_` and `-`"
            raise self._error("bad-name", f"`{shorten(self._text(span))}` is not a name", span, hints)
        if dot and owner not in OWNERS:
            hint = f"write spec.{name} for a parameter of the spec, recipe.{name} for a setting of training"
            raise self._error("bad-name", f"`{shorten(owner)}` is neither `spec` nor `recipe`", span, hint)
        return owner, name

    def _range(self, span: Span) -> Range:
        """range = first ".." last {":" option} | value {("," | "|") value}"""
        if ".." in self._text(span):
            return self._from_to(span)
        values = [self._value(each) for each in self._parts(span, re.compile("[,|]"))]
        if len(values) > MOST_CHOICES:
            raise self._error("bad-range", f"at most {MOST_CHOICES:,} values are listed", span, "write FIRST..LAST")
        for place, value in enumerate(values):
            if value in values[:place]:
                raise self._error(
                    "bad-range", f"the value `{shorten(str(value))}` stands there twice", span, "leave one out"
                )
        return Choices(tuple(values))

    def _value(self, span: Span) -> Value:
        text = self._text(span)
        if not text:
            raise self._error("bad-range", "a value is missing", Span(span.start, span.start + 1), _EXAMPLE)
        if _WHOLE.fullmatch(text) or _NUMBER.fullmatch(text):
            number = self._number(span)
            return int(number) if _WHOLE.fullmatch(text) else float(number)
        return text

    def _from_to(self, span: Span) -> Range:
        ends, *options = self._parts(span, re.compile(":"))
        sides = self._parts(ends, re.compile(r"\.\."))
        if len(sides) != 2:
            raise self._error("bad-range", "a range has two ends", ends, "write FIRST..LAST, as in 8..128")
        first, last = map(self._number, sides)
        if first > last:
            swapped = f"{self._text(sides[1])}..{self._text(sides[0])}"
            raise self._error("bad-range", "the first end of a range is not above the last", ends, f"write {swapped}")
        whole = all(_WHOLE.fullmatch(self._text(side)) for side in sides)
        settings = self._options(options, whole)
        self._check(first, last, settings, options)
        if whole and settings.step is None:
            return WholeNumbers(int(first), int(last), 1, settings.log, settings.points)
        if whole and settings.step is not None and settings.step.denominator == 1:
            return WholeNumbers(int(first), int(last), int(settings.step))
        return RealNumbers(first, last, *settings)

    def _options(self, spans: list[Span], whole: bool) -> _Settings:
        found = _Settings()
        for span in spans:
            name, equals, _ = self._text(span).partition("=")
            value = _stripped(self.source.text, span.start + len(name) + 1, span.end) if equals else None
            found = self._option(found, span, name.strip().lower(), value)
        if found.step is not None and (found.log or found.points is not None):
            other = "log" if found.log else "count"
            raise self._error(
                "bad-range", f"a range has a `step` or a `{other}`, not both", spans[-1], "leave one of them out"
            )
        return found

    def _option(self, found: _Settings, span: Span, name: str, value: Span | None) -> _Settings:
        if name == "log" and value is None:
            return found._replace(log=True)
        if name == "step" and value is not None:
            step = self._number(value)
            if step <= 0:
                raise self._error("bad-range", "the step of a range is above 0", value, "write for example step=8")
            return found._replace(step=step)
        if name == "count" and value is not None:
            count = self._number(value)
            if count.denominator != 1 or not 1 <= count <= MOST_CHOICES:
                message = f"a count is a whole number from 1 to {MOST_CHOICES:,}"
                raise self._error("bad-range", message, value, "write for example count=5")
            return found._replace(points=int(count))
        hints = [*did_you_mean(name, ("step", "log", "count")), "a range takes `:step=8`, `:log` and `:count=5`"]
        raise self._error("bad-range", f"a range has no option `{shorten(self._text(span))}`", span, *hints)

    def _check(self, first: Fraction, last: Fraction, settings: _Settings, options: list[Span]) -> None:
        """Refuse what has no logarithm, and more values than anybody means."""
        if settings.log and first <= 0:
            hint = "write for example 1e-4..1e-1:log"
            raise self._error("bad-range", "a range with `log` begins above 0", options[0], hint)
        if settings.step and settings.step.denominator > 1 and (last - first) // settings.step >= MOST_CHOICES:
            raise self._error(
                "bad-range", f"the range has over {MOST_CHOICES:,} values", options[0], "make its step larger"
            )

    # ---- pieces

    def _number(self, span: Span) -> Fraction:
        text = self._text(span)
        if not _NUMBER.fullmatch(text):
            message = f"`{shorten(text)}` is not a number" if text else "a number is missing"
            raise self._error("bad-range", message, Span(span.start, max(span.end, span.start + 1)), _EXAMPLE)
        exponent = text.lower().partition("e")[2]
        if len(text) > 4 * MAX_DIGITS or abs(int(exponent or 0)) > _LARGEST_EXPONENT or abs(float(text)) > MAX_NUMBER:
            raise self._error("out-of-range", f"numbers go up to {MAX_NUMBER:,}", span)
        return Fraction(text)

    def _parts(self, span: Span, separator: re.Pattern[str]) -> list[Span]:
        return list(_split(self.source.text, span, separator.finditer))

    def _text(self, span: Span) -> str:
        return self.source.text[slice(*span)]

    def _error(self, code: str, message: str, span: Span, *hints: str) -> SpecError:
        return SpecError(code, message, span=span, source=self.source, hints=hints)


class _Settings(NamedTuple):
    """The options of a range that has two ends."""

    step: Fraction | None = None
    log: bool = False
    points: int | None = None


def _split(text: str, span: Span, find: Callable[[str, int, int], Iterator[re.Match[str]]]) -> Iterator[Span]:
    start = span.start
    for match in find(text, *span):
        yield _stripped(text, start, match.start())
        start = match.end()
    yield _stripped(text, start, span.end)


def _stripped(text: str, start: int, end: int) -> Span:
    """Return a stretch of a text without the blanks around it."""
    inner = text[start:end]
    left = start + len(inner) - len(inner.lstrip())
    return Span(left, max(left, start + len(inner.rstrip())))
