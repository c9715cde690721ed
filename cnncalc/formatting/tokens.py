"""From a text that parses to tokens: layers, calls, brackets, separators, comments, line ends.

A token keeps what is written, in lower case and with single spaces; comments and the rows of a table are kept as they
are, and so are H, W and C in expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from cnncalc.core.source import Source
from cnncalc.spec import table
from cnncalc.spec.scanner import BETWEEN_SIZES, NAME, SIZES, WORD, Scanner, normalise
from cnncalc.spec.steps import STATEMENTS


class TokenKind(Enum):
    """What a token is."""

    NEWLINE = auto()
    COMMENT = auto()
    THEN = auto()
    STATEMENT = auto()
    ROW = auto()
    LABEL = auto()
    STEP = auto()
    MERGE = auto()
    GROUP = auto()
    CLOSE = auto()
    PIPE = auto()
    REPEAT = auto()
    CLAIM = auto()


class SpecToken(NamedTuple):
    """What is written, and where it began."""

    kind: TokenKind
    text: str
    start: int


_SPACES = re.compile(r"[^\S\n]+")
_THEN = re.compile(r"->|[,;→]|-(?![0-9{])")
_COMMENT = re.compile(r"#[^\n]*")
_CLAIM = re.compile(r"=>[^\S\n]*")
_REPEAT = re.compile(r"\*\s*")
_COUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?|[a-z_][a-z0-9_]*|\{[^{}\n]*\}")
_COLON = re.compile(r"[^\S\n]*:(?![0-9{])")
_CALLED = re.compile(rf"({NAME.pattern})[^\S\n]*\(")
_ASSIGNED = re.compile(r"[^\S\n]*=(?!>)[^\S\n]*")
_AT = re.compile(r"@[^\S\n]*")
_OUTPUT = re.compile(r"output[^\S\n]+@")
_LINE = re.compile(r"[^\n]*")
_CODE = re.compile(r"[^\n#]*")
_SIZE = re.compile(r"(?<!\w)[HWC](?!\w)")
_BRACED = re.compile(r"\{[^{}\n]*\}")
_SIGNIFICANT = re.compile(r"#[^\n]*|\{[^{}\n]*\}|=[^\S\n]*\[[^\]]*\]|[()\[\]|]")


class SpecTokens:
    """Reads tokens from left to right, which knows as much of the grammar as spaces need."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = normalise(source.text)
        self.shown = _with_sizes(self.text, source.text)
        self.position = 0
        self.depth = 0
        self.in_block = False
        self.merges = _merge_brackets(self.text)
        self.scanner = Scanner(source)
        self.after_label = False

    def __iter__(self) -> Iterator[SpecToken]:
        """Yield the tokens of the whole text."""
        starts_step = True
        while self.match(_SPACES) or self.position < len(self.text):
            if self.position >= len(self.text):
                return
            start = self.position
            kind, text = self.next(starts_step)
            if self.position == start:
                raise ValueError(f"no token begins with {self.text[start]!r}")
            self.after_label = kind is TokenKind.LABEL
            starts_step = kind not in (TokenKind.STEP, TokenKind.CLOSE, TokenKind.REPEAT, TokenKind.CLAIM)
            yield SpecToken(kind, text, start)

    def next(self, starts_step: bool) -> tuple[TokenKind, str]:
        """Return what stands here."""
        character = self.text[self.position]
        if character == "\n":
            self.position += 1
            return TokenKind.NEWLINE, "\n"
        if character == "#":
            return TokenKind.COMMENT, self.kept(_COMMENT)
        if character in ")]":
            self.position += 1
            self.depth -= 1
            return TokenKind.CLOSE, character
        if character == "|":
            self.position += 1
            return TokenKind.PIPE, "|"
        if self.match(_CLAIM):
            return TokenKind.CLAIM, f"=> {self.volume()}"
        if self.match(_REPEAT):
            return TokenKind.REPEAT, "*" + _tidy_braces(self.taken(_COUNT))
        if _THEN.match(self.text, self.position):
            return TokenKind.THEN, self.taken(_THEN)
        return self.step() if starts_step or character in "([" else (TokenKind.STEP, self.layer())

    def step(self) -> tuple[TokenKind, str]:
        """Return what begins a step: a bracket, a statement, a row of a table, a label, a call or a layer."""
        start = self.position
        if self.text[self.position] in "([":
            return self.opened(TokenKind.GROUP, "")
        name = NAME.match(self.text, self.position)
        label = None if self.after_label else self.label()
        stated = bool(name and name[0] in STATEMENTS) or bool(_OUTPUT.match(self.text, self.position))
        if name and not label and not self.after_label and stated:
            return self.statement(name)
        if not self.depth and not self.in_block and (end := self.row_end()):
            kept = self.source.text[self.position : end]
            self.position = end
            return TokenKind.ROW, " ".join(kept.rstrip().split("\t"))
        if label:
            name_end, self.position = label
            return TokenKind.LABEL, f"{self.text[start:name_end]}:"
        if called := _CALLED.match(self.text, self.position):
            bracket = called.end() - 1
            if bracket in self.merges:
                self.position = bracket
                return self.opened(TokenKind.MERGE, called[1])
            self.position = bracket + 1
            return TokenKind.STEP, f"{called[1]}({self.arguments()})"
        return TokenKind.STEP, self.layer()

    def label(self) -> tuple[int, int] | None:
        """Return where a label's name and its colon end, or None where none stands here."""
        end = self.name_end(self.position)
        colon = _COLON.match(self.text, end) if end > self.position else None
        return (end, colon.end()) if colon else None

    def name_end(self, start: int) -> int:
        """Return where a label's name ends that begins here: it may have letters of any script."""
        self.scanner.position = start
        self.scanner.label_name()
        return self.scanner.position

    def opened(self, kind: TokenKind, word: str) -> tuple[TokenKind, str]:
        """Return an opening bracket behind its word."""
        bracket = self.text[self.position]
        self.position += 1
        self.depth += 1
        return kind, word + bracket

    def statement(self, name: re.Match[str]) -> tuple[TokenKind, str]:
        """Return a whole statement; of a block, its head."""
        word = name[0]
        self.position = name.end()
        self.match(_SPACES)
        if word == "input":
            named = NAME.match(self.text, self.position)
            inner = f"{self.taken(NAME)} " if named else ""
            self.match(_SPACES)
            return TokenKind.STATEMENT, f"input {inner}{self.volume()}"
        if word == "param":
            left = self.taken(NAME)
            self.match(_ASSIGNED)
            return TokenKind.STATEMENT, f"param {left} = {self.expression()}"
        if word == "output":
            return TokenKind.STATEMENT, "output " + " ".join(re.split(r"[\s,;]+", self.taken(_CODE).strip(" \t,;")))
        if word == "end":
            self.in_block = False
            return TokenKind.STATEMENT, "end"
        text = f"{word} {self.taken(NAME)}"
        if word == "block":
            self.in_block = True
            space = _SPACES.match(self.text, self.position)
            bracket = space.end() if space else self.position
            if self.text.startswith("(", bracket):
                self.position = bracket + 1
                text += f"({self.arguments()})"
        return TokenKind.STATEMENT, text

    def row_end(self) -> int | None:
        """Return where a row of the lecture's table ends that begins here, or None."""
        row = table.read_row(self.source, self.text, self.position)
        if row is None and not table.starts_total(self.text, self.position):
            return None
        return _LINE.match(self.text, self.position).end()  # type: ignore[union-attr]  # matches always

    def volume(self) -> str:
        """Return a volume, its sizes joined by x."""
        if sizes := SIZES.match(self.text, self.position):
            self.position = sizes.end()
            return BETWEEN_SIZES.sub("x", sizes[1])
        return self.word()

    def word(self) -> str:
        """Return a word with the expressions in it, or nothing."""
        start = self.position
        return _tidy_braces(self.shown[start : self.position]) if self.match(WORD) else ""

    def layer(self) -> str:
        """Return a layer with its words, or a label that is taken."""
        words: list[str] = []
        while True:
            before = self.position
            self.match(_SPACES)
            if at := _AT.match(self.text, self.position):
                self.position = self.name_end(at.end())
                words.append(f"@{self.text[at.end() : self.position]}")
            elif word := self.word():
                words.append(word + self.assigned())
            else:
                self.position = before
                return " ".join(words)

    def assigned(self) -> str:
        """Return ``=value`` behind an option's name, or nothing."""
        if not self.match(_ASSIGNED):
            return ""
        if self.text.startswith("[", self.position):
            end = self.text.index("]", self.position) + 1
            numbers, self.position = self.source.text[self.position : end], end
            return f"={numbers}"
        value = f"{self.word()}{self.assigned()}"
        return f"= {value}" if value.startswith(">") else f"={value}"  # `=>` would be a claim

    def arguments(self) -> str:
        """Return what stands between the brackets of a call; what is on several lines keeps its lines."""
        start = self.position
        depth = 1
        for found in _SIGNIFICANT.finditer(self.text, start):
            depth += {"(": 1, ")": -1}.get(found[0], 0)
            if not depth:
                self.position = found.end()
                inner = self.shown[start : found.start()]
                if "\n" in inner:
                    kept = self.source.text[start : found.start()]
                    return "\n".join(line.rstrip() for line in kept.split("\n"))
                return ", ".join(_tidy_argument(one) for one in _apart(inner) if one.strip())
        raise ValueError("a call that is never closed")

    def expression(self) -> str:
        """Return an expression that stands on one line, up to what separates it from the next step."""
        depth = 0
        end = self.position
        while end < len(self.text):
            character = self.text[end]
            if character in "#;→" or (not depth and character in "\n,"):
                break
            depth += {"(": 1, ")": -1, "{": 1, "}": -1}.get(character, 0)
            end += 1
        text, self.position = self.shown[self.position : end], end
        return _tidy_braces(_tidy(text))

    def match(self, pattern: re.Pattern[str]) -> bool:
        """Go behind what the pattern describes, if it stands here."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return False
        self.position = found.end()
        return True

    def taken(self, pattern: re.Pattern[str]) -> str:
        """Return what the pattern describes, and go behind it."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return ""
        self.position = found.end()
        return found[0]

    def kept(self, pattern: re.Pattern[str]) -> str:
        """The same, as it is written."""
        start = self.position
        self.match(pattern)
        return self.source.text[start : self.position].rstrip()


def _with_sizes(text: str, written: str) -> str:
    """Return a normalised text in which H, W and C stay capitals where they are written so."""
    capitals = [match.start() for match in _SIZE.finditer(written)]
    letters = list(text)
    for place in capitals:
        letters[place] = written[place]
    return "".join(letters)


def _merge_brackets(text: str) -> set[int]:
    """Return where the brackets open in which branches stand."""
    stack: list[int] = []
    found = set()
    for match in _SIGNIFICANT.finditer(text):
        if match[0] in ("(", "["):
            stack.append(match.start())
        elif match[0] in (")", "]") and stack:
            stack.pop()
        elif match[0] == "|" and stack:
            found.add(stack[-1])
    return found


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _tidy_braces(word: str) -> str:
    return _BRACED.sub(lambda braced: f"{{{_tidy(braced[0][1:-1])}}}", word) if "{" in word else word


def _tidy_argument(text: str) -> str:
    name = NAME.match(text.lstrip())
    left, equals, right = text.partition("=")
    if name and equals:
        return f"{_tidy(left)}={_tidy_braces(_tidy(right))}"
    return _tidy_braces(_tidy(text))


def _apart(text: str) -> list[str]:
    """Cut arguments at the commas that do not stand in brackets."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
