"""Which line of the user's code is running: what an error names beside the module and the operation."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_NOT_THE_USERS = frozenset(("torch", "cnncalc", "contextlib"))
"""Packages whose lines say nothing about the user's code."""


class Lines:
    """The lines of the user's code that are running, while a function traces a module."""

    def __init__(self, tracing: Callable[..., Any]) -> None:
        """Note where to stop: the caller of ``tracing`` is no part of the module."""
        self.end = tracing.__code__

    def now(self, outside: frozenset[CodeType] = frozenset()) -> str:
        """Return the line, ``net.py:33``, that is in no function of some; "" where only modules of torch call."""
        frames = [frame for frame in self.frames() if frame.f_code not in outside]
        return next((line for frame in frames if (line := _line_in(frame, frame.f_lineno))), "")

    def frames(self) -> Iterator[FrameType]:
        """Go through the calls that are running, the innermost first."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code is not self.end:
            yield frame
            frame = frame.f_back


def line_of_error(error: BaseException) -> str:
    """Return the line of the user's code that an error comes from; "" for none."""
    found = ""
    at = error.__traceback__
    while at is not None:
        found = _line_in(at.tb_frame, at.tb_lineno) or found
        at = at.tb_next
    return found


def line_of_stack(text: str) -> str:
    """Return the innermost line of the user's code in a traceback that is written out; "" for none."""
    frames = re.findall(r'File "([^"]+)", line (\d+)', text)
    own = [f"{Path(file).name}:{number}" for file, number in frames if "/torch/" not in file.replace("\\", "/")]
    return own[-1] if own else ""


def _line_in(frame: FrameType, number: int) -> str:
    """Return a line of a frame, or "" where it is code of torch, of this package, or in no file."""
    package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    file = frame.f_code.co_filename
    return "" if package in _NOT_THE_USERS or file.startswith("<") else f"{Path(file).name}:{number}"
