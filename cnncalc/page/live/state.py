"""What a page that is watched knows of its run, from the messages that training sends. Nothing here imports torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cnncalc.core.numbers import duration_text
from cnncalc.page.run.sections import live_parts, seen_part
from cnncalc.page.run.view import RunView, Seen, view_of
from cnncalc.train.events import Begun, Ended, StepReport
from cnncalc.train.progress import EpochGradients, EpochMetrics

MOST_STEPS = 600
"""Most points of the curve within epochs; beyond them every other one is left out."""

Message = tuple[str, Any]
"""What training sends: the name of an event, and the event."""


class LiveState:
    """A run as far as its events have arrived. One thread adds events; many may read.

    Attributes:
        version: grows with every change; 0 before the run has begun.
        over: whether nothing more will come.

    """

    def __init__(self) -> None:
        self.version = 0
        self.over = False
        self._view: RunView | None = None
        self._begun: Begun | None = None
        self._steps: list[tuple[float, float]] = []
        self._changed = threading.Condition()
        self._parts: dict[str, tuple[int, str]] = {}
        self._shown = 0
        self._shown_seen: Seen | None = None
        self._hearers: Mapping[str, Callable[[Any], None]] = {
            "begin": self._begin,
            "steps": self._step,
            "epoch": self._epoch,
            "gradients": self._gradients,
            "seen": self._seen,
            "end": self._end,
        }

    def receive(self, message: Message) -> None:
        """Take a message."""
        name, event = message
        with self._changed:
            self._hearers[name](event)
            self._grow()

    def close(self) -> None:
        """Note that no event will follow; a run without its last event was broken off."""
        with self._changed:
            if not self.over:
                self._say("The run has broken off; what it says is in the terminal.")
            self.over = True
            self._grow()

    def _grow(self) -> None:
        self.version += 1
        self._changed.notify_all()

    # ---- what is asked

    def view(self, seconds: float) -> RunView | None:
        """Return the run; wait until it has begun, but no longer than some seconds, after which it is None."""
        with self._changed:
            self._changed.wait_for(lambda: self._view is not None or self.over, seconds)
            return self._view

    def news(self, since: int, seconds: float) -> dict[str, Any]:
        """Return what has changed since a version, after waiting for it for some seconds.

        Returns:
            ``version``, whether the run is ``over``, and ``parts`` of the page that replace earlier ones, by their ids.

        """
        with self._changed:
            self._changed.wait_for(lambda: self.version > since or self.over, seconds)
            self._show()
            parts = {name: text for name, (version, text) in self._parts.items() if version > since}
            return {"version": self.version, "over": self.over, "parts": parts}

    def _show(self) -> None:
        """Make the parts of the page of what is known now, and remember which of them are new."""
        if self._view is None or self._shown == self.version:
            return
        parts = live_parts(self._view)
        if self._view.seen is not self._shown_seen:
            self._shown_seen = self._view.seen
            parts["seen"] = seen_part(self._view.seen)
        for name, text in parts.items():
            if name not in self._parts or self._parts[name][1] != text:
                self._parts[name] = self.version, text
        self._shown = self.version

    # ---- events

    def _begin(self, event: Begun) -> None:
        self._begun = event
        view = view_of(event.folder)
        known = [row for row in view.gradients if row.epoch <= len(event.rows)]
        reason = Seen(reason="The first look at the network is on its way.")
        self._view = view._replace(rows=list(event.rows), gradients=known, seen=reason)
        self._say(f"Epoch {len(event.rows) + 1:,} of {event.epochs:,} begins.")

    def _step(self, event: StepReport) -> None:
        assert self._begun is not None  # the first event of a run is its beginning
        begun = self._begun
        place = event.step / begun.steps_per_epoch
        self._steps = [*(one for one in self._steps if one[0] < place), (place, event.loss)]
        if len(self._steps) > MOST_STEPS:
            del self._steps[::2]
        steps = begun.epochs * begun.steps_per_epoch
        left = duration_text((steps - event.step) * self._seconds_per_step(event))
        epoch = min(begun.epochs, event.step // begun.steps_per_epoch + 1)
        where = f"epoch {epoch:,} of {begun.epochs:,}, step {event.step:,} of {steps:,}"
        pace = f"{event.images_per_second:,.0f} images/s, about {left} left"
        self._change(steps=list(self._steps))
        self._say(f"Training: {where}, loss {event.loss:.4f}, {pace}.")

    def _seconds_per_step(self, event: StepReport) -> float:
        assert self._view is not None and self._begun is not None
        images = self._view.facts.images / self._begun.steps_per_epoch
        return images / max(1e-9, event.images_per_second)

    def _epoch(self, row: EpochMetrics) -> None:
        self._change(rows=[*_before(self._known().rows, row), row])

    def _gradients(self, row: EpochGradients) -> None:
        self._change(gradients=[*_before(self._known().gradients, row), row])

    def _seen(self, seen: Seen) -> None:
        self._change(seen=seen)

    def _end(self, event: Ended) -> None:
        self._say(f"Ended: {event.reason}. `cnncalc report {event.folder}` writes a page that stays.")
        self.over = True

    def _known(self) -> RunView:
        assert self._view is not None
        return self._view

    def _change(self, **fields: Any) -> None:
        self._view = self._known()._replace(**fields)

    def _say(self, state: str) -> None:
        if self._view is not None:
            self._change(state=state)


Row = TypeVar("Row", EpochMetrics, EpochGradients)


def _before(rows: Sequence[Row], row: Row) -> list[Row]:
    """Return the rows of earlier epochs: a run that goes back to a checkpoint trains some epochs again."""
    return [one for one in rows if one.epoch < row.epoch]
