"""The generators from which a step draws what is random in it."""

from __future__ import annotations

import torch

from cnncalc.train.seeds import AUGMENT, LAYERS, mixed


class StepSeeds:
    """Seeds the generators for a step: the one that augments, and torch's own, from which dropout draws."""

    def __init__(self, seed: int, rank: int, device: torch.device) -> None:
        self._seed, self._rank, self._device = seed, rank, device
        self.generator = torch.Generator(device if device.type in ("cpu", "cuda") else "cpu")

    def set(self, step: int) -> None:
        """Set both to where they stand at the start of a step."""
        self.generator.manual_seed(mixed(self._seed, AUGMENT, step, self._rank))
        own = mixed(self._seed, LAYERS, step, self._rank)
        torch.default_generator.manual_seed(own)
        if self._device.type == "cuda":
            torch.cuda.manual_seed(own)
        elif self._device.type == "mps":
            torch.mps.manual_seed(own)
