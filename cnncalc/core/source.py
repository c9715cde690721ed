"""The text that a network is written in, and places in it."""

from __future__ import annotations

import re
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a source text, as offsets of its first character and of the one after its last."""

    start: int
    end: int

    @classmethod
    def of(cls, match: re.Match[str], group: int | str = 0) -> Span:
        """Return where a pattern has matched, or a group of it."""
        return tuple.__new__(cls, match.span(group))  # by far the most spans: not taken apart and put together again


class Source(NamedTuple):
    """A spec's text and the name it goes by in messages."""

    name: str
    text: str

    def line(self, offset: int) -> int:
        """Return the line, counted from 1, on which ``offset`` lies."""
        return self.text.count("\n", 0, offset) + 1

    def column(self, offset: int) -> int:
        """Return the column, counted from 1, of ``offset`` in its line."""
        return offset - self.text.rfind("\n", 0, offset)

    def line_text(self, offset: int) -> str:
        """Return the text of the line on which ``offset`` lies, without its line end."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")
