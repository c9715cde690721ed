"""RMSprop (Tieleman and Hinton, 2012), with momentum if it is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.optimizers.base import Optimizer, StepSettings, register

if TYPE_CHECKING:
    import torch


@register
class RMSprop(Optimizer):
    """``rmsprop``."""

    name = "rmsprop"
    learning_rate = 1e-3
    weight_decay = 0.0
    momentum = 0.9
    reads: ClassVar[Mapping[str, str]] = {"momentum": "Momentum", "rho": "Smoothing α", "eps": "ε"}
    implementations = ("foreach", "loop")
    trains_with = "foreach"
    moments = 1
    scalars = ("step",)
    foreach = 1
    loop = 1
    decayed_foreach = 1
    decayed_loop = 1

    def make(self, groups: list[dict[str, Any]], settings: StepSettings) -> torch.optim.Optimizer:
        from torch.optim import RMSprop

        smoothing, momentum = settings.rho, settings.momentum
        return RMSprop(groups, settings.learning_rate, smoothing, settings.eps, momentum=momentum, foreach=True)
