"""How the learning rate goes over a run: a factor between 0 and 1, a function of the step alone."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, floor, pi

from cnncalc.train.recipe.settings import Recipe

START, END = 1 / 25, 1e-4
"""Where a one-cycle starts and ends, as shares of its peak (Smith and Topin, 2018; it starts as PyTorch's does)."""
RISE = 0.3
"""Share of the run in which a one-cycle rises where no warm-up is given."""


def rate_factor(recipe: Recipe, step: int, steps: int, steps_per_epoch: int) -> float:
    """Return the factor of the learning rate for a step, counted from 0, of a run of ``steps`` steps."""
    rise = recipe.warmup * steps_per_epoch
    if recipe.schedule == "one-cycle":
        return _one_cycle(step, steps, rise or RISE * steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    return _SCHEDULES[recipe.schedule](recipe, (step - rise) / max(1.0, steps - rise), step // steps_per_epoch)


def _one_cycle(step: int, steps: int, rise: float) -> float:
    if step < rise:
        return _between(START, 1.0, step / rise)
    return _between(1.0, END, (step - rise) / max(1.0, steps - 1 - rise))


def _between(start: float, end: float, share: float) -> float:
    """Go from start to end along half a cosine."""
    return end + (start - end) * (1 + cos(pi * min(1.0, share))) / 2


_SCHEDULES: dict[str, Callable[[Recipe, float, int], float]] = {
    "cosine": lambda recipe, share, epoch: (1 + cos(pi * share)) / 2,
    "linear": lambda recipe, share, epoch: 1 - share,
    "step": lambda recipe, share, epoch: recipe.step_factor ** floor(epoch / recipe.step_every),
    "constant": lambda recipe, share, epoch: 1.0,
}
