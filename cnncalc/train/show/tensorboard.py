"""Logs for TensorBoard."""

from __future__ import annotations

import os

from torch.utils.tensorboard import SummaryWriter

from cnncalc.train.events import Begun, Observer, StepReport
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.run_files import TENSORBOARD


class TensorBoard(Observer):
    """Writes what is looked at by step, and what epochs come to."""

    def __init__(self) -> None:
        self._writer: SummaryWriter | None = None
        self._tested = ""

    def begin(self, event: Begun) -> None:
        """Open the log in the run's folder; what was logged behind the step where the run goes on is dropped."""
        self._tested = event.tested
        self._writer = SummaryWriter(os.path.join(event.folder, TENSORBOARD), purge_step=event.first_step or None)

    def steps(self, event: StepReport) -> None:
        """Write the loss, the learning rate and the speed."""
        self._add("step/loss", event.loss, event.step)
        self._add("step/learning_rate", event.learning_rate, event.step)
        self._add("step/images_per_second", event.images_per_second, event.step)

    def epoch(self, row: EpochMetrics) -> None:
        """Write the losses and accuracies that are known."""
        measured = {
            "epoch/train_loss": row.train_loss,
            "epoch/train_accuracy": row.train_accuracy,
            f"epoch/{self._tested}_loss": row.loss,
            f"epoch/{self._tested}_accuracy": row.accuracy,
        }
        for name, value in measured.items():
            if value is not None:
                self._add(name, value, row.step)

    def _add(self, name: str, value: float, step: int) -> None:
        assert self._writer is not None  # a run begins before anything is seen of it
        self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is still in memory."""
        if self._writer is not None:
            self._writer.close()
