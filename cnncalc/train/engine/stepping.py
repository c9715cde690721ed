"""A step of the optimizer, from the images of a batch to weights that have moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from cnncalc.train.ends import heads_of
from cnncalc.train.engine.balance import order_of_epoch
from cnncalc.train.engine.gradients import GradientNorms
from cnncalc.train.engine.metrics import StepMetrics
from cnncalc.train.engine.parts import FACTOR
from cnncalc.train.engine.sampling import local_parts
from cnncalc.train.engine.schedule import rate_factor
from cnncalc.train.engine.scoring import as_outputs
from cnncalc.train.engine.session import Session
from cnncalc.train.progress import Progress
from cnncalc.train.tasks import Targets

Part = tuple[Tensor, tuple[Tensor, Tensor]]
"""A part of a batch: which images, and their pixels and targets."""


def epoch_parts(session: Session, progress: Progress) -> tuple[Iterator[Part], int]:
    """Return the parts of the batches that are left of the epoch under way, and how many steps they are."""
    train, processes, recipe = session.splits.train, session.processes, session.recipe
    offset = progress.step - progress.epoch * session.steps_per_epoch
    order = order_of_epoch(train.labels, recipe.balance, recipe.seed, progress.epoch)
    if train.in_memory:
        order = order.to(session.device)
    indices = local_parts(order, session.bounds, offset, processes.rank, processes.size, recipe.accumulate)
    batches = train.batches(indices, seed=recipe.seed + progress.epoch)
    return zip(indices, batches, strict=True), session.steps_per_epoch - offset


class Stepper:
    """Takes steps of the optimizer.

    Args:
        session: what is trained.
        metrics: collects the loss of every step.

    Attributes:
        rate: the learning rate of the last step.
        gradients: the norms of the last step of an epoch, by layer.

    """

    def __init__(self, session: Session, metrics: StepMetrics) -> None:
        self._session, self._metrics = session, metrics
        self.rate = 0.0
        self.gradients = GradientNorms(session)
        self._heads = heads_of(session.plan.logits)

    def take(self, parts: Iterator[Part], progress: Progress) -> None:
        """Take one step, over all parts of its batch."""
        session, recipe, step = self._session, self._session.recipe, progress.step
        session.seeds.set(step)
        self._set_rate(progress)
        loss = self._backward(next(parts), progress, last=recipe.accumulate == 1)
        for number in range(1, recipe.accumulate):
            loss = loss + self._backward(next(parts), progress, last=number == recipe.accumulate - 1)
        self._metrics.add(loss)
        self.gradients.measure(step)
        self._move(progress)

    def _set_rate(self, progress: Progress) -> None:
        session, recipe = self._session, self._session.recipe
        factor = rate_factor(recipe, progress.step, session.steps, session.steps_per_epoch)
        self.rate = recipe.learning_rate * factor * progress.rate_scale
        for group in session.optimizer.param_groups:
            group["lr"] = self.rate * group[FACTOR]

    def _backward(self, part: Part, progress: Progress, *, last: bool) -> Tensor:
        """Add the gradients of a part of a batch; return its share of the loss."""
        session = self._session
        indices, (pixels, labels) = part
        images, targets = session.augmenter.train(pixels, labels, indices, progress.epoch, session.seeds.generator)
        with session.silent(last=last):
            with session.cast():
                outputs = as_outputs(session.forward(images))
                loss = self._loss(outputs, targets)
            share = len(labels) * session.processes.size / session.images_in(progress.step)
            loss = loss if share == 1 else loss * share
            session.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if self._metrics.counts(progress.step) and targets.others is None:
            self._metrics.add_outputs(outputs[self._heads.main], targets.labels)
        return loss.detach()

    def _loss(self, outputs: Sequence[Tensor], targets: Targets) -> Tensor:
        """Return the mean loss of a batch: that of the main output, and those of the others with their weight."""
        task, recipe, weights = self._session.plan.task, self._session.recipe, self._session.class_weights
        loss = task.loss(outputs[self._heads.main], targets, recipe.label_smoothing, weights)
        for place in self._heads.auxiliary if recipe.auxiliary_weight else ():
            other = task.loss(outputs[place], targets, recipe.label_smoothing, weights)
            loss = loss + recipe.auxiliary_weight * other
        return loss

    def _move(self, progress: Progress) -> None:
        """Move the weights along their gradients."""
        session, recipe = self._session, self._session.recipe
        if recipe.clip:
            session.scaler.unscale_(session.optimizer)
            torch.nn.utils.clip_grad_norm_(session.module.parameters(), recipe.clip)
        if session.scaler.is_enabled():
            before = session.scaler.get_scale()
            session.scaler.step(session.optimizer)
            session.scaler.update()
            progress.skipped_steps += session.scaler.get_scale() < before
        else:
            session.optimizer.step()
        session.optimizer.zero_grad(set_to_none=True)
        if session.average:
            session.average.update(progress.step)
