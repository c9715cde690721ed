"""What every maker of the oracle is made of: a layer as a text, and what makes a PyTorch module of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st
from torch import nn

Shape = tuple[int, ...]
Build = Callable[[], nn.Module]
Draw = Callable[[st.SearchStrategy[Any]], Any]


class Drawn(NamedTuple):
    """A layer or a network: how a spec writes it, and what makes a new PyTorch module of it."""

    text: str
    build: Build


def joined(numbers: Sequence[object]) -> str:
    """Write ``3x3x64``."""
    return "x".join(map(str, numbers))


def divisors(number: int) -> list[int]:
    """Return every divisor of a number."""
    return [d for d in range(1, number + 1) if number % d == 0]


def nd(name: str, dimensions: int) -> Any:
    """Return ``nn.Conv2d`` and its like."""
    return getattr(nn, f"{name}{dimensions}d")


class Does(nn.Module):
    """A module that does what a function does."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def volume(shape: Sequence[int]) -> tuple[int, ...]:
    """Put the channels last, as a spec writes them."""
    return (*shape[1:], shape[0])
