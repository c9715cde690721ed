"""Stochastic gradient descent, with momentum if it is set (Sutskever et al., 2013)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.optimizers.base import Optimizer, StepSettings, register

if TYPE_CHECKING:
    import torch


@register
class SGD(Optimizer):
    """``sgd``; the usual momentum and weight decay are those that image classifiers are trained with."""

    name = "sgd"
    learning_rate = 0.1
    weight_decay = 5e-4
    momentum = 0.9
    reads: ClassVar[Mapping[str, str]] = {"momentum": "Momentum", "nesterov": "Nesterov's momentum"}
    decayed_foreach = 1
    decayed_loop = 1

    def make(self, groups: list[dict[str, Any]], settings: StepSettings) -> torch.optim.Optimizer:
        from torch.optim import SGD

        nesterov = settings.nesterov and settings.momentum > 0
        return SGD(groups, settings.learning_rate, settings.momentum, nesterov=nesterov, fused=True)
