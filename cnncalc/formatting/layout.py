"""From tokens to lines: what stands beside what, with which space between, and how far a line is indented."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cnncalc.formatting.alignment import SpecLine
from cnncalc.formatting.tokens import SpecToken, TokenKind

INDENT = "  "
_OPENING = (TokenKind.GROUP, TokenKind.MERGE)
_ALONE = (TokenKind.STATEMENT, TokenKind.ROW)


class LineLayout:
    """Puts tokens into lines, one after the other."""

    def __init__(self, text: str) -> None:
        """Take the text, so that it is known which separators stood below each other."""
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.lines: list[SpecLine] = []
        self.line = SpecLine()
        self.brackets: list[TokenKind] = []
        self.in_block = False
        self.last: SpecToken | None = None
        self.row = 0

    def of(self, tokens: Iterable[SpecToken]) -> list[SpecLine]:
        """Return the lines."""
        for token in tokens:
            if token.kind is TokenKind.NEWLINE:
                self.end_line(blank_too=True)
                self.row += 1
            elif token.kind is TokenKind.COMMENT:
                self.comment(token)
            elif token.kind is TokenKind.THEN:
                self.then(token)
            else:
                self.code(token)
                self.row += token.text.count("\n")
        self.end_line(blank_too=False)
        return self.lines

    def code(self, token: SpecToken) -> None:
        """Add a token that says something."""
        last = self.last
        if last is not None and (token.kind in _ALONE or last.kind in _ALONE):
            self.end_line(blank_too=False)
            last = None
        if token.kind is TokenKind.STATEMENT and token.text == "end":
            self.in_block = False
        if last is None:
            self.line.indent = INDENT * self.depth_of(token)
        self.line.separated = self.line.separated or bool(last and last.kind is TokenKind.THEN)
        if token.kind is TokenKind.CLAIM and (last is None or last.kind is not TokenKind.THEN):
            self.line.add_claim(token.text, alone=last is None)
        else:
            self.line.add(self.space(last, token) + token.text)
        if token.kind in _OPENING:
            self.brackets.append(token.kind)
        elif token.kind is TokenKind.CLOSE and self.brackets:
            self.closed = self.brackets.pop()
        if token.kind is TokenKind.STATEMENT and token.text.startswith("block "):
            self.in_block = True
        self.last = token

    def depth_of(self, token: SpecToken) -> int:
        """Return how far a line is indented that begins with a token."""
        back = token.kind is TokenKind.CLOSE or token.kind is TokenKind.PIPE
        return self.in_block + len(self.brackets) - (back and bool(self.brackets))

    def space(self, last: SpecToken | None, token: SpecToken) -> str:
        """Return what stands between two tokens of a line."""
        if last is None or token.kind is TokenKind.REPEAT:
            return ""
        if last.kind is TokenKind.GROUP:
            return ""
        if token.kind is TokenKind.CLOSE:
            merge = bool(self.brackets) and self.brackets[-1] is TokenKind.MERGE
            return " " if merge else ""
        return " - " if last.kind is TokenKind.THEN else " "

    def then(self, token: SpecToken) -> None:
        """Remember a separator; one at the beginning or the end of a line, or beside a bracket, says nothing."""
        if self.last is None or self.last.kind in (*_OPENING, TokenKind.PIPE, TokenKind.LABEL, TokenKind.THEN):
            return
        if self.last.kind in _ALONE:
            self.end_line(blank_too=False)
            return
        if not self.line.separated and token.text == "-":
            self.line.column = token.start - self.starts[self.row]
            self.line.apart = self.text[token.start - 2 : token.start] == "  "
        self.line.cut()
        self.last = token

    def comment(self, token: SpecToken) -> None:
        """Add a comment: behind the code of its line, or as a line."""
        if self.last is None:
            self.line.indent = INDENT * (self.in_block + len(self.brackets))
        self.line.comment = token.text

    def end_line(self, *, blank_too: bool) -> None:
        """Begin a new line."""
        if self.line.empty and not blank_too:
            return
        self.line.complete()
        self.lines.append(self.line)
        self.line = SpecLine()
        self.last = None
