"""The learning rate range test: steps of a session of its own, with a rate that rises from each to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from cnncalc.core.errors import SpecError
from cnncalc.train.engine.metrics import NonFiniteLoss, StepMetrics
from cnncalc.train.engine.plan import RunPlan
from cnncalc.train.engine.session import Session
from cnncalc.train.engine.stepping import Part, Stepper, epoch_parts
from cnncalc.train.progress import EpochMetrics, Progress
from cnncalc.train.rate_range import STEPS, ExplosionCheck, RateRange, rate_at


def range_test(plan: RunPlan, on_step: Callable[[int, float, float], None]) -> RateRange:
    """Train with a rising learning rate until the loss explodes, or the rate has reached its end.

    The weights that move are those of a session of its own, which is then forgotten; what is frozen when a run begins
    stays so.

    Args:
        plan: of the run that is to be trained.
        on_step: called for every step with its number, from 1, its rate and its loss.

    Raises:
        SpecError: where the first loss is no number already.

    """
    tester, watch = _Tester(plan), ExplosionCheck()
    rates: list[float] = []
    losses: list[float] = []
    for step, (rate, parts) in enumerate(zip(map(rate_at, range(STEPS)), tester.steps(), strict=False), 1):
        loss = tester.take(rate, parts)
        if loss is None and not losses:
            hints = ["look at the images and at the first weights: some of them may be NaN or infinite"]
            raise SpecError("not-finite", "the loss is NaN or infinite before the weights have moved", hints=hints)
        if loss is None:
            return RateRange(rates, losses, rate)
        rates.append(rate)
        losses.append(loss)
        on_step(step, rate, loss)
        if watch.exploded(loss):
            return RateRange(rates, losses, rate)
    return RateRange(rates, losses, None)


class _Tester:
    """Takes the steps of a range test as a run would, but for the learning rate."""

    def __init__(self, plan: RunPlan) -> None:
        # the rate of a step is then the progress's own factor
        recipe = replace(plan.recipe, learning_rate=1.0, schedule="constant", warmup=0.0)
        session = self._session = Session(plan._replace(recipe=recipe))
        self._metrics = StepMetrics(session)
        self._stepper = Stepper(session, self._metrics)
        self._progress = Progress()

    def steps(self) -> Iterator[Iterator[Part]]:
        """Yield the parts of one batch after the other, through as many epochs as it takes."""
        session, progress = self._session, self._progress
        recipe = session.recipe
        session.begin_epoch(0)
        self._metrics.start(progress)
        while True:
            parts, _ = epoch_parts(session, progress)
            for _ in range(session.steps_per_epoch):
                yield islice(parts, recipe.accumulate)
            self._close_epoch()

    def _close_epoch(self) -> None:
        progress = self._progress
        loss = progress.loss_sum / progress.loss_images
        row = EpochMetrics(progress.epoch + 1, progress.step, self._stepper.rate, loss, None, None, {}, 0.0, 0.0)
        progress.close_epoch(row)

    def take(self, rate: float, parts: Iterator[Part]) -> float | None:
        """Take a step at a rate; return the loss before it, or None where that is no number."""
        progress = self._progress
        progress.rate_scale = rate
        self._stepper.take(parts, progress)
        progress.step += 1
        try:
            seen = self._metrics.collect(progress, rate)
        except NonFiniteLoss:
            return None
        return seen.loss if seen else None
