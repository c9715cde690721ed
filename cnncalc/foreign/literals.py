"""Values in the notation of JSON, JavaScript or the rows of YAML, with the place of every table and list.

Keys and words may stand without quotes, quotes may be single, commas may stand at the end; comments are passed over.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from cnncalc.core.limits import MAX_NESTING, MAX_PARTS
from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import damaged, exceed, quoted

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*\*/|#[^\n]*)*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_WORD = re.compile(r"[^\s,:\[\]{}()\"'#;]+")
_STRING = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'")
_ESCAPE = re.compile(r"\\(.)")
_CONSTANTS = {"true": True, "false": False, "null": None, "none": None, "undefined": None, "nan": None}
_MOST_DIGITS = 30
_DEEPEST = 4 * MAX_NESTING


class PlacedTable(dict[str, Any]):
    """An object of a text: its values by their keys, and where it stands."""

    span: Span = Span(0, 1)


class PlacedList(list[Any]):
    """A list of a text, and where it stands."""

    span: Span = Span(0, 1)


class Literals:
    """Reads values from a place of a text on; ``position`` is behind the last one that was read."""

    def __init__(self, source: Source, position: int = 0, end: int | None = None) -> None:
        self.source = source
        self.text = source.text if end is None else source.text[:end]
        self.position = position
        self.depth = self.count = 0

    def value(self) -> Any:
        """Return the next value: a `PlacedTable`, a `PlacedList`, a text, a number, True, False or None."""
        self.space()
        start = self.position
        character = self.text[start : start + 1]
        if character == "{":
            return self._inside(self._table)
        if character in ("[", "("):
            return self._inside(self._row)
        if match := _STRING.match(self.text, start):
            self.position = match.end()
            return _ESCAPE.sub(r"\1", match[1] if match[1] is not None else match[2])
        if character in ("'", '"'):
            self.fail("this text is not closed")
        if match := _NUMBER.match(self.text, start):
            self.position = match.end()
            return self._number(match[0])
        if match := _WORD.match(self.text, start):
            self.position = match.end()
            return _CONSTANTS.get(match[0].lower(), match[0])
        if not character:
            self.fail("the text ends where a value should stand")
        self.fail(f"{quoted(character)} stands where a value should")

    def space(self) -> None:
        """Pass over blanks and comments."""
        self.position = _SPACE.match(self.text, self.position).end()  # type: ignore[union-attr]  # matches always

    def take(self, character: str) -> bool:
        """Pass over a character, if it stands here."""
        self.space()
        if self.text.startswith(character, self.position):
            self.position += len(character)
            return True
        return False

    def fail(self, message: str, start: int | None = None) -> NoReturn:
        """Refuse what stands here, or at ``start``."""
        at = min(self.position if start is None else start, max(0, len(self.text) - 1))
        damaged(self.source, Span(at, at + 1), message)

    def _number(self, written: str) -> int | float:
        if len(written) > _MOST_DIGITS:
            self.fail("this number is too long", self.position - len(written))
        if written.lstrip("+-").isdigit():
            return int(written)
        return float(written)

    def _inside(self, rule: Any) -> Any:
        self.depth += 1
        self.count += 1
        if self.depth > _DEEPEST:
            self.fail(f"brackets nest at most {_DEEPEST} deep")
        if self.count > MAX_PARTS:
            place = Span(self.position, self.position + 1)
            exceed(self.source, place, f"this is more than {MAX_PARTS:,} lists and tables", "too-long")
        value = rule()
        self.depth -= 1
        return value

    def _table(self) -> PlacedTable:
        start = self.position
        self.position += 1
        table = PlacedTable()
        while not self.take("}"):
            self._not_at_end(start)
            key = self.value()
            if not isinstance(key, str | int):
                self.fail("a key is a word")
            if not self.take(":"):
                self.fail(f"`:` and a value should follow the key {quoted(key)}")
            table[str(key)] = self.value()
            if not self.take(",") and not self._closes("}"):
                self.fail("`,` or `}` should stand here")
        table.span = Span(start, self.position)
        return table

    def _row(self) -> PlacedList:
        start = self.position
        closing = "]" if self.text[start] == "[" else ")"
        self.position += 1
        row = PlacedList()
        while not self.take(closing):
            self._not_at_end(start)
            row.append(self.value())
            if not self.take(",") and not self._closes(closing):
                self.fail(f"`,` or `{closing}` should stand here")
        row.span = Span(start, self.position)
        return row

    def _closes(self, character: str) -> bool:
        self.space()
        if self.position >= len(self.text):
            return True  # the loop says what is not closed
        return self.text.startswith(character, self.position)

    def _not_at_end(self, start: int) -> None:
        if self.position >= len(self.text):
            self.fail("this bracket is not closed: the text is cut off", start)


def whole(value: Any, usual: int | None = None) -> int | None:
    """Return a whole number that a text may have written as one or as ``3.0``; None where it is none."""
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e15:
        return None
    return int(value) if value == int(value) else None
