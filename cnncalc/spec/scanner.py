"""Reading a text from left to right: words, names, what stands between them, and what is wrong with it."""

from __future__ import annotations

import re

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_NAME, MAX_PARTS, MAX_WORDS
from cnncalc.core.source import Source, Span
from cnncalc.core.words import one_spelling, shorten
from cnncalc.spec import tree
from cnncalc.spec.expressions import RESERVED_NAMES, Expression, ExpressionParser

_SIGNS = {**dict.fromkeys("−–—‐‑", "-"), "×": "x"}
GAP = re.compile(r"[^\S\n]*")
_AT_ONCE = 64
"""So many separators are read by one match, which keeps each of them in mind; so many have at least as many letters."""
THEN = re.compile(rf"(?:[\s,;→]+|->|-(?![0-9{{])|#[^\n]*){{0,{_AT_ONCE}}}")
_SEPARATOR = re.compile(rf"({GAP.pattern}){THEN.pattern}")
_SPACE = re.compile(r"\s+|#[^\n]*")
NAME = re.compile(r"[a-z_][a-z0-9_]*")
WORD = re.compile(r"(?:[^\s()\[\]|,;#@*=→{}:-]+|\{[^{}\n]*\}|:(?=[0-9{])|-(?=[0-9{])){1,500}")
SIZES = re.compile(r"([0-9]+(?:[^\S\n]*[x,*][^\S\n]*[0-9]+|[^\S\n]+[0-9]+)+)(?=[^\S\n]*(?:\Z|[\n;#→|)\]-]|,))")
BETWEEN_SIZES = re.compile(r"[^\S\n]*[x,*][^\S\n]*|[^\S\n]+")
_VISIBLE = re.compile(r"\w+|[^\s]")
_BRACED = re.compile(r"[^{}\n]*\}")
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?"
_IN_NUMBERS = re.compile(rf"({_NUMBER}(?:/[0-9]+)?)(?![^\s,;|#\]])|(;|\|\|?|\n)|(?:[^\S\n]|,)+|#[^\n]*")
_BETWEEN_NUMBERS = ("", "\n", ";", "|", "||")
"""What stands between two numbers, the weakest first."""
CLOSING = ")]}|"
_SEPARATORS = "a newline, `,`, `;`, ` - ` or `->`"


def normalise(text: str) -> str:
    """Return the text in lower case with plain signs; every character keeps its place."""
    if text.isascii():
        return text.lower()
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    return text.replace("İ", "i").lower()  # İ is the only letter that two characters stand for in lower case


