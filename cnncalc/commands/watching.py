"""Showing something again whenever a file changes, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import click

from cnncalc.core.errors import CnncalcError, WriteError
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import complain, write_stream
from cnncalc.report.diagnostics import draw_error

EVERY = 0.3
"""Seconds between two looks at the file."""

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
"""Clears a terminal and what was scrolled out of it, and goes to its first line."""


def watch(path: str, show: Callable[[], None]) -> None:
    """Show something now, and again whenever a file has changed; a fault is shown, and it is watched further.

    Args:
        path: the file.
        show: writes to standard output; it is called with the terminal cleared.

    Raises:
        click.UsageError: where there is no such file to watch.
    """
    if not os.path.isfile(path):
        raise click.UsageError(f"--watch needs a file to watch, and {shorten_path(path)!r} is not a file")
    seen: tuple[int, ...] | None = None
    while True:
        state = _state(path)
        if state != seen:
            seen = state
            _show_once(path, show)
        time.sleep(EVERY)


def _show_once(path: str, show: Callable[[], None]) -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        write_stream(_CLEAR, sys.stdout)
    try:
        show()
    except WriteError:
        raise  # the reader is gone
    except CnncalcError as error:
        complain(draw_error(error))
    complain(f"watching {shorten_path(path)}; Ctrl-C ends")


def _state(path: str) -> tuple[int, ...]:
    """Return what changes when a file is written or replaced; () while there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
