"""Optimizers, one class in one file each. Importing this package registers all of them, and imports no torch."""

from cnncalc.optimizers import adadelta, adam, adamw, muon, rmsprop, sgd
from cnncalc.optimizers.base import (
    IMPLEMENTATIONS,
    OPTIMIZERS,
    Optimizer,
    StepMemory,
    StepSettings,
    readers,
    register,
    with_momentum,
)

__all__ = [
    "IMPLEMENTATIONS",
    "OPTIMIZERS",
    "Optimizer",
    "StepMemory",
    "StepSettings",
    "adadelta",
    "adam",
    "adamw",
    "muon",
    "readers",
    "register",
    "rmsprop",
    "sgd",
    "with_momentum",
]
