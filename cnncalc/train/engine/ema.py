"""Averaged weights: an exponential moving average of everything that a module learns."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn


class AveragedWeights:
    """A copy of a module whose weights trail behind the module's own.

    The decay grows with the number of steps, (1 + n) / (10 + n) at most, so that the first weights are soon
    forgotten. Numbers that are no floats (how many batches a norm has seen) are copied.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = deepcopy(module).requires_grad_(False)
        self._decay = decay
        ours, theirs = self.module.state_dict().values(), module.state_dict().values()
        pairs = list(zip(ours, theirs, strict=True))
        self._floats = [pair for pair in pairs if pair[0].is_floating_point()]
        self._others = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self, steps: int) -> None:
        """Move towards the module's weights, after so many steps in all."""
        decay = min(self._decay, (1 + steps) / (10 + steps))
        torch._foreach_lerp_([ours for ours, _ in self._floats], [theirs for _, theirs in self._floats], 1 - decay)
        for ours, theirs in self._others:
            ours.copy_(theirs)
