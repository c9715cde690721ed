"""Lines that stand below each other: claims and comments begin in one column, and so do separators that did before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

APART = 2
"""Spaces in front of a claim or a comment."""

MOST_SPACES = 40
"""Spaces that an alignment may add; lines that differ by more are not aligned."""


@dataclass
class SpecLine:
    """One line: its indent, its code, a claim at its end, its comment.

    ``first`` is how long the code is in front of the first separator, and ``column`` where that stood in the text;
    ``apart`` says whether several spaces stood in front of it.
    ``pieces`` become the code when the line is complete, since a line may be as long as a spec.
    """

    indent: str = ""
    code: str = ""
    pieces: list[str] = field(default_factory=list)
    claim: str = ""
    comment: str = ""
    separated: bool = False
    first: int | None = None
    column: int | None = None
    apart: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is written in it."""
        return not (self.code or self.pieces or self.claim or self.comment)

    def add(self, text: str) -> None:
        """Add code; a claim in front of it is not at the end any more."""
        if self.claim:
            self.pieces.append(f" {self.claim}")
            self.claim = ""
        if text:
            self.pieces.append(text)

    def add_claim(self, text: str, *, alone: bool) -> None:
        """Add a claim, which stands at the end unless something follows; on a line of its own it is code."""
        if alone:
            self.pieces.append(text)
        else:
            self.add("")
            self.claim = text

    def complete(self) -> None:
        """Join the code."""
        self.code = "".join(self.pieces)

    def cut(self) -> None:
        """Remember that the first separator stands here."""
        if self.first is None:
            self.first = sum(map(len, self.pieces))


def aligned(lines: Sequence[SpecLine]) -> list[str]:
    """Return the text of every line."""
    for _, group in groupby(lines, key=lambda line: (line.empty, line.indent)):
        paragraph = list(group)
        _align_separators(paragraph)
    texts: list[str] = []
    for _, group in groupby(lines, key=lambda line: (line.empty, line.indent)):
        texts += _columns(list(group))
    return texts


def _align_separators(lines: list[SpecLine]) -> None:
    """Keep the first separators of neighbouring lines below each other where they stood so, with spaces in between."""
    for column, group in groupby(lines, key=lambda line: line.column if line.first is not None else None):
        rows = list(group)
        if column is None or len(rows) < 2:
            continue
        firsts = [row.first or 0 for row in rows]
        most = max(firsts)
        if 0 < most - min(firsts) <= MOST_SPACES and any(row.apart for row in rows):
            for row, first in zip(rows, firsts, strict=True):
                row.code = row.code[:first] + " " * (most - first) + row.code[first:]


def _columns(lines: list[SpecLine]) -> list[str]:
    """Put claims, and then comments, of lines that belong together into one column."""
    texts = [line.indent + line.code for line in lines]
    texts = _behind(texts, [line.claim for line in lines])
    own = [line.comment if line.code or line.claim else "" for line in lines]
    texts = _behind(texts, own)
    return [
        line.indent + line.comment if line.comment and not (line.code or line.claim) else text.rstrip()
        for line, text in zip(lines, texts, strict=True)
    ]


def _behind(texts: list[str], more: list[str]) -> list[str]:
    """Put something behind lines, in one column where their lengths are not too different."""
    lengths = [len(text.rsplit("\n", 1)[-1]) for text, behind in zip(texts, more, strict=True) if behind]
    if not lengths:
        return texts
    longest = max(lengths)
    far = longest - min(lengths) > MOST_SPACES
    ends = [APART if far else longest - len(text.rsplit("\n", 1)[-1]) + APART for text in texts]
    return [text + " " * end + behind if behind else text for text, behind, end in zip(texts, more, ends, strict=True)]
