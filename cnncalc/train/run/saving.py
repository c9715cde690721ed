"""Keeping a run: what is written when, and read back."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cnncalc.core.errors import RunError
from cnncalc.core.numbers import counted
from cnncalc.core.writing import write_file
from cnncalc.train.checkpoints.checkpoint import has_checkpoint, read_newest, restore_module, write_checkpoint
from cnncalc.train.checkpoints.tensor_file import pack, read_whole
from cnncalc.train.engine.session import Session
from cnncalc.train.progress import EpochMetrics, Progress
from cnncalc.train.run.card import write_card
from cnncalc.train.run.changes import RunChange
from cnncalc.train.run.evaluations import MeasuredTest, keep_test
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.history import History
from cnncalc.train.run_files import BEST, CURVE, LAST
from cnncalc.train.show.curves import draw_curve

DRAW_SECONDS = 60.0
"""How often the learning curve is drawn, which takes longer than everything else that is written."""


class RunSaver:
    """Writes the files of a run, in the one process that writes, and reads them in all."""

    def __init__(self, session: Session, folder: RunFolder) -> None:
        self._session, self._folder = session, folder
        self._last: bytes | None = None  # weights of the last epoch that are not on the disk yet
        self._best: bytes | None = None  # and those of the best one
        self._saved = self._drawn = time.monotonic()

    def start(self) -> None:
        """Begin to count the time until a checkpoint is due."""
        self._saved = self._drawn = time.monotonic()

    def due(self) -> bool:
        """Say whether it is time for a checkpoint, in the process that writes."""
        return (
            self._session.processes.writes and time.monotonic() - self._saved >= self._session.recipe.checkpoint_every
        )

    def begun(self) -> bool:
        """Return whether there is a checkpoint to resume from."""
        return has_checkpoint(self._folder.checkpoints)

    def take_weights(self, row: EpochMetrics, *, best: bool) -> None:
        """Keep the weights after an epoch until they are written."""
        facts = {"epoch": row.epoch, "step": row.step, row.measure.name: row.score}
        self._last = pack(self._session.weights(), facts)
        if best:
            self._best = self._last

    def save(self, progress: Progress) -> None:
        """Write the weights that are not on the disk yet, the metrics, and then the checkpoint that counts on them.

        Raises:
            WriteError: where something cannot be written; the earlier checkpoints are untouched.

        """
        if self._session.processes.writes:
            if self._best is not None:
                write_file(self._best, self._folder.file(BEST))
            if self._last is not None:
                write_file(self._last, self._folder.file(LAST))
                self._folder.write_history(History(progress.rows, progress.gradients))
            self._best = self._last = None
            write_checkpoint(self._folder.checkpoints, progress.step, self._session.checkpoint(progress))
        self._saved = time.monotonic()

    def write_change(self, change: RunChange, step: int) -> None:
        """Write the recipe and the facts of a run that is resumed from a step with others.

        Raises:
            WriteError: where they cannot be written.

        """
        if self._session.processes.writes:
            self._folder.write_change(change.recipe, change.at(step))

    def draw(self, rows: Sequence[EpochMetrics], *, now: bool) -> None:
        """Draw the learning curve, now or if it is time to."""
        if not (now or time.monotonic() - self._drawn >= DRAW_SECONDS):
            return
        if self._session.processes.writes and rows:
            write_file(draw_curve(rows, self._session.splits.tested_name), self._folder.file(CURVE))
        self._drawn = time.monotonic()

    def write_card(self, test_score: float | None, progress: Progress) -> None:
        """Write the model card, with the score on the test images if the best weights were tested on them.

        Raises:
            WriteError: where it cannot be written.

        """
        if not self._session.processes.writes:
            return
        test = self._session.splits.test
        if test_score is not None and test is not None:
            data = f"the test images of {self._folder.facts().data_name}"
            metrics, views = {self._session.plan.task.measures[0].words: test_score}, self._session.recipe.views
            keep_test(self._folder, MeasuredTest(data, len(test), "best", progress.best_epoch, views, metrics))
        write_card(self._folder)

    def restore(self) -> tuple[Progress, list[str]]:
        """Give the session what the newest whole checkpoint holds; return the progress, and messages on damaged ones.

        Raises:
            RunError: where no checkpoint is whole, or it belongs to another run.

        """
        checkpoint, told = read_newest(self._folder.checkpoints)
        progress = self._session.restore(checkpoint)
        if progress.step > self._session.steps:
            whole = counted(self._session.recipe.epochs, "epoch")
            message = f"{progress.step:,} steps are done, and a run of {whole} has {self._session.steps:,}"
            raise RunError("bad-checkpoint", message, hints=["say how many it has in all: --epochs N"])
        steps = self._session.steps_per_epoch
        if not 0 <= progress.step - progress.epoch * steps <= steps:
            message = (
                f"step {progress.step:,} of the checkpoint is not in epoch {progress.epoch + 1} of {steps:,} steps"
            )
            raise RunError("bad-checkpoint", message, hints=["a run continues with the batches that it began with"])
        self._last = self._best = None
        return progress, told

    def take_best(self) -> None:
        """Give the session the weights of the best epoch, from the disk."""
        self._session.processes.wait()  # until they are there
        stored = read_whole(self._folder.file(BEST))
        restore_module(self._session.tested_module, stored.tensors, self._folder.file(BEST))
