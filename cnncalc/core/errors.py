"""What can be wrong, as a small tree of errors that are data. ``cnncalc.report`` draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from cnncalc.core.cleaning import printable
from cnncalc.core.source import Source, Span


class Later:
    """Hints that are put together each time they are read: of many designs that are refused nobody reads them."""

    def __init__(self, make: Callable[[], Iterable[str]]) -> None:
        self.make = make

    def __iter__(self) -> Iterator[str]:
        return iter(self.make())


class CnncalcError(Exception):
    """Everything that cnncalc finds wrong. ``str()`` gives the place, the message and the hints.

    Attributes:
        code: a stable name for the kind of fault, such as ``does-not-fit``.
        message: one sentence that says what is wrong.
        detail: what stands beside the caret, usually the sum that does not come out.
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
        self._hints = hints if type(hints) is Later else tuple(hints)
        self.trail = tuple(trail)
        self.source = source
        self.span = span
        self.reached: Any = None

    @property
    def hints(self) -> tuple[str, ...]:
        """What would mend it, one sentence each; the best one first."""
        self._hints = tuple(self._hints)
        return self._hints

    @hints.setter
    def hints(self, hints: tuple[str, ...]) -> None:
        self._hints = hints

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
    """A fault in a spec, or in how it was given."""


class ArgumentError(SpecError):
    """A call of the library with a value that an argument does not take."""


class ArgumentTypeError(ArgumentError, TypeError):
    """A call of the library with a value of the wrong type: a batch of 1.5."""


class DataError(CnncalcError, ValueError):
    """A data set that is missing, damaged or does not suit the network."""


class DeviceError(CnncalcError, RuntimeError):
    """A device that is not there, or that cannot do what is asked."""


class RunError(CnncalcError, RuntimeError):
    """A training run that cannot begin, be resumed or be read."""


class WriteError(CnncalcError, OSError):
    """An output that could not be written."""


class ReaderGone(WriteError, BrokenPipeError):
    """The reader of standard output has closed it, as ``| head`` does: no message can be written."""


class Fault(Exception):
    """What a layer finds wrong with itself: the inner rule, which knows no text and no line.

    ``about`` names the argument at fault (``"stride"``); the caller of the layer knows where in the
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
        self.hints = hints if type(hints) is Later else tuple(hints)
        self.changes = changes


class Note(NamedTuple):
    """A note, which is no fault: counting continues."""

    code: str
    message: str
    span: Span
    source: Source | None = None
    """Where the span lies, if not in the spec."""
