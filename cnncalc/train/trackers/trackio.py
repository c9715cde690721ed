"""Logs for trackio: in its own folder on this machine, or where TRACKIO_SPACE_ID or TRACKIO_SERVER_URL say."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

import trackio

from cnncalc.train.trackers.base import PROJECT, TrackedRun, Tracker


class Trackio(Tracker):
    """Logs to trackio's database; ``trackio show`` shows it."""

    title = "trackio"
    _run: Any

    def open(self, run: TrackedRun) -> None:
        """Begin a run, or continue the one of this name; what the library prints is left out."""
        with redirect_stdout(io.StringIO()):
            self._run = trackio.init(
                project=os.environ.get("TRACKIO_PROJECT", PROJECT),
                name=f"{run.name}-{run.id}",
                resume="allow",
                config={**run.settings, **{f"about {name}": text for name, text in run.about.items()}},
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=False,
            )

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Log the values together."""
        self._run.log(dict(values), step=step)

    def finish(self, summary: Mapping[str, float | str]) -> None:
        """Log the figures that the run came to."""
        self._run.log({f"end/{name}": value for name, value in summary.items()})

    def shut(self) -> None:
        """Write everything."""
        with redirect_stdout(io.StringIO()):
            finish: Any = trackio.finish  # which also keeps the library from finishing again when Python ends
            finish()


TRACKER = Trackio
