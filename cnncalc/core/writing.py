"""Getting text out: to the terminal, a pipe or a file, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO, TextIO

from cnncalc.core.cleaning import printable_lines
from cnncalc.core.errors import ReaderGone, WriteError
from cnncalc.core.words import shorten_path

_PLAIN = str.maketrans(
    {
        "·": "*",
        "−": "-",
        "–": "-",
        "×": "x",
        "→": "->",
        "…": "...",
        "²": "^2",
        "─": "-",
        "│": "|",
        "├": "|",
        "└": "`",
        "━": "-",
        "⌊": "floor(",
        "⌋": ")",
        "⌈": "ceil(",
        "⌉": ")",
        "█": "#",
        "▏": "",
        "▎": "",
        "▍": "",
        "▌": "#",
        "▋": "#",
        "▊": "#",
        "▉": "#",
    }
)


WIDE = 100_000
"""The width of what is not a terminal: nothing is ever cut or left out there."""

_AT_A_TIME = 1 << 16
"""Characters that are written at a time."""


def write_stream(text: str | Iterable[str], stream: TextIO | None) -> None:
    """Write a text, in one or many pieces, to standard output, in plain characters where it knows no others.

    Raises:
        ReaderGone: where the reader has closed the pipe, as ``| head`` does.
        WriteError: where the disk is full or standard output is closed.

    """
    if stream is None:
        raise WriteError("cannot-write", "cannot write to standard output: it is closed")
    pieces = (text,) if isinstance(text, str) else text
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.flush()
        for chunk in _chunks(pieces):
            _write_chunk(encodable(chunk, encoding), stream, encoding)
    except BrokenPipeError:
        give_up(stream)
        raise ReaderGone("reader-gone", "cannot write to standard output: the reader closed the pipe") from None
    except OSError as error:
        give_up(stream)
        raise WriteError("cannot-write", f"cannot write to standard output: {_reason(error)}") from None


def _chunks(pieces: Iterable[str]) -> Iterator[str]:
    """Join pieces to chunks that are worth a call of the system."""
    chunk: list[str] = []
    size = 0
    for piece in pieces:
        chunk.append(piece)
        size += len(piece)
        if size >= _AT_A_TIME:
            yield "".join(chunk)
            chunk, size = [], 0
    yield "".join(chunk)


def _write_chunk(text: str, stream: TextIO, encoding: str) -> None:
    """Write a text whole; a notebook's stream has no bytes below its characters."""
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(text)
        stream.flush()
    else:
        _write_all(text.encode(encoding, "replace"), buffer)


def make_folder(folder: str) -> None:
    """Make a folder and those above it; one that is there is fine.

    Raises:
        WriteError: where it cannot be made.

    """
    try:
        os.makedirs(folder, exist_ok=True)
    except (OSError, ValueError) as error:  # a name with a zero character is a ValueError
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"cannot make the folder `{shorten_path(folder)}`: {reason}"
        raise WriteError("cannot-write", message) from None


def complain(text: str, *, data: bool = False) -> None:
    """Write a message to standard error, ``data`` as it is; where even that is gone, the status must do."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        lines = printable_lines(text)
        if stream.isatty() and not data:
            lines = within(lines, _terminal())
        stream.write(encodable(lines, getattr(stream, "encoding", None)) + "\n")
        stream.flush()
    except (OSError, ValueError):  # a closed file is a ValueError
        give_up(stream)


def within(text: str, width: int) -> str:
    """Break the sentences of a message between words where a terminal is narrower; a spec's lines stay whole."""
    import textwrap  # what goes well needs none of it

    lines = []
    for line in text.split("\n"):
        start = _REMARK.match(line)
        if len(line) <= width or _QUOTED.match(line) or width < NARROWEST:
            lines.append(line)
            continue
        indent = " " * len(start[0] if start else "")
        lines += textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [line]
    return "\n".join(lines)


def _terminal() -> int:
    import shutil

    return shutil.get_terminal_size().columns


NARROWEST = 20
"""Characters of the narrowest terminal for which lines are broken."""

_REMARK = re.compile(r" *= ")
_QUOTED = re.compile(r" *(?:\d+ )? *\||.*--> ")


def _write_all(data: bytes, buffer: BinaryIO) -> None:
    """Write all of the data, also where the stream is not buffered and takes a part at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[buffer.write(rest) :]
    buffer.flush()


def encodable(text: str, encoding: str | None) -> str:
    """Return the text in characters that an encoding has: ``*`` for ``·`` where it must be ASCII."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    return text


def write_file(content: str | bytes | Iterable[bytes | memoryview], path: str) -> None:
    """Write a text, or bytes in one or many pieces, to a file, which then holds all of it or what it held before.

    Raises:
        WriteError: where the file cannot be written; what stood there is still there.

    """
    data = content.encode() if isinstance(content, str) else content
    pieces = (data,) if isinstance(data, bytes) else data
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a device or a named pipe has nothing to keep
            with open(path, "wb") as file:
                file.writelines(pieces)
            return
        with _replacing(os.path.realpath(path)) as file:
            file.writelines(pieces)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: str, error: OSError) -> WriteError:
    """Return the error for a file that cannot be written."""
    folder = os.path.dirname(path)
    hints = [] if os.path.exists(folder or ".") else [f"make the folder `{shorten_path(folder)}` first"]
    return WriteError("cannot-write", f"cannot write `{shorten_path(path)}`: {_reason(error)}", hints=hints)


@contextlib.contextmanager
def _replacing(path: str) -> Iterator[BinaryIO]:
    """Open a temporary file beside a path, which takes its place once it is safely on the disk."""
    import tempfile  # slow to import, and most output goes to the terminal

    folder, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(path: str) -> int:
    """Return the permissions that a path has, or that a new file gets."""
    if os.path.exists(path):
        return stat.S_IMODE(os.stat(path).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def give_up(stream: TextIO) -> None:
    """Send what is still buffered nowhere, so that nothing fails again when the program ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        stream.flush()


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
