"""Logs for TensorBoard."""

from __future__ import annotations

import os
from collections.abc import Mapping

from torch.utils.tensorboard import SummaryWriter

from cnncalc.train.run_files import TENSORBOARD
from cnncalc.train.trackers.base import TrackedRun, Tracker


class TensorBoard(Tracker):
    """Writes event files to the run's folder; ``tensorboard --logdir RUN`` shows them."""

    title = "TensorBoard"
    _writer: SummaryWriter

    def open(self, run: TrackedRun) -> None:
        """Open the log; what was logged after the step from which the run is resumed is dropped."""
        self._writer = SummaryWriter(os.path.join(run.folder, TENSORBOARD), purge_step=run.first_step or None)

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Write a scalar for each value."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def shut(self) -> None:
        """Write what is still in memory."""
        self._writer.close()


TRACKER = TensorBoard
