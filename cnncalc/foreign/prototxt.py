"""The text format of protocol buffers, as far as networks of Caffe use it: fields, texts, numbers, messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from cnncalc.core.limits import MAX_NESTING
from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import damaged, quoted
from cnncalc.foreign.literals import whole

_SPACE = re.compile(r"(?:[\s,;]|#[^\n]*)*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_STRING = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'")
_SCALAR = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+|[-+]?[\w.]+")


class Message:
    """The fields of a message in their order; each name may stand several times."""

    def __init__(self, source: Source, start: int) -> None:
        self.source = source
        self.span = Span(start, start + 1)
        self.fields: list[tuple[str, Any]] = []

    def all(self, name: str) -> list[Any]:
        """Return the values of a field, in their order."""
        return [value for field, value in self.fields if field == name]

    def messages(self, *names: str) -> Iterator[Message]:
        """Yield the messages of some fields, in their order."""
        for field, value in self.fields:
            if field in names and isinstance(value, Message):
                yield value

    def message(self, name: str) -> Message:
        """Return a field that is a message; an empty one where it is not there."""
        return next(self.messages(name), Message(self.source, self.span.start))

    def text(self, name: str, usual: str = "") -> str:
        """Return a field as text: a name, or one of the words of an enumeration."""
        values = [value for value in self.all(name) if not isinstance(value, Message)]
        return str(values[-1]) if values else usual

    def number(self, name: str, usual: int | None = None) -> int:
        """Return a field that is a whole number."""
        values = self.all(name)
        found = whole(values[-1] if values else None, usual)
        if found is None:
            what = (
                f"{name} is {quoted(values[-1])}, which is not a whole number"
                if values
                else f"it has no {quoted(name)}"
            )
            self.fail(f"this cannot be read: {what}")
        return found

    def decimal(self, name: str, usual: float) -> float:
        """Return a field that is a number."""
        values = self.all(name)
        value = values[-1] if values else usual
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(f"this cannot be read: {name} is {quoted(value)}, which is not a number")
        return float(value)

    def is_set(self, name: str, usual: bool) -> bool:
        """Return a field that is true or false."""
        return self.text(name, str(usual)).lower() == "true"

    def fail(self, message: str) -> NoReturn:
        """Refuse the message."""
        damaged(self.source, self.span, message)


class PrototxtParser:
    """Reads a text from its first field to its last."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.position = 0

    def parse(self) -> Message:
        """Return the fields of the whole text."""
        root = Message(self.source, 0)
        self.fields(root, 0)
        if self.position < len(self.text):
            self.fail("this bracket closes nothing")
        return root

    def fields(self, message: Message, depth: int) -> None:
        """fields = { name [ ":" ] value }"""
        if depth > MAX_NESTING:
            self.fail(f"messages nest at most {MAX_NESTING} deep")
        while True:
            self.space()
            if self.position >= len(self.text) or self.text[self.position] == "}":
                return
            start = self.position
            name = _NAME.match(self.text, start)
            if name is None:
                self.fail("the name of a field should stand here")
            self.position = name.end()
            self.space()
            colon = self.text.startswith(":", self.position)
            if colon:
                self.position += 1
                self.space()
            if self.text[self.position : self.position + 1] in ("{", "<"):
                message.fields.append((name[0], self.message(start, depth)))
            elif colon:
                message.fields.extend((name[0], value) for value in self.values())
            else:
                self.fail(f"`:` or `{{` should follow {quoted(name[0])}")

    def message(self, start: int, depth: int) -> Message:
        """message = "{" fields "}" """
        opened = self.position
        self.position += 1
        inner = Message(self.source, start)
        self.fields(inner, depth + 1)
        if not self.text.startswith("}", self.position):
            damaged(self.source, Span(opened, opened + 1), "this bracket is not closed: the text is cut off")
        self.position += 1
        return inner

    def values(self) -> list[Any]:
        """values = scalar | "[" { scalar } "]" """
        if not self.text.startswith("[", self.position):
            return [self.scalar()]
        opened = self.position
        self.position += 1
        found: list[Any] = []
        while True:
            self.space()
            if self.position >= len(self.text):
                damaged(self.source, Span(opened, opened + 1), "this bracket is not closed: the text is cut off")
            if self.text[self.position] == "]":
                self.position += 1
                return found
            found.append(self.scalar())

    def scalar(self) -> Any:
        """scalar = string { string } | number | word"""
        if match := _STRING.match(self.text, self.position):
            self.position = match.end()
            return match[1] if match[1] is not None else match[2]
        match = _SCALAR.match(self.text, self.position)
        if match is None:
            self.fail("a value should stand here")
        self.position = match.end()
        return _number(match[0])

    def space(self) -> None:
        """Pass over blanks, separators and comments."""
        self.position = _SPACE.match(self.text, self.position).end()  # type: ignore[union-attr]  # matches always

    def fail(self, message: str) -> NoReturn:
        """Refuse what stands here."""
        at = min(self.position, max(0, len(self.text) - 1))
        damaged(self.source, Span(at, at + 1), message)


def _number(written: str) -> Any:
    if len(written) > 30:
        return written
    try:
        return int(written)
    except ValueError:
        pass
    try:
        value = float(written)
    except ValueError:
        return written
    return value if abs(value) < 1e15 else written
