"""The lecture's formula, ``[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K,SOFTMAX``, from text to a tree of its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_NESTING, MAX_TEXT
from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, joined_by_and, shorten
from cnncalc.layers.registry import find, foreign, words
from cnncalc.spec.scanner import normalise

_TOKEN = re.compile(r"(?P<word>[a-z_][a-z0-9_]*)|(?P<number>[0-9]+)|(?P<then>[-,;→]>?)|(?P<sign>[()\[\]*?])")
_SPACE = re.compile(r"\s*")
_LETTER = re.compile(r"[a-z]")
_CLOSERS = {"(": ")", "[": "]"}

USUAL = {
    "n": "N is usually up to 5",
    "m": "M is as large as the images allow, 3 to 5 for most",
    "k": "K is usually 0, 1 or 2",
}
"""What the lecture says of the numbers in its formula."""

MOST_TIMES = 1_000
"""How often a part may be repeated."""


class PatternPart(NamedTuple):
    """A word or a group, how often it stands there, and whether it may be left out.

    Attributes:
        word: the layer's word, or "" for a group.
        body: the parts of a group, or ().
        times: how often it is repeated, as written: numbers and letters.
        optional: whether a ``?`` stands behind it.
        span: where it stands.

    """

    word: str
    body: tuple[PatternPart, ...]
    times: tuple[str, ...]
    optional: bool
    span: Span

    def parts(self) -> Iterator[PatternPart]:
        """Yield all parts that stand in this one, and then itself: the order in which repeats are written."""
        for part in self.body:
            yield from part.parts()
        yield self


def parse_pattern(text: str) -> PatternPart:
    """Parse a formula into one group.

    Raises:
        SpecError: where the formula has a word that is no layer, or brackets that do not match.
    """
    source = Source("--pattern", text)
    if len(text) > MAX_TEXT // 1000:
        raise SpecError("too-long", f"a formula has at most {MAX_TEXT // 1000:,} characters")
    parser = _PatternParser(source)
    body = parser.sequence("")
    parser.end()
    if not body:
        hints = ['write one, such as "[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1,FC"']
        raise SpecError("empty", "the formula is empty", hints=hints)
    return PatternPart("", body, (), False, Span(0, len(text)))


def letters(pattern: PatternPart) -> list[str]:
    """Return the letters that stand for numbers, in the order in which they are met."""
    found = [times for part in pattern.parts() for times in part.times if not times.isdigit()]
    return list(dict.fromkeys(found))


def check_letters(pattern: PatternPart, numbers: Mapping[str, int]) -> None:
    """Refuse numbers that are missing, and those that the formula has no letter for."""
    known = letters(pattern)
    if missing := [letter for letter in known if letter not in numbers]:
        names = joined_by_and([letter.upper() for letter in missing])
        example = " ".join(f"--times {letter.upper()}=2" for letter in missing)
        verb = "have no numbers" if len(missing) > 1 else "has no number"
        hints = [f"give {example}", *(USUAL[letter] for letter in missing if letter in USUAL)]
        raise SpecError("unknown-name", f"{names} of the formula {verb}", hints=hints)
    for letter in numbers:
        if letter not in known:
            has = f"its letters are {', '.join(known).upper()}" if known else "it has no letters"
            raise SpecError("unknown-name", f"the formula has no {letter.upper()}", hints=[has])


class _PatternParser:
    """Reads a formula from left to right; each method reads one rule."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = normalise(source.text)
        self.position = 0
        self.depth = 0

    def sequence(self, opener: str) -> tuple[PatternPart, ...]:
        """sequence = { part separator }"""
        parts: list[PatternPart] = []
        while (token := self.peek()) is not None and token[0] not in _CLOSERS.values():
            if token.lastgroup == "then":
                self.position = token.end()
            else:
                parts.append(self.part())
        return tuple(parts)

    def part(self) -> PatternPart:
        """part = ( word | group ) { "?" | "*" count }"""
        token = self.take()
        if token[0] in _CLOSERS:
            word, body = "", self.group(token)
        elif token.lastgroup == "word":
            word, body = self.word(token), ()
        else:
            raise self.error("syntax", f"expected a layer, found `{token[0]}`", Span.of(token))
        span = Span(token.start(), self.position)
        times: list[str] = []
        optional = False
        while (behind := self.peek()) is not None and behind[0] in ("*", "?"):
            self.position = behind.end()
            if behind[0] == "*":
                times.append(self.count(behind))
            elif "pool" not in word:
                hints = ["`POOL?` is written where the volume is large enough for it"]
                raise self.error("syntax", "`?` stands after a POOL only", Span.of(behind), hints)
            else:
                optional = True
        return PatternPart(word, body, tuple(times), optional, span)

    def group(self, opened: re.Match[str]) -> tuple[PatternPart, ...]:
        """group = "(" sequence ")" | "[" sequence "]" """
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.error("too-deep", f"brackets nest at most {MAX_NESTING} deep", Span.of(opened))
        body = self.sequence(opened[0])
        closer = _CLOSERS[opened[0]]
        token = self.peek()
        if token is None or token[0] != closer:
            raise self.error("unclosed", f"this `{opened[0]}` is never closed", Span.of(opened), [f"write `{closer}`"])
        self.position = token.end()
        self.depth -= 1
        if not body:
            span = Span(opened.start(), self.position)
            raise self.error("empty", "these brackets are empty", span, ["write a layer between them"])
        return body

    def word(self, token: re.Match[str]) -> str:
        """The word of a layer that needs no size, or one whose size is chosen: CONV, POOL, FC."""
        written, span = token[0], Span.of(token)
        word = foreign().get(written, written)
        found = find(word)
        if word == "input" or (found is not None and not found[2]):
            return word
        shown = shorten(self.source.text[slice(*span)])
        if found is not None or find(written.rstrip("0123456789")) is not None:
            hints = ["leave the size out; --width, --kernel and --hidden choose sizes"]
            raise self.error("unknown-layer", f"a formula has words without sizes, not `{shown}`", span, hints)
        hints = did_you_mean(written, words()) or ["usual are CONV, BN, RELU, POOL, FC, DROPOUT, GAP and SOFTMAX"]
        raise self.error("unknown-layer", f"`{shown}` is not a layer", span, hints)

    def count(self, star: re.Match[str]) -> str:
        """count = number | letter"""
        token = self.peek()
        if token is None or not (token.lastgroup == "number" or _LETTER.fullmatch(token[0])):
            message = "expected how often to repeat, as in `*3` or `*N`"
            raise self.error("syntax", message, Span.of(star))
        self.position = token.end()
        if token.lastgroup == "number" and (len(token[0]) > 6 or int(token[0]) > MOST_TIMES):
            message = f"a part is repeated at most {MOST_TIMES:,} times"
            raise self.error("out-of-range", message, Span.of(token))
        return token[0]

    def end(self) -> None:
        """Make sure that nothing is left over."""
        if (token := self.peek()) is not None:
            raise self.error("unopened", f"this `{token[0]}` closes nothing", Span.of(token))

    def peek(self) -> re.Match[str] | None:
        """Return the next token, or None at the end."""
        self.position = _SPACE.match(self.text, self.position).end()  # type: ignore[union-attr]  # matches always
        if self.position >= len(self.text):
            return None
        token = _TOKEN.match(self.text, self.position)
        if token is None:
            span = Span(self.position, self.position + 1)
            found = shorten(self.source.text[self.position])
            raise self.error("syntax", f"`{found}` has no meaning in a formula", span)
        return token

    def take(self) -> re.Match[str]:
        """Return the next token, which is there, and go on behind it."""
        token = self.peek()
        assert token is not None
        self.position = token.end()
        return token

    def error(self, code: str, message: str, span: Span, hints: list[str] | None = None) -> SpecError:
        """Make an error about a span of the formula."""
        return SpecError(code, message, span=span, source=self.source, hints=hints or [])
