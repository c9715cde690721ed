"""The optimizer of a recipe."""

from __future__ import annotations

import torch
from torch import nn

from cnncalc.optimizers import OPTIMIZERS
from cnncalc.optimizers.groups import parameter_groups
from cnncalc.train.engine.parts import split_by_rate
from cnncalc.train.recipe.settings import Recipe


def make_optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimizer of a recipe for all parameters of a module."""
    optimizer = OPTIMIZERS[recipe.optimizer].make(parameter_groups(module, recipe.weight_decay), recipe)
    split_by_rate(optimizer, module, recipe)
    return optimizer
