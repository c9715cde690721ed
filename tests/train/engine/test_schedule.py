"""The learning rate over a run, held to PyTorch's own schedulers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from cnncalc.train.engine.schedule import RISE, rate_factor
from cnncalc.train.recipe.settings import SCHEDULES, Recipe

Scheduler = Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]


def ours(recipe: Recipe, steps: int, steps_per_epoch: int) -> list[float]:
    """Return the factor of every step of a run."""
    return [rate_factor(recipe, step, steps, steps_per_epoch) for step in range(steps)]


def theirs(scheduler: Scheduler, steps: int) -> list[float]:
    """Return the learning rates of a scheduler whose optimizer has a learning rate of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(()))], lr=1.0)
    schedule, rates = scheduler(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def constant(optimizer: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
    return lr_scheduler.ConstantLR(optimizer, 1.0)


@pytest.mark.parametrize("warmup", [0, 1, 2.5])
def test_one_cycle(warmup: float) -> None:
    """It rises from 1/25 to 1 and falls to 1/10,000, along half a cosine each.

    PyTorch counts the steps of the rise from 1 and gives the end as a share of the start: 25 / 10,000.
    """
    recipe, steps, per_epoch = Recipe(schedule="one-cycle", warmup=warmup), 100, 10
    rise = warmup * per_epoch or RISE * steps
    share = (rise + 1) / steps

    def scheduler(optimizer: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
        return lr_scheduler.OneCycleLR(
            optimizer, 1.0, steps, pct_start=share, div_factor=25, final_div_factor=400, cycle_momentum=False
        )

    rates = ours(recipe, steps, per_epoch)
    assert rates == pytest.approx(theirs(scheduler, steps))
    assert (rates[0], max(rates), rates[-1]) == pytest.approx((1 / 25, 1, 1e-4))


AFTER: dict[str, Callable[[int], Scheduler]] = {
    "cosine": lambda rest: lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, rest),
    "linear": lambda rest: lambda optimizer: lr_scheduler.LinearLR(optimizer, 1.0, 0.0, rest),
    "constant": lambda rest: constant,
}


@pytest.mark.parametrize("warmup", [0, 3])
@pytest.mark.parametrize("schedule", AFTER)
def test_warm_up_and_what_follows(schedule: str, warmup: int) -> None:
    """A line up to the peak, which the schedule starts from."""
    steps, per_epoch, rise = 70, 7, 7 * warmup
    rates = ours(Recipe(schedule=schedule, warmup=warmup), steps, per_epoch)

    up = theirs(lambda optimizer: lr_scheduler.LinearLR(optimizer, 1 / (rise + 1), 1.0, rise), rise) if rise else []
    assert rates == pytest.approx([*up, *theirs(AFTER[schedule](steps - rise), steps - rise)])


def test_a_step_schedule_is_that_of_pytorch() -> None:
    """Every third epoch a tenth; the scheduler goes an epoch at a time."""
    recipe = Recipe(schedule="step", step_every=3, step_factor=0.1)
    epochs = theirs(lambda optimizer: lr_scheduler.StepLR(optimizer, 3, 0.1), 10)
    assert ours(recipe, 50, 5) == pytest.approx([rate for rate in epochs for _ in range(5)])


@given(
    schedule=st.sampled_from(SCHEDULES),
    warmup=st.floats(0, 30),
    epochs=st.integers(1, 20),
    per_epoch=st.integers(1, 20),
)
def test_it_is_always_a_share_of_the_peak(schedule: str, warmup: float, epochs: int, per_epoch: int) -> None:
    """Also where the warm-up is longer than the run, or the run is a single step."""
    recipe = replace(Recipe(), schedule=schedule, warmup=warmup)
    assert all(0 < factor <= 1 for factor in ours(recipe, epochs * per_epoch, per_epoch))
