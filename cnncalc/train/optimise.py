"""Optimizers, and which parameters are pulled towards 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from cnncalc.train.muon import Muon
from cnncalc.train.recipe import Recipe

_DECAYING = (
    *(nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    nn.Linear,
)
"""Layers whose weights decay: norms, biases, slopes and scales stay as they are, since 0 is nothing to be near to."""


FUSED = ("sgd", "adam", "adamw")
"""Optimizers whose step is a single kernel for all parameters, on CPUs and GPUs, where PyTorch has one."""


def parameter_groups(module: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """Return the parameters in two groups, the weights that decay and the rest, in the module's order."""
    weights = [part.weight for part in module.modules() if isinstance(part, _DECAYING)]
    decaying = {id(weight) for weight in weights}
    rest = [parameter for parameter in module.parameters() if id(parameter) not in decaying]
    groups = [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def make_optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimizer of a recipe for all parameters of a module."""
    return _MAKERS[recipe.optimizer](module, recipe)


def _sgd(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    groups, nesterov = parameter_groups(module, recipe), recipe.nesterov and recipe.momentum > 0
    return torch.optim.SGD(groups, recipe.learning_rate, recipe.momentum, nesterov=nesterov, fused=True)


def _adam(kind: Callable[..., torch.optim.Optimizer]) -> Callable[[nn.Module, Recipe], torch.optim.Optimizer]:
    def make(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
        betas = (recipe.beta1, recipe.beta2)
        groups = parameter_groups(module, recipe)
        return kind(groups, lr=recipe.learning_rate, betas=betas, eps=recipe.eps, fused=True)

    return make


def _adadelta(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    groups = parameter_groups(module, recipe)
    return torch.optim.Adadelta(groups, lr=recipe.learning_rate, rho=recipe.rho, eps=recipe.eps, foreach=True)


def _rmsprop(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    groups = parameter_groups(module, recipe)
    return torch.optim.RMSprop(
        groups, lr=recipe.learning_rate, alpha=recipe.rho, eps=recipe.eps, momentum=recipe.momentum, foreach=True
    )


def _muon(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return Muon for weights that decay, and SGD for the rest and for the last layer's, whose rows are classes."""
    weights, *others = parameter_groups(module, recipe)
    *hidden, last = weights["params"]
    groups = [
        {**weights, "params": hidden, "orthogonal": True},
        {**weights, "params": [last]},
        *others,
    ]
    groups = [group for group in groups if group["params"]]
    return Muon(groups, recipe.learning_rate, recipe.momentum, recipe.nesterov)


_MAKERS: Mapping[str, Callable[[nn.Module, Recipe], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam(torch.optim.Adam),
    "adamw": _adam(torch.optim.AdamW),
    "adadelta": _adadelta,
    "rmsprop": _rmsprop,
    "muon": _muon,
}
