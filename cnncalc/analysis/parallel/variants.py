"""The steps of a single process that the step of a card is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.prediction import Step

Steps = Callable[[TrainingSetup], Step]
"""Returns the step of a single process with a setup."""


def single(setup: TrainingSetup) -> TrainingSetup:
    """Return a step of one pass with the images of a pass: gradients stay when they are made."""
    return replace(setup, batch=setup.images, accumulate=1)


def accumulating(setup: TrainingSetup) -> TrainingSetup:
    """Return a step of two passes of as many images: gradients are added to those that are there, and given back."""
    return replace(setup, batch=2 * setup.images, accumulate=2)
