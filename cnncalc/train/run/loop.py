"""The loop: epochs of steps, tests, checkpoints, and the ways in which a run may end."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import NamedTuple

import torch

from cnncalc.analysis.gradient_flow import gradient_flow
from cnncalc.core.numbers import counted
from cnncalc.train.data import Split
from cnncalc.train.ends import heads_of
from cnncalc.train.engine.devices import finish, peak_memory_bytes
from cnncalc.train.engine.metrics import NonFiniteLoss, StepMetrics
from cnncalc.train.engine.scoring import Stopped, score
from cnncalc.train.engine.session import Session
from cnncalc.train.engine.stepping import Stepper, epoch_parts
from cnncalc.train.events import Begun, Ended, Observer
from cnncalc.train.progress import EpochGradients, EpochMetrics, Progress
from cnncalc.train.run.changes import RunChange
from cnncalc.train.run.ending import commands_of, files_of
from cnncalc.train.run.faults import no_number
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.saving import RunSaver
from cnncalc.train.run.signals import Signals
from cnncalc.train.tasks.base import TaskScore

MOST_ROLLBACKS = 10


class End(NamedTuple):
    """Why a run ends, whether that was to be expected, and whether it could be resumed."""

    reason: str
    complete: bool
    goes_on: bool = False


class Trainer:
    """Trains: takes a session through its epochs and keeps the run in its folder.

    Args:
        session: what is trained.
        folder: where it is kept.
        observer: notified of the events.
        signals: says when the run is asked to stop.

    """

    def __init__(self, session: Session, folder: RunFolder, observer: Observer, signals: Signals) -> None:
        self.session, self.folder, self.observer, self.signals = session, folder, observer, signals
        self.progress = Progress()
        self._metrics = StepMetrics(session)
        self._stepper = Stepper(session, self._metrics)
        self._saver = RunSaver(session, folder)
        self._begun = self._started = time.monotonic()
        self._seconds_before = 0.0

    # ---- from the start to the end

    def fit(self, about: list[tuple[str, str]], change: RunChange | None = None) -> Ended:
        """Train to the end, from the newest checkpoint if there is one, with a change that is to be written down."""
        if self._saver.begun():
            self._restore()
        else:
            self._save()  # so that there is always something to go back to
        if change:
            self._apply(change)
        session, progress = self.session, self.progress
        length = session.recipe.epochs, session.steps_per_epoch
        tested = session.splits.tested_name
        begun = Begun(
            self.folder.path, about, *length, progress.step, progress.rows, tested, session.plan.task.measures
        )
        self.observer.begin(begun)
        self._start_clocks()
        end = self._all_epochs()
        self._save()
        self._saver.draw(self.progress.rows, now=True)
        ended = self._ended(end)
        flow = gradient_flow([row.norms for row in self.progress.gradients])
        if flow and (flow.vanishes or flow.explodes):
            self.observer.note(flow.sentence())
        self.observer.end(ended)
        return ended

    def _all_epochs(self) -> End:
        while True:
            end = self._end_between_epochs() or self._asked_to_end()
            if end:
                return end
            try:
                interrupted = self._epoch()
            except NonFiniteLoss as fault:
                self._go_back(fault)
                continue
            if interrupted:
                return interrupted

    def _end_between_epochs(self) -> End | None:
        """Say whether the run is over."""
        recipe, progress = self.session.recipe, self.progress
        if progress.epoch >= recipe.epochs:
            return End(f"{counted(recipe.epochs, 'epoch')} done", True)
        if recipe.patience and progress.best_epoch and progress.stale_epochs >= recipe.patience:
            measure = self.session.plan.task.measures[0].words
            return End(f"no better {measure} for {counted(progress.stale_epochs, 'epoch')}", True)
        return None

    def _epoch(self) -> End | None:
        """Train the rest of the epoch under way and test; return why it was broken off, if it was."""
        session, progress = self.session, self.progress
        started, first = time.monotonic(), progress.step
        session.begin_epoch(progress.epoch)
        interrupted = self._steps()
        if interrupted:
            return interrupted
        finish(session.device)
        seconds = time.monotonic() - started
        images = sum(session.images_in(step) for step in range(first, progress.step))
        try:
            tested = None if session.splits.tested is None else self._test(session.splits.tested)
        except Stopped:
            return self._asked_to_end()
        row = self._row(tested, images / seconds if images else 0.0)
        self._saver.take_weights(row, best=progress.close_epoch(row))
        self.observer.epoch(row)
        if self._saver.due():
            self._save()
        self._saver.draw(progress.rows, now=False)
        return None

    # ---- steps

    def _steps(self) -> End | None:
        """Take the steps that are left of the epoch; return why that was broken off, if it was."""
        session, progress = self.session, self.progress
        parts, left = epoch_parts(session, progress)
        for _ in range(left):
            self._stepper.take(parts, progress)
            progress.step += 1
            if self._metrics.due(progress) or (self.signals.asked and not session.processes.shared):
                self._report_steps()
                end = self._asked_to_end()
                if end:
                    return end
                if self._saver.due():
                    self._save()
        self._report_steps()
        return None

    # ---- looking and testing

    def _report_steps(self) -> None:
        progress, norms = self.progress, self._stepper.gradients.take()
        if norms:  # kept before anything is saved: a run that is resumed here does not take this step again
            progress.gradients.append(EpochGradients(progress.epoch + 1, norms))
            self.observer.gradients(progress.gradients[-1])
        seen = self._metrics.collect(self.progress, self._stepper.rate)
        if seen is not None:
            self.observer.steps(seen)

    def _asked_to_end(self) -> End | None:
        """Return whether the run was asked to stop, or its time is over; the same in all processes."""
        limit = self.session.recipe.time_limit
        late = bool(limit) and time.monotonic() - self._begun >= limit
        asks = torch.tensor([self.signals.number, late], dtype=torch.int64)
        if self.session.processes.shared:
            asks = self.session.processes.largest(asks.to(self.session.device))
        number, late = asks.tolist()
        if number:
            return End(self.signals.name(number), False, goes_on=True)
        if self.signals.enough:
            return End(self.signals.enough, True, goes_on=True)
        return End(f"the time limit of {limit:g} s is over", True, goes_on=True) if late else None

    def _test(self, split: Split) -> TaskScore:
        session = self.session
        session.processes.share_buffers(session.tested_module)
        return score(
            session.tested_module,
            split,
            session.augmenter,
            task=session.plan.task,
            main=heads_of(session.plan.logits).main,
            batch=session.tested_at_once,
            views=session.recipe.views,
            processes=session.processes,
            cast=session.cast,
            stop=lambda: self.signals.asked and not session.processes.shared,
        )

    def _row(self, tested: TaskScore | None, images_per_second: float) -> EpochMetrics:
        progress = self.progress
        return EpochMetrics(
            epoch=progress.epoch + 1,
            step=progress.step,
            learning_rate=self._stepper.rate,
            train_loss=progress.loss_sum / progress.loss_images,
            train_accuracy=progress.train_accuracy,
            loss=tested.loss if tested else None,
            metrics=tested.metrics if tested else {each.name: None for each in self.session.plan.task.measures},
            images_per_second=images_per_second,
            seconds=self._seconds(),
        )

    # ---- keeping it, and going back

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started

    def _start_clocks(self) -> None:
        self._started, self._seconds_before = time.monotonic(), self.progress.seconds
        self._metrics.start(self.progress)
        self._saver.start()

    def _save(self) -> None:
        """Write everything; every loss so far has been looked at, and was a number."""
        self.progress.seconds = self._seconds()
        self._saver.save(self.progress)

    def _restore(self) -> None:
        self.progress, told = self._saver.restore()
        for text in told:
            self.observer.note(text)

    def _apply(self, change: RunChange) -> None:
        """Write down what is changed where the run is resumed; a new learning rate is not halved any more."""
        if change.new_rate:
            self.progress.rate_scale, self.progress.rollbacks = 1.0, 0
        self._saver.write_change(change, self.progress.step)
        self.observer.note(f"changed from step {self.progress.step:,} on: {change.text()}")

    def _go_back(self, fault: NonFiniteLoss) -> None:
        """Go back to the last checkpoint with half the learning rate, or end the run.

        Raises:
            SpecError: where the recipe says so, or it was no use.

        """
        recipe, progress = self.session.recipe, self.progress
        if recipe.non_finite == "stop" or progress.rollbacks >= MOST_ROLLBACKS:
            raise no_number(str(fault), self._stepper.rate, self.folder, recipe, progress.rollbacks)
        rollbacks, scale = progress.rollbacks + 1, progress.rate_scale / 2
        self.session.processes.wait()  # until the last checkpoint is on the disk
        self._restore()
        self.progress.rollbacks, self.progress.rate_scale = rollbacks, scale
        times = f"{rollbacks} of {MOST_ROLLBACKS} times"
        self.observer.note(f"{fault}: back to step {self.progress.step:,} with half the learning rate ({times})")
        self._start_clocks()

    # ---- the end

    def _ended(self, end: End) -> Ended:
        progress, session = self.progress, self.session
        test_score = None if end.goes_on else self._final_test()
        self._saver.write_card(test_score, progress)
        return Ended(
            folder=self.folder.path,
            reason=end.reason,
            complete=end.complete,
            best_score=progress.best_score,
            best_epoch=progress.best_epoch,
            score=progress.rows[-1].score if progress.rows else None,
            test_score=test_score,
            seconds=progress.seconds,
            memory_bytes=peak_memory_bytes(session.device),
            predicted_bytes=session.predicted_bytes,
            whole_process=session.device.type != "cuda",
            skipped_steps=progress.skipped_steps,
            files=files_of(self.folder),
            commands=commands_of(self.folder, session.plan.task, goes_on=end.goes_on, tested=bool(progress.rows)),
            tested=session.splits.tested_name,
            goes_on=end.goes_on,
            measure=session.plan.task.measures[0],
        )

    def _final_test(self) -> float | None:
        """Test the test images with the best weights, where validation images have chosen them."""
        test = self.session.splits.test
        if test is None or not self.progress.best_epoch:
            return None
        self._saver.take_best()
        with suppress(Stopped):
            return self._test(test).metrics[self.session.plan.task.measures[0].name]
        return None
