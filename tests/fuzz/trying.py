"""Run a hostile command line in this process, and say which rule it breaks."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from cnncalc.commands.cli import READER_GONE, run
from tests.fuzz.lines import Line

SECONDS = {"train": 20.0, "export": 20.0, "verify": 20.0, "import": 20.0, "tune": 60.0}
USUAL_SECONDS = 8.0
"""CPU seconds that a command may take, with all of a hostile text's layers; those with PyTorch may take longer."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")

ERROR = re.compile(r"^error\[[a-z-]+\]: ", re.MULTILINE)


class Outcome(NamedTuple):
    """What became of a line: its status, what it wrote, its CPU seconds, and the rule it broke."""

    status: int
    out: str
    err: str
    seconds: float
    broken: str | None


class TooLong(BaseException):
    """A command does not come to its end."""


class Stream(io.TextIOWrapper):
    """A standard stream that is, or is no, terminal."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


class Failing(io.BytesIO):
    """What stands behind a stream on a full disk, or on a pipe that nobody reads."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, data: Any) -> int:
        raise self.error


def try_line(line: Line, place: Path) -> Outcome:
    """Run a command line in a folder that `make_place` has filled."""
    out, err = _streams(line.streams)
    start = time.process_time()
    with _surroundings(line, place, out, err):
        try:
            status: int | str = run(list(line.arguments))
        except TooLong:
            status = "it does not end"
        except BaseException as error:  # nothing may come out
            status = f"{type(error).__name__} comes out: {error}"
    seconds = time.process_time() - start
    shown, told = _written(out), _written(err)
    code = status if isinstance(status, int) else 70
    broken = status if isinstance(status, str) else broken_rule(line, code, shown, told, seconds)
    return Outcome(code, shown, told, seconds, broken)


def broken_rule(line: Line, status: int, out: str, err: str, seconds: float) -> str | None:
    """Return the rule that a line breaks, or None."""
    both = out + err
    if status == 70 or "mistake in cnncalc" in both:
        return "it blames cnncalc"
    if "Traceback (most recent call last)" in both:
        return "a traceback"
    if status == READER_GONE and line.streams == "broken":
        return None  # nobody reads any more, and nobody is told
    if status not in (0, 1, 2):
        return f"status {status}"
    if status and line.streams != "closed" and not _is_told(line, out, err):
        return f"status {status}, and not one error"
    if line.streams != "terminal" and CONTROL.search(both):
        return "control characters are written"
    if seconds > SECONDS.get(line.arguments[0] if line.arguments else "", USUAL_SECONDS):
        return f"{seconds:.0f} s"
    return None


def _is_told(line: Line, out: str, err: str) -> bool:
    """Say whether there is one error, as text or as JSON, or the answer: what fills a budget, what a check finds."""
    if len(ERROR.findall(SEQUENCE.sub("", err))) == 1:  # in a terminal a progress bar may have been before it
        return True
    if line.arguments[:1] in (["check"], ["format"]):  # a line for each finding, none of which ends the command
        in_a_file = any(word.startswith(("-o", "--output")) for word in line.arguments)
        return bool(out.strip() or err.strip() or in_a_file)
    with suppress(ValueError, AttributeError):
        return "code" in json.loads(err[err.index("{") :])
    finds = line.arguments[:1] in (["memory"], ["sweep"], ["search"])  # the status is 1 where nothing fits
    return finds and bool(out or {"-o", "--output"} & set(line.arguments))


def _streams(kind: str) -> tuple[Any, Any]:
    """Return standard output and standard error of a kind."""
    encoding = kind if kind in ("ascii", "latin-1") else "utf-8"
    out: Any = Stream(io.BytesIO(), encoding)
    err = Stream(io.BytesIO(), encoding, errors="backslashreplace")
    out.terminal = err.terminal = kind == "terminal"
    if kind == "closed":
        out = None
    elif kind == "full":
        out = Stream(Failing(OSError(28, "No space left on device")), encoding)
    elif kind == "broken":
        out = Stream(Failing(BrokenPipeError(32, "Broken pipe")), encoding)
    elif kind == "no buffer":
        out = io.StringIO()
    return out, err


def _written(stream: Any) -> str:
    if stream is None or isinstance(getattr(stream, "buffer", None), Failing):
        return ""
    if isinstance(stream, io.StringIO):
        return stream.getvalue()
    with suppress(ValueError):
        stream.flush()
        return str(stream.buffer.getvalue().decode(stream.encoding, "replace"))
    return ""


@contextmanager
def _surroundings(line: Line, place: Path, out: Any, err: Any) -> Iterator[None]:
    """Give a command its streams, environment, folder and time, and put everything back."""
    kept = sys.stdin, sys.stdout, sys.stderr, dict(os.environ), signal.getsignal(signal.SIGPROF)
    before = Path.cwd()
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, 3 * SECONDS["train"])
    try:
        os.environ.update(line.environment)
        _enter(line.folder, place)
        sys.stdin = None if line.streams == "no input" else io.TextIOWrapper(io.BytesIO(line.stdin))  # type: ignore[assignment]
        sys.stdout, sys.stderr = out, err
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdin, sys.stdout, sys.stderr, environment, handler = kept
        signal.signal(signal.SIGPROF, handler)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(before)


def _too_long(number: int, frame: object) -> None:
    raise TooLong


def _enter(folder: str, place: Path) -> None:
    """Go where a command is to run."""
    if folder == "gone":
        with tempfile.TemporaryDirectory() as gone:
            os.chdir(gone)
    else:
        os.chdir(place if folder == "here" else folder)