class Scanner:
    """Stands at a ``position`` in a text and reads what it is asked for, or says what is wrong there.

    ``text`` is the normalised text, in which every character has the place that it has in ``source``.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = normalise(source.text)
        self.position = 0
        self.depth = 0
        self.size = 0

    # ---- words

    def volume(self, expected: str) -> tree.Word:
        """volume = word | number { ( "x" | "," | "*" | " " ) number }"""
        self.gap()
        if sizes := SIZES.match(self.text, self.position):
            self.position = sizes.end()
            text = BETWEEN_SIZES.sub("x", sizes[1])
            return tree.Word((text,), Span.of(sizes, 1), text)
        return self.word(expected)

    def word(self, expected: str) -> tree.Word:
        """word = { character | "{" expression "}" }"""
        match = WORD.match(self.text, self.position)
        if match is None:
            raise self.unexpected(expected)
        return self.word_at(Span.of(match))

    def word_at(self, span: Span) -> tree.Word:
        """Read the word of a place, and go on behind it."""
        self.position = span.end
        text = self.text[span.start : span.end]
        if "{" not in text:
            return tree.Word((text,), span, text)
        return tree.Word(self.parts(span), span, None)

    def parts(self, span: Span) -> tuple[str | Expression, ...]:
        """Cut a word into its texts and its expressions."""
        after = span.end
        parts: list[str | Expression] = []
        position = span.start
        while position < span.end:
            brace = self.text.find("{", position, span.end)
            stop = span.end if brace < 0 else brace
            if stop > position:
                parts.append(self.text[position:stop])
            self.position = position = stop
            if brace >= 0:
                parts.append(self.braced())
                position = self.position
        self.position = after
        return tuple(parts)

    def braced(self) -> Expression:
        """braced = "{" expression "}" """
        opened = self.position
        match = _BRACED.match(self.text, opened + 1)
        if match is None:
            raise self.unclosed(opened, "}")
        end = match.end() - 1
        value = self.parsed(ExpressionParser(self.source, self.text, opened + 1, end, self.depth))
        if self.text[self.position : end].strip():
            raise self.unexpected("an operator or `}`")
        self.position = end + 1
        return value

    def numbers(self) -> tree.Word:
        """numbers = "[" { number | ";" | newline | "|" | "||" } "]", as one word: ``[-1 0 1; -1 0 1]``"""
        opened = self.position
        self.position += 1
        parts: list[str] = []
        while not self.take("]"):
            match = _IN_NUMBERS.match(self.text, self.position)
            if match is None:
                closed = self.position < len(self.text)
                raise self.unexpected_in_numbers() if closed else self.unclosed(opened, "]")
            self.position = match.end()
            parts.extend(filter(None, match.groups()))
            self.count_part()
        text = f"[{_in_one_line(parts)}]"
        return tree.Word((text,), Span(opened, self.position), text)

    def expression(self, *, across_lines: bool = True) -> Expression:
        """expression, with or without braces around it"""
        self.gap()
        if self.text.startswith("{", self.position):
            return self.braced()
        parser = ExpressionParser(self.source, self.text, self.position, len(self.text), self.depth)
        parser.across_lines = across_lines
        return self.parsed(parser)

    def parsed(self, parser: ExpressionParser) -> Expression:
        """Read an expression, and go on behind it."""
        value = parser.read()
        self.position = parser.position
        self.count_part(parser.terms)
        return value

    def name(self, expected: str) -> str:
        """name = letter { letter | digit | "_" }"""
        self.gap()
        match = NAME.match(self.text, self.position)
        if match is None:
            raise self.unexpected(expected)
        self.position = match.end()
        return match[0]

    def parameter_name(self) -> str:
        """name, but not one of the reserved ones"""
        name = self.name("a parameter's name")
        self.refuse_long(name)
        if name in RESERVED_NAMES:
            span = Span(self.position - len(name), self.position)
            hints = ["it is a function; choose another name"]
            raise self.error("bad-name", f"`{name}` is a reserved name", span, hints)
        return name

    def label_name(self) -> str | None:
        """[ letter { letter | digit | "_" } ], letters of any script; None where none stands here"""
        match = NAME.match(self.text, self.position)
        end = match.end() if match else self.position
        if self.text[end : end + 1].isascii():
            self.position = end
            return match[0] if match else None
        start = self.position
        while end < len(self.text) and f"{'a' if end > start else ''}{self.text[end]}".isidentifier():
            end += 1
        self.position = end
        return one_spelling(self.text[start:end]) if end > start else None

    # ---- between the words

    def gap(self) -> None:
        """Skip spaces on this line."""
        if self.text[self.position : self.position + 1].isspace():
            self.match(GAP)

    def space(self) -> None:
        """Skip spaces, line ends and comments."""
        while self.match(_SPACE):
            pass

    def then(self) -> None:
        """Skip what separates two steps."""
        self._read_separators(THEN)

    def separator(self, closers: str = "") -> None:
        """Skip the separators between two steps; something else than a space must stand there."""
        start = self._read_separators(_SEPARATOR).end(1)
        if start == self.position and self.text[start : start + 1] not in closers:
            raise self.unexpected_after_step()

    def _read_separators(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Read separators, of which there may be none; return the match of the first of them."""
        first = pattern.match(self.text, self.position)
        assert first is not None  # it matches always
        start, self.position = self.position, first.end()
        while self.position - start >= _AT_ONCE:
            start = self.position
            self.match(THEN)
        return first

    def comma_or_close(self, opened: int) -> None:
        """Read the comma after an argument, or stop before `)`."""
        self.space()
        if self.take(","):
            self.space()
        elif self.position >= len(self.text):
            raise self.unclosed(opened, ")")
        elif not self.text.startswith(")", self.position):
            raise self.unexpected("`,` or `)`")

    def match(self, pattern: re.Pattern[str]) -> bool:
        """Read what the pattern describes, if it stands here."""
        match = pattern.match(self.text, self.position)
        if match is None:
            return False
        self.position = match.end()
        return True

    def take(self, character: str) -> bool:
        """Read one character, if it stands here."""
        if not self.text.startswith(character, self.position):
            return False
        self.position += 1
        return True

    def expect(self, pattern: re.Pattern[str], expected: str) -> None:
        """Read what the pattern describes, or say what should stand here."""
        if not self.match(pattern):
            raise self.unexpected(expected)

    def end_of_text(self) -> None:
        """Make sure that nothing follows."""
        self.space()
        if self.position < len(self.text):
            raise self.unexpected("nothing more")

    # ---- limits

    def count_part(self, count: int = 1) -> None:
        """Count what has been read, so that no text makes a tree larger than its limit."""
        self.size += count
        if self.size > MAX_PARTS:
            span = Span(self.position, self.position + 1)
            hints = ["write what repeats once: (conv 3x3x64 p1 - relu)*100"]
            raise self.error("too-long", f"a spec has at most {MAX_PARTS:,} layers, options and numbers", span, hints)

    def refuse_long(self, name: str, span: Span | None = None) -> None:
        """Refuse a name that is too long; without a span it has just been read."""
        if len(name) > MAX_NAME:
            span = span or Span(self.position - len(name), self.position)
            raise self.error("bad-name", f"a name has at most {MAX_NAME} characters, not {len(name):,}", span)

    def too_many_words(self, span: Span) -> SpecError:
        """Make the error for a layer with more words than any layer knows."""
        return self.error("too-long", f"a layer has at most {MAX_WORDS} words", span)

    # ---- errors

    def error(self, code: str, message: str, span: Span, hints: list[str] | None = None) -> SpecError:
        """Make an error about a span of this text."""
        return SpecError(code, message, span=span, source=self.source, hints=hints or [])

    def unclosed(self, opened: int, closer: str) -> SpecError:
        """Make the error for a bracket that is never closed; its caret is at the bracket."""
        opener = self.text[opened]
        found = self.text[self.position : self.position + 1]
        if found and found in CLOSING and closer != "}":
            error = self.unexpected(f"`{closer}`, which closes the `{opener}` of line {self.source.line(opened)}")
            if found == "|":
                error.hints = ("branches stand in a merge, such as add( A | B ) or concat( A | B )",)
            return error
        return self.error(
            "unclosed", f"this `{opener}` is never closed", Span(opened, opened + 1), [f"write `{closer}`"]
        )

    def misplaced(self, keyword: str, where: str) -> SpecError:
        """Make the error for a statement that stands where it may not."""
        span = Span(self.position, self.position + len(keyword))
        hints = [f"`{keyword}` stands at the top level, on a line of its own"]
        return self.error("misplaced", f"`{keyword}` may not stand {where}", span, hints)

    def unexpected(self, expected: str) -> SpecError:
        """Make the error for a place where something else should stand."""
        self.gap()
        start = min(self.position, len(self.text))
        match = _VISIBLE.match(self.text, start)
        if match is None:
            found, end = ("the end of the line" if start < len(self.text) else "the end of the text"), start + 1
        else:
            found, end = f"`{shorten(self.source.text[start : match.end()])}`", match.end()
        return self.error("syntax", f"expected {expected}, found {found}", Span(start, end))

    def unexpected_in_numbers(self) -> SpecError:
        """Make the error for a sign in a list of numbers, such as the brackets of a list in a list."""
        error = self.unexpected("a number, `;`, `|` or `]`")
        if self.text.startswith("[", self.position):
            error.hints = ("one pair of brackets, with `;` between rows: `[-1 0 1; -1 0 1]`",)
        return error

    def unexpected_after_step(self) -> SpecError:
        """Make the error for a step that is not separated from the one before."""
        if self.text.startswith("{", self.position):
            return self.unclosed(self.position, "}")
        error = self.unexpected(f"{_SEPARATORS} between two layers")
        if self.text[self.position : self.position + 1] in tuple(")]}"):
            closer = self.text[self.position]
            return self.error("unopened", f"this `{closer}` closes nothing", error.span or Span(0, 0))
        return error


def _in_one_line(parts: list[str]) -> str:
    """Write a list of numbers in one line; of several signs between two numbers the strongest counts."""
    written: list[str] = []
    between = ""
    for part in parts:
        if part in _BETWEEN_NUMBERS:
            between = max(between, part, key=_BETWEEN_NUMBERS.index)
            continue
        sign = {"": " ", "\n": "; ", ";": "; "}.get(between, f" {between} ")
        written.append(sign + part if written else part)
        between = ""
    return "".join(written)
