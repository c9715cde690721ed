"""Metrics of training steps: losses wait on the device and are fetched a few times a second."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor

from cnncalc.train.engine.devices import peak_memory_bytes
from cnncalc.train.engine.session import Session
from cnncalc.train.events import StepReport
from cnncalc.train.progress import Progress

REPORT_SECONDS = 0.5
"""How often the losses are fetched from the device, which has to finish its work for that."""
MOST_UNSEEN = 256
"""Most losses that wait to be fetched."""
AGREE_STEPS = 10
"""Steps after which several processes fetch together; one that does it alone would wait for the others."""
WATCHED_STEPS, WATCHED_IMAGES = 32, 2048
"""How many steps of an epoch have their training accuracy counted, and how many images at least."""


class NonFiniteLoss(Exception):
    """A loss was no number."""

    def __init__(self, step: int, loss: float) -> None:
        super().__init__(f"the loss of step {step:,} is {loss}")
        self.step = step
        self.loss = loss


class StepMetrics:
    """Collects losses and correct predictions of steps, and adds them to the progress when they are fetched."""

    def __init__(self, session: Session) -> None:
        self._session = session
        steps = max(WATCHED_STEPS, WATCHED_IMAGES // session.recipe.batch)
        self._every = max(1, session.steps_per_epoch // steps)
        self._unseen: list[Tensor] = []
        self._right: list[Tensor] = []
        self._time = time.monotonic()
        self._step = 0

    def start(self, progress: Progress) -> None:
        """Begin at a step; what was not seen yet is forgotten."""
        self._unseen, self._right = [], []
        self._time, self._step = time.monotonic(), progress.step

    def counts(self, step: int) -> bool:
        """Say whether the training accuracy of a step is counted."""
        return step % self._every == 0

    def add(self, loss: Tensor) -> None:
        """Take the loss of a step; it stays on the device."""
        self._unseen.append(loss)

    def add_outputs(self, outputs: Tensor, targets: Tensor) -> None:
        """Count what is predicted right in a step, where the task counts that; the count stays on the device."""
        right = self._session.plan.task.right(outputs.detach(), targets)
        if right is not None:
            self._right.append(right)

    def due(self, progress: Progress) -> bool:
        """Say whether it is time to fetch; all processes say the same."""
        if self._session.processes.shared:
            return progress.step % AGREE_STEPS == 0
        return len(self._unseen) >= MOST_UNSEEN or time.monotonic() - self._time >= REPORT_SECONDS

    def collect(self, progress: Progress, rate: float) -> StepReport | None:
        """Fetch the losses since the last time, and add them to the progress.

        Args:
            progress: how far the run is; its epoch's sums grow.
            rate: the learning rate of the last step.

        Returns:
            what was seen, or None if there was nothing.

        Raises:
            NonFiniteLoss: where a loss is no number.

        """
        if not self._unseen:
            return None
        processes = self._session.processes
        losses = (processes.total(torch.stack(self._unseen).float()) / processes.size).tolist()
        self._unseen = []
        for step, loss in enumerate(losses, progress.step - len(losses)):
            if not math.isfinite(loss):
                raise NonFiniteLoss(step + 1, loss)
            progress.loss_sum += loss * self._session.images_in(step)
            progress.loss_images += self._session.images_in(step)
        self._count_right(progress)
        seconds, first = time.monotonic() - self._time, self._step
        self._time, self._step = time.monotonic(), progress.step
        return StepReport(
            progress.step,
            sum(losses) / len(losses),
            progress.train_accuracy,
            rate,
            sum(self._session.images_in(step) for step in range(first, progress.step)) / max(1e-9, seconds),
            peak_memory_bytes(self._session.device),
        )

    def _count_right(self, progress: Progress) -> None:
        if not self._right:
            return
        right, seen = self._session.processes.total(torch.stack(self._right).sum(0)).tolist()
        self._right = []
        progress.seen_right += right
        progress.seen_images += seen
