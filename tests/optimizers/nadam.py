"""An optimizer of somebody else's: one class in one file, and then the command line with it."""

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from cnncalc.optimizers import Optimizer, StepSettings, register


@register
class NAdam(Optimizer):
    """``nadam``: Adam with Nesterov's momentum (Dozat, 2016)."""

    name = "nadam"
    learning_rate = 2e-3
    weight_decay = 0.0
    reads: ClassVar[Mapping[str, str]] = {"momentum": "β1", "beta2": "β2", "eps": "ε"}
    implementations = ("foreach",)
    trains_with = "foreach"
    moments = 2
    scalars = ("step", "mu_product")
    foreach = 1

    def make(self, groups: list[dict[str, Any]], settings: StepSettings) -> torch.optim.Optimizer:
        betas = (settings.momentum, settings.beta2)
        return torch.optim.NAdam(groups, settings.learning_rate, betas, settings.eps, foreach=True)


if __name__ == "__main__":
    from cnncalc.__main__ import main

    sys.exit(main())
