"""Logs for Weights & Biases. They stay on this machine unless WANDB_MODE=online says otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # it is read when the package is imported

import wandb

from cnncalc.train.trackers.base import PROJECT, TrackedRun, Tracker


class WeightsAndBiases(Tracker):
    """Writes a run of Weights & Biases into the run's folder; ``wandb sync`` uploads it later."""

    title = "Weights & Biases"
    _run: Any

    def open(self, run: TrackedRun) -> None:
        """Begin it offline; neither the code, the machine nor the repository is written down."""
        quiet = wandb.Settings(
            console="off",
            silent=True,
            host="localhost",
            disable_git=True,
            save_code=False,
            x_disable_stats=True,
            x_disable_meta=True,
        )
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=run.name,
            id=run.id,
            resume="allow",
            dir=run.folder,
            mode=_mode(),
            config={**run.settings, "about": dict(run.about)},
            settings=quiet,
        )
        self._run.define_metric("*", step_metric="step")  # of its own, since a run may be resumed from an earlier step

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Log the values together."""
        self._run.log({**values, "step": step})

    def finish(self, summary: Mapping[str, float | str]) -> None:
        """Log what the run came to as its summary."""
        self._run.summary.update(dict(summary))

    def shut(self) -> None:
        """Write everything."""
        self._run.finish()


def _mode() -> Any:
    """Return how the library logs: offline, unless the environment has another mode."""
    return os.environ.get("WANDB_MODE", "offline")


TRACKER = WeightsAndBiases
