"""The loop: epochs of steps, tests, checkpoints, and the ways in which a run may end."""

from __future__ import annotations

import math
import os
import time
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.errors import SpecError
from cnncalc.report.writing import write_file
from cnncalc.train.augment import Targets
from cnncalc.train.checkpoint import (
    Checkpoint,
    has_checkpoint,
    pack,
    read_newest,
    restore_module,
    unpack,
    write_checkpoint,
)
from cnncalc.train.devices import finish, peak_memory_bytes
from cnncalc.train.events import Begun, Ended, Looked, Observer
from cnncalc.train.folder import BEST, CURVE, LAST, METRICS, RunFolder
from cnncalc.train.order import epoch_order, local_parts
from cnncalc.train.progress import Progress, Row
from cnncalc.train.schedule import rate_factor
from cnncalc.train.scoring import Score, score
from cnncalc.train.session import Session
from cnncalc.train.signals import Signals

LOOK_SECONDS = 0.5
"""How often the losses are fetched from the device, which has to finish its work for that."""
MOST_UNSEEN = 256
"""Most losses that wait to be fetched."""
DRAW_SECONDS = 60.0
"""How often the learning curve is drawn, which takes longer than everything else that is written."""
AGREE_STEPS = 10
"""Steps after which several processes look together; one that looks alone would wait for the others."""
WATCHED_STEPS, WATCHED_IMAGES = 32, 2048
"""How many steps of an epoch have their training accuracy counted, and how many images at least."""
MOST_ROLLBACKS = 10


class End(NamedTuple):
    """Why a run ends, whether that was to be expected, and whether it could go on."""

    reason: str
    complete: bool
    goes_on: bool = False


class NotFinite(Exception):
    """A loss was no number."""

    def __init__(self, step: int, loss: float) -> None:
        super().__init__(f"the loss of step {step:,} is {loss}")
        self.step = step
        self.loss = loss


