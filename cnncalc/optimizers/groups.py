"""Which parameters decay. Imports torch."""

from __future__ import annotations

from typing import Any

from torch import nn

DECAYING = (
    *(nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    nn.Linear,
)
"""Layers whose weights decay. Biases, slopes and the gains of norms do not: for them 0 is no neutral value."""


def parameter_groups(module: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the parameters in two groups, the weights that decay and the rest, in the module's order."""
    weights = [part.weight for part in module.modules() if isinstance(part, DECAYING)]
    decaying = {id(weight) for weight in weights}
    rest = [parameter for parameter in module.parameters() if id(parameter) not in decaying]
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]
