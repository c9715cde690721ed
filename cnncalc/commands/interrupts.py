"""Ctrl-C and requests to end: whatever a command is doing, it ends with one line and the customary status."""

from __future__ import annotations

import os
import signal
import time
from types import FrameType

_AT_ONCE = 1.0
"""Seconds in which further signals count as the first one: ``timeout`` and some shells send it twice."""

_AGAIN = 2.0
"""Seconds after which a command that has not ended is asked again: libraries lose exceptions, PyTorch among them."""


class Interrupted(BaseException):
    """Leaves a command from wherever it is, so that files are left whole; no library takes it for its own."""


class Interrupts:
    """Handles SIGINT, SIGTERM and SIGHUP, and remembers which one came.

    Libraries may turn an exception that they do not expect into another one. So the signal that
    ended a command is recorded here, and not concluded from the exception.

    Attributes:
        number: the signal that came; 0 for none.
    """

    def __init__(self) -> None:
        self.number = 0
        self._when = 0.0
        self._process = os.getpid()

    def listen(self) -> None:
        """Handle the signals from now on, except those that were ignored when the process started."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, self.receive)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Remember a signal, and leave; a process that was forked from this one ends as without a handler."""
        if os.getpid() != self._process:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        now = time.monotonic()
        if self.number and now - self._when < _AT_ONCE:
            return
        self.number, self._when = number, now
        self._ask_again()
        raise Interrupted

    def _ask_again(self) -> None:
        """Leave once more every few seconds, until `arrived` is called."""
        if hasattr(signal, "setitimer"):  # Windows has none
            signal.signal(signal.SIGALRM, self._leave)
            signal.setitimer(signal.ITIMER_REAL, _AGAIN, _AGAIN)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        raise Interrupted

    def arrived(self) -> None:
        """Note that the command has been left, which needs no further asking."""
        if self.number and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    def report(self) -> int:
        """Print which signal came, and return the status."""
        from cnncalc.core.writing import complain  # nothing may be loaded before signals are handled

        self.arrived()
        complain(self.line)
        return self.status

    @property
    def line(self) -> str:
        """What came, in words."""
        return "interrupted" if self.number == signal.SIGINT else f"stopped by {signal.Signals(self.number).name}"

    @property
    def status(self) -> int:
        """The status of a process that a signal ended."""
        return 128 + self.number