class Run:
    """A run of a session in its folder.

    Args:
        session: what is trained.
        folder: where it is kept.
        observer: who hears how it goes.
        signals: says when somebody asks the run to stop.

    """

    def __init__(self, session: Session, folder: RunFolder, observer: Observer, signals: Signals) -> None:
        self.session, self.folder, self.observer, self.signals = session, folder, observer, signals
        self.progress = Progress()
        watched = max(WATCHED_STEPS, WATCHED_IMAGES // session.recipe.batch_size)
        self._watch_every = max(1, session.steps_per_epoch // watched)
        self._unseen: list[Tensor] = []
        self._right: list[Tensor] = []
        self._last: bytes | None = None  # weights of the last epoch that are not on the disk yet
        self._best: bytes | None = None  # and those of the best one
        self._begun = self._started = self._looked = self._saved = self._drawn = time.monotonic()
        self._seconds_before = 0.0
        self._looked_step = 0
        self._rate = 0.0

    # ---- from the start to the end

    def go(self, facts: list[tuple[str, str]]) -> Ended:
        """Train to the end, from the newest checkpoint if there is one."""
        if has_checkpoint(self.folder.checkpoints):
            self._restore()
        elif self.session.world.writes:
            self._save()  # so that there is always something to go back to
        session, progress = self.session, self.progress
        begun = Begun(
            self.folder.path, facts, session.recipe.epochs, session.steps_per_epoch, progress.step, progress.rows
        )
        self.observer.begin(begun)
        self._restart_clock()
        end = self._all_epochs()
        self._save()
        self._draw()
        ended = self._ended(end)
        self.observer.end(ended)
        return ended

    def _all_epochs(self) -> End:
        while True:
            end = self._end_between_epochs() or self._asked_to_end()
            if end:
                return end
            try:
                interrupted = self._epoch()
            except NotFinite as fault:
                self._go_back(fault)
                continue
            if interrupted:
                return interrupted

    def _end_between_epochs(self) -> End | None:
        """Say whether the run is over."""
        recipe, progress = self.session.recipe, self.progress
        if progress.epoch >= recipe.epochs:
            return End(f"all {recipe.epochs} epochs are done", True)
        if recipe.patience and progress.best_epoch and progress.stale_epochs >= recipe.patience:
            return End(f"no better accuracy for {progress.stale_epochs} epochs", True)
        return None

    def _epoch(self) -> End | None:
        """Train the rest of the epoch under way and test; return why it was broken off, if it was."""
        session, progress = self.session, self.progress
        started, first = time.monotonic(), progress.step
        session.forward.train()
        interrupted = self._steps()
        if interrupted:
            return interrupted
        finish(session.device)
        seconds = time.monotonic() - started
        images = sum(self._images(step) for step in range(first, progress.step))
        tested = self._test()
        row = self._row(tested, images / seconds if images else 0.0)
        self._last = self._packed_weights(row)
        if progress.close_epoch(row):
            self._best = self._last
        self.observer.epoch(row)
        if self._due():
            self._save()
        if time.monotonic() - self._drawn >= DRAW_SECONDS:
            self._draw()
        return None

    # ---- steps

    def _steps(self) -> End | None:
        session, progress = self.session, self.progress
        world, recipe = session.world, session.recipe
        order = epoch_order(len(session.material.train), recipe.seed, progress.epoch)
        offset = progress.step - progress.epoch * session.steps_per_epoch
        if session.material.train.in_memory:
            order = order.to(session.device)
        indices = local_parts(order, session.bounds, offset, world.rank, world.size, recipe.accumulate)
        batches = zip(indices, session.material.train.batches(indices, seed=recipe.seed + progress.epoch), strict=True)
        for _ in range(offset, session.steps_per_epoch):
            self._step(batches)
            progress.step += 1
            if self._look_due():
                self._look()
                end = self._asked_to_end()
                if end:
                    return end
                if self._due():
                    self._save()
        self._look()
        return None

    def _step(self, batches: zip[tuple[Tensor, tuple[Tensor, Tensor]]]) -> None:
        """Take one step of the optimizer, over all parts of its batch."""
        session, recipe, step = self.session, self.session.recipe, self.progress.step
        session.seeds.set(step)
        self._set_rate(step)
        watched = step % self._watch_every == 0
        images_in_step = self._images(step) / session.world.size
        total: Tensor | None = None
        for part in range(recipe.accumulate):
            indices, (pixels, labels) = next(batches)
            images, targets = session.augmenter.train(
                pixels, labels, indices, self.progress.epoch, session.seeds.generator
            )
            with session.silent(last=part == recipe.accumulate - 1):
                with session.cast():
                    logits = session.forward(images).flatten(1)
                    loss = self._loss(logits, targets)
                share = len(labels) / images_in_step
                loss = loss if share == 1 else loss * share
                session.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            total = loss.detach() if total is None else total + loss.detach()
            if watched and targets.others is None:
                self._right.append(
                    torch.stack([(logits.detach().argmax(1) == labels).sum(), labels.new_tensor(len(labels))])
                )
        assert total is not None
        self._unseen.append(total)
        self._take_step()

    def _loss(self, logits: Tensor, targets: Targets) -> Tensor:
        """Return the mean cross-entropy of a batch; of mixed images that of both labels."""
        smoothing = self.session.recipe.label_smoothing
        loss = functional.cross_entropy(logits, targets.labels, label_smoothing=smoothing)
        if targets.others is None:
            return loss
        other = functional.cross_entropy(logits, targets.others, label_smoothing=smoothing)
        return loss * targets.share + other * (1 - targets.share)

    def _take_step(self) -> None:
        session, recipe = self.session, self.session.recipe
        if recipe.clip:
            session.scaler.unscale_(session.optimizer)
            torch.nn.utils.clip_grad_norm_(session.module.parameters(), recipe.clip)
        if session.scaler.is_enabled():
            before = session.scaler.get_scale()
            session.scaler.step(session.optimizer)
            session.scaler.update()
            self.progress.skipped_steps += session.scaler.get_scale() < before
        else:
            session.optimizer.step()
        session.optimizer.zero_grad(set_to_none=True)
        if session.average:
            session.average.update(self.progress.step)

    def _set_rate(self, step: int) -> None:
        session, recipe = self.session, self.session.recipe
        factor = rate_factor(recipe, step, session.steps, session.steps_per_epoch)
        self._rate = recipe.learning_rate * factor * self.progress.rate_scale
        for group in session.optimizer.param_groups:
            group["lr"] = self._rate

    def _images(self, step: int) -> int:
        """Return how many images a step sees, over all processes."""
        place = step % self.session.steps_per_epoch
        return self.session.bounds[place + 1] - self.session.bounds[place]

    # ---- looking at it

    def _look_due(self) -> bool:
        if self.session.world.shared:
            return self.progress.step % AGREE_STEPS == 0
        return len(self._unseen) >= MOST_UNSEEN or time.monotonic() - self._looked >= LOOK_SECONDS or self.signals.asked

    def _look(self) -> None:
        """Fetch the losses since the last look, add them up and tell of them.

        Raises:
            NotFinite: where one is no number.

        """
        if not self._unseen:
            return
        progress, world = self.progress, self.session.world
        losses = (world.total(torch.stack(self._unseen).float()) / world.size).tolist()
        first = progress.step - len(losses)
        self._unseen = []
        for step, loss in enumerate(losses, first):
            if not math.isfinite(loss):
                raise NotFinite(step + 1, loss)
            progress.loss_sum += loss * self._images(step)
            progress.loss_images += self._images(step)
        self._count_right()
        now = time.monotonic()
        images = sum(self._images(step) for step in range(self._looked_step, progress.step))
        seen = Looked(
            progress.step,
            sum(losses) / len(losses),
            progress.seen_right / progress.seen_images if progress.seen_images else None,
            self._rate,
            images / max(1e-9, now - self._looked),
            peak_memory_bytes(self.session.device),
        )
        self._looked, self._looked_step = now, progress.step
        self.observer.look(seen)

    def _count_right(self) -> None:
        if not self._right:
            return
        right, seen = self.session.world.total(torch.stack(self._right).sum(0)).tolist()
        self._right = []
        self.progress.seen_right += right
        self.progress.seen_images += seen

    def _asked_to_end(self) -> End | None:
        """Say whether somebody asked the run to stop, or its time is over; all processes agree."""
        limit = self.session.recipe.time_limit
        late = bool(limit) and time.monotonic() - self._begun >= limit
        asks = torch.tensor([self.signals.number, late], dtype=torch.int64)
        if self.session.world.shared:
            asks = self.session.world.largest(asks.to(self.session.device))
        number, late = asks.tolist()
        if number:
            return End(self.signals.name(number), False, goes_on=True)
        return End(f"the time limit of {limit:g} s is over", True, goes_on=True) if late else None

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started

    def _restart_clock(self) -> None:
        self._started = self._looked = self._saved = time.monotonic()
        self._seconds_before, self._looked_step = self.progress.seconds, self.progress.step

    # ---- testing

    def _test(self) -> Score | None:
        tested = self.session.material.tested
        if tested is None:
            return None
        self.session.world.share_buffers(self.session.tested_module)
        session = self.session
        return score(
            session.tested_module,
            tested,
            session.augmenter,
            classes=session.network.output.channels,
            batch=session.test_batch,
            views=session.recipe.views,
            world=session.world,
            cast=session.cast,
        )

    def _row(self, tested: Score | None, images_per_second: float) -> Row:
        progress = self.progress
        return Row(
            epoch=progress.epoch + 1,
            step=progress.step,
            learning_rate=self._rate,
            train_loss=progress.loss_sum / progress.loss_images,
            train_accuracy=progress.seen_right / progress.seen_images if progress.seen_images else None,
            loss=tested.loss if tested else None,
            accuracy=tested.accuracy if tested else None,
            top5_accuracy=tested.top5_accuracy if tested else None,
            images_per_second=images_per_second,
            seconds=self._seconds(),
        )

    # ---- keeping it

    def _due(self) -> bool:
        return self.session.world.writes and time.monotonic() - self._saved >= self.session.recipe.checkpoint_every

    def _save(self) -> None:
        """Write everything, unless a loss that nobody has seen yet is no number."""
        if self._unseen:
            self._look()
        self.progress.seconds = self._seconds()
        if self.session.world.writes:
            self._write()
        self._saved = time.monotonic()

    def _write(self) -> None:
        progress, folder = self.progress, self.folder
        if self._best is not None:
            write_file(self._best, folder.file(BEST))
            self._best = None
        if self._last is not None:
            write_file(self._last, folder.file(LAST))
            folder.write_metrics(progress.rows)
            self._last = None
        write_checkpoint(folder.checkpoints, progress.step, self.session.checkpoint(progress))

    def _draw(self) -> None:
        """Draw the learning curve."""
        if self.session.world.writes and self.progress.rows:
            from cnncalc.train.curve import draw_curve  # takes longer to import than a short run takes

            write_file(draw_curve(self.progress.rows), self.folder.file(CURVE))
        self._drawn = time.monotonic()

    def _packed_weights(self, row: Row) -> bytes:
        return pack(self.session.weights(), {"epoch": row.epoch, "step": row.step, "accuracy": row.accuracy})

    def _restore(self) -> None:
        checkpoint, told = read_newest(self.folder.checkpoints)
        for text in told:
            self.observer.note(text)
        self._take_up(checkpoint)

    def _take_up(self, checkpoint: Checkpoint) -> None:
        self.progress = self.session.restore(checkpoint)
        if self.progress.step > self.session.steps:
            raise SpecError("bad-checkpoint", "the checkpoint lies behind the end of the run")
        self._unseen, self._right, self._last, self._best = [], [], None, None

    def _go_back(self, fault: NotFinite) -> None:
        """Go back to the last checkpoint with half the learning rate, or end the run.

        Raises:
            SpecError: where the recipe says so, or it was no use.

        """
        recipe, progress = self.session.recipe, self.progress
        if recipe.non_finite == "stop" or progress.rollbacks >= MOST_ROLLBACKS:
            raise _no_number(fault, self.folder, recipe.non_finite == "stop", progress.rollbacks)
        rollbacks, scale = progress.rollbacks + 1, progress.rate_scale / 2
        self._restore()
        self.progress.rollbacks, self.progress.rate_scale = rollbacks, scale
        times = f"{rollbacks} of {MOST_ROLLBACKS} times"
        self.observer.note(f"{fault}: back to step {self.progress.step:,} with half the learning rate ({times})")
        self._restart_clock()

    # ---- the end

    def _ended(self, end: End) -> Ended:
        progress, folder = self.progress, self.folder
        made = [
            (folder.file(BEST), "the weights of the best epoch"),
            (folder.file(LAST), "the weights of the last epoch"),
            (folder.file(METRICS), "a line for every epoch"),
            (folder.file(CURVE), "the learning curve"),
        ]
        commands = [
            (end.goes_on, f"cnncalc train --resume {folder.path}", "goes on"),
            (bool(progress.rows), f"cnncalc evaluate {folder.path}", "accuracy per class, and what is taken for what"),
            (bool(progress.rows), f"cnncalc predict {folder.path} IMAGE", "what an image shows"),
        ]
        return Ended(
            folder=folder.path,
            reason=end.reason,
            complete=end.complete,
            best_accuracy=progress.best_accuracy,
            best_epoch=progress.best_epoch,
            accuracy=progress.rows[-1].accuracy if progress.rows else None,
            test_accuracy=None if end.goes_on else self._final_test(),
            seconds=progress.seconds,
            memory_bytes=peak_memory_bytes(self.session.device),
            predicted_bytes=self.session.predicted_bytes,
            whole_process=self.session.device.type != "cuda",
            skipped_steps=progress.skipped_steps,
            files=[(path, what) for path, what in made if os.path.exists(path)],
            commands=[(typed, what) for fits, typed, what in commands if fits],
        )

    def _final_test(self) -> float | None:
        """Test the test images with the best weights, where validation images have chosen them."""
        session, test = self.session, self.session.material.test
        if test is None or not self.progress.best_epoch:
            return None
        session.world.wait()  # until the weights are on the disk
        with open(self.folder.file(BEST), "rb") as file:
            restore_module(session.tested_module, unpack(file.read()).tensors, BEST)
        return score(
            session.tested_module,
            test,
            session.augmenter,
            classes=session.network.output.channels,
            batch=session.test_batch,
            views=session.recipe.views,
            world=session.world,
            cast=session.cast,
        ).accuracy


def _no_number(fault: NotFinite, folder: RunFolder, stop: bool, rollbacks: int) -> SpecError:
    hints = [
        "try a smaller --learning-rate, or --clip 1",
        f"the last good checkpoint is kept: cnncalc train --resume {folder.path}",
    ]
    if stop:
        hints.insert(1, "--non-finite rollback goes back and halves the learning rate by itself")
    after = f", after going back {rollbacks} times" if rollbacks else ""
    return SpecError("not-finite", f"{fault}: training ends there{after}", hints=hints)
