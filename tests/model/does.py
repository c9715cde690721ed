"""A module that does what a function says, and what an import makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc import SpecError
from cnncalc.model.from_torch import import_module


class Does(nn.Module):
    """Does what a function says, with two convolutions, a factor per channel, a constant and a normalisation."""

    def __init__(self, function: Callable[[Does, torch.Tensor], object]) -> None:
        super().__init__()
        self.function = function
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.gamma = nn.Parameter(torch.ones(8))
        self.register_buffer("blur", torch.ones(8, 1, 3, 3) / 9)

    def forward(self, x: torch.Tensor) -> object:
        return self.function(self, x)


def layers(module: nn.Module, input: str = "8x8x3") -> str:
    """Import a module, which proves itself, and return the layers on one line."""
    return " - ".join(import_module(module, input).text.strip().split("\n\n")[-1].split("\n"))


def refusal(module: nn.Module, input: str = "8x8x3") -> str:
    """Import a module that cannot be, and return the error with ``(LINE)`` for lines of this file."""
    with pytest.raises(SpecError) as raised:
        cnncalc.from_torch(module, input)
    return re.sub(r"\(test_from_torch_\w+\.py:\d+\)", "(LINE)", raised.value.message)
