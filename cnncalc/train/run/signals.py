"""Asking a run to stop: Ctrl-C and SIGTERM let it finish its step and save."""

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
        """Whether somebody asked the run to stop."""
        return self.number > 0

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Remember a signal."""
        if self.number == number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = number

    @staticmethod
    def name(number: int) -> str:
        """Say what came."""
        return "interrupted with Ctrl-C" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear SIGINT and SIGTERM; in a thread that is not the main one, Python hears none."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
