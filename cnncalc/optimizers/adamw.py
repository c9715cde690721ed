"""AdamW (Loshchilov and Hutter, 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.optimizers.base import Optimizer, StepSettings, register

if TYPE_CHECKING:
    import torch


@register
class AdamW(Optimizer):
    """``adamw``: Adam whose weight decay is decoupled from the gradient, and so a larger number."""

    name = "adamw"
    learning_rate = 2e-3
    weight_decay = 0.05
    reads: ClassVar[Mapping[str, str]] = {"momentum": "β1", "beta2": "β2", "eps": "ε"}
    moments = 2
    scalars = ("step",)
    foreach = 1
    loop = 2

    def make(self, groups: list[dict[str, Any]], settings: StepSettings) -> torch.optim.Optimizer:
        from torch.optim import AdamW

        betas = (settings.momentum, settings.beta2)
        return AdamW(groups, settings.learning_rate, betas, settings.eps, fused=True)
