"""Adam (Kingma and Ba, 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.optimizers.base import Optimizer, StepSettings, register

if TYPE_CHECKING:
    import torch


@register
class Adam(Optimizer):
    """``adam``: weight decay is added to the gradient."""

    name = "adam"
    learning_rate = 1e-3
    weight_decay = 0.0
    reads: ClassVar[Mapping[str, str]] = {"momentum": "β1", "beta2": "β2", "eps": "ε"}
    moments = 2
    scalars = ("step",)
    foreach = 1
    loop = 2
    decayed_loop = 1

    def make(self, groups: list[dict[str, Any]], settings: StepSettings) -> torch.optim.Optimizer:
        from torch.optim import Adam

        betas = (settings.momentum, settings.beta2)
        return Adam(groups, settings.learning_rate, betas, settings.eps, fused=True)
