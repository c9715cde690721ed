"""Adadelta (Zeiler, 2012), with which the ConvNetJS demo of the lectures trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.optimizers.base import Optimizer, StepSettings, register

if TYPE_CHECKING:
    import torch


@register
class Adadelta(Optimizer):
    """``adadelta``."""

    name = "adadelta"
    learning_rate = 1.0
    weight_decay = 0.0
    reads: ClassVar[Mapping[str, str]] = {"rho": "ρ", "eps": "ε"}
    implementations = ("foreach", "loop")
    trains_with = "foreach"
    moments = 2
    scalars = ("step",)
    foreach = 2
    loop = 2
    decayed_foreach = 1
    decayed_loop = 1

    def make(self, groups: list[dict[str, Any]], settings: StepSettings) -> torch.optim.Optimizer:
        from torch.optim import Adadelta

        return Adadelta(groups, settings.learning_rate, settings.rho, settings.eps, foreach=True)
