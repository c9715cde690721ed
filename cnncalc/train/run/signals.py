"""Requests to stop a run: Ctrl-C and SIGTERM let it finish its step and save."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Signals:
    """Remembers which signal came; a second Ctrl-C ends the program at once.

    Attributes:
        number: of the signal; 0 for none.
        enough: why the run is to end before its last epoch, where its observer wants that; "" where it does not.

    """

    def __init__(self) -> None:
        self.number = 0
        self.enough = ""

    @property
    def asked(self) -> bool:
        """Whether the run was asked to stop."""
        return self.number > 0

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Remember a signal: the handler of SIGINT and SIGTERM."""
        if self.number == number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = number

    @staticmethod
    def name(number: int) -> str:
        """Return the words for a signal."""
        return "interrupted with Ctrl-C" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle SIGINT and SIGTERM; in a thread other than the main one, Python delivers none."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.receive) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
