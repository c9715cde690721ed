"""Clocks: how much time has passed between two moments on a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch


class Clock:
    """Moments on the CPU, by a function that returns seconds.

    Attributes:
        seconds: the function.
        costs: whether a look at it takes time from what is timed.

    """

    costs: ClassVar[bool] = True

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.seconds = seconds

    def now(self) -> Any:
        """Return this moment."""
        return self.seconds()

    def between(self, first: Any, second: Any) -> float:
        """Return the seconds between two moments."""
        return float(second - first)


class CudaClock(Clock):
    """Moments on a graphics card: events that it passes, so that the CPU need not wait for it in between."""

    costs = False

    def now(self) -> Any:
        """Return the moment at which the card comes to here."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    def between(self, first: Any, second: Any) -> float:
        """Return the seconds between two moments, when the card has passed both."""
        second.synchronize()
        return float(first.elapsed_time(second)) / 1000
