"""What can be wrong, as a small tree of errors that are data. ``cnncalc.report`` draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from cnncalc.cleaning import printable


class Span(NamedTuple):
    """A stretch of a source text, as offsets of its first character and of the one after its last."""

    start: int
    end: int


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


class CnncalcError(Exception):
    """Everything that cnncalc finds wrong. ``str()`` gives the place, the message and the hints.

    Attributes:
        code: a stable name for the kind of fault, such as ``does-not-fit``.
        message: one sentence that says what is wrong.
        detail: what stands beside the caret, usually the sum that does not come out.
        hints: what would mend it, one sentence each; the best one first.
        trail: the block calls that lead to the fault, outermost first.
        source, span: where it is; None for a fault that lies in no text (a missing file).
        reached: for a fault in a spec, how far its network came; else None. It stays in its process.
        line, column: the same place, counted from 1; None likewise.

    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        span: Span | None = None,
        source: Source | None = None,
        detail: str = "",
        hints: Iterable[str] = (),
        trail: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail
        self.hints = tuple(hints)
        self.trail = tuple(trail)
        self.source = source
        self.span = span
        self.reached: Any = None

    @property
    def line(self) -> int | None:
        """Line of the fault, counted from 1, or None where it lies in no text."""
        return self.source.line(self.span.start) if self.source and self.span else None

    @property
    def column(self) -> int | None:
        """Column of the fault, counted from 1, or None where it lies in no text."""
        return self.source.column(self.span.start) if self.source and self.span else None

    def __str__(self) -> str:
        placed = self.source is not None and self.span is not None
        place = f"{printable(self.source.name)}:{self.line}:{self.column}: " if self.source and placed else ""
        remarks = [*([self.detail] if self.detail else []), *(f"= {text}" for text in (*self.hints, *self.trail))]
        return "\n  ".join([place + self.message, *remarks])

    def __reduce__(self) -> tuple[Callable[[], CnncalcError], tuple[()]]:
        """Let an error cross from one process to another whole."""
        named = ("span", "source", "detail", "hints", "trail")
        arguments = {name: getattr(self, name) for name in named}
        return partial(type(self), self.code, self.message, **arguments), ()


class SpecError(CnncalcError, ValueError):
    """A fault in a spec, or in how it was handed over."""


class ArgumentError(SpecError):
    """A call of the library with a value that an argument does not take."""


class ArgumentTypeError(ArgumentError, TypeError):
    """A call of the library with a value of the wrong type: a batch of 1.5."""


class DataError(CnncalcError, ValueError):
    """A data set that is missing, damaged or does not suit the network."""


class DeviceError(CnncalcError, RuntimeError):
    """A device that is not there, or that cannot do what is asked."""


class RunError(CnncalcError, RuntimeError):
    """A training run that cannot begin, go on or be read."""


class WriteError(CnncalcError, OSError):
    """An output that could not be written."""


class Fault(Exception):
    """What a layer finds wrong with itself: the inner rule, which knows no text and no line.

    ``about`` names the argument at fault (``"stride"``); whoever called the layer knows where in the
    text that stands, and raises a `SpecError` in its place. ``changes`` says by how much smaller, and by how
    much larger, the volume would have to be, per dimension.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        about: str = "",
        detail: str = "",
        hints: Iterable[str] = (),
        changes: tuple[tuple[int, int], ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.about = about
        self.detail = detail
        self.hints = tuple(hints)
        self.changes = changes


class Note(NamedTuple):
    """Something worth telling that is no fault: the counting goes on."""

    code: str
    message: str
    span: Span
    source: Source | None = None
    """Where the span lies, if not in the spec."""


_MOST_LETTERS_OFF = 6
_MOST_COMPARED = 2000


def closest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Return the ``known`` words that ``word`` was most likely meant to be, the likeliest first."""
    if len(word) > 40:
        return []
    from difflib import get_close_matches  # only on the way to an error

    alike = {name for name in known if abs(len(name) - len(word)) <= _MOST_LETTERS_OFF}
    return get_close_matches(word, sorted(alike)[:_MOST_COMPARED], count, 0.6)


def did_you_mean(word: str, known: Iterable[str]) -> list[str]:
    """Return a list with one hint, or none where no known word is near."""
    return [f"did you mean `{match}`?" for match in closest(word, known)]


def listed(names: Iterable[str], limit: int = 10) -> str:
    """Return names in order, joined by commas; of many, the first ones."""
    ordered = sorted(names)
    return ", ".join(ordered[:limit]) + (", …" if len(ordered) > limit else "")


def shorten(text: str, limit: int = 40) -> str:
    """Return ``text`` for use in a message: printable, no longer than ``limit`` and without line ends."""
    text = " ".join(text[: 4 * limit].split()) + ("…" if len(text) > 4 * limit else "")
    return printable(text if len(text) <= limit else text[: limit - 1] + "…")


def type_text(value: object) -> str:
    """Return what a value is, for a message: ``a str``, ``an int``, ``None``."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


LONGEST_PATH = 120


def shorten_path(path: str) -> str:
    """Return a path for use in a message: printable, and of a long one the end, which says which file it is."""
    whole = printable(" ".join(path[-4 * LONGEST_PATH :].split()))
    return whole if len(whole) <= LONGEST_PATH else "…" + whole[1 - LONGEST_PATH :]
