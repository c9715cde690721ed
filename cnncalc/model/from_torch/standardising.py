"""Weights that a module standardises before it uses them: found by what is computed of random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import torch

from cnncalc.model.from_torch.computed import evaluated, numbers_of
from cnncalc.model.from_torch.trace import Traced
from cnncalc.model.from_torch.values import Tensor

TOLERANCE = 1e-9
"""Largest difference, relative to the largest value, in float64."""

USUAL = (1e-5, 1e-6, 0.0)
"""What may be added to the variance where no number of the module is."""


class Standardisation(NamedTuple):
    """How weights are standardised.

    Attributes:
        weight: the parameter.
        gain: the learned factor of each filter; None without one.
        eps: what is added to the variance.
        scale: the number that multiplies the gain; None without one.
    """

    weight: Tensor
    gain: Tensor | None
    eps: float
    scale: float | None


def standardisation(tensor: Tensor, traced: Traced) -> Standardisation | None:
    """Return how a tensor that a module computes is a standardised parameter; None where it is something else."""
    count = prod(tensor.shape)
    weights = [path for path, value in tensor.learned.items() if value.numel() == count]
    gains = [path for path, value in tensor.learned.items() if value.numel() == tensor.shape[0] != count]
    if tensor.path or len(weights) != 1 or len(weights) + len(gains) != len(tensor.learned) or len(gains) > 1:
        return None
    generator = torch.Generator().manual_seed(0)
    drawn = {path: torch.rand(tensor.learned[path].shape, generator=generator) + 0.5 for path in gains}
    filters = torch.logspace(-3, 0, tensor.shape[0])[:, None]  # of many sizes, so that what is added shows
    values = torch.randn(tensor.shape[0], count // tensor.shape[0], generator=generator) * filters + 0.1
    drawn[weights[0]] = values.reshape(tensor.learned[weights[0]].shape)
    made = _made(tensor, traced, {path: value.double() for path, value in drawn.items()})
    if made is None:
        return None
    factors = drawn[gains[0]].double().reshape(-1, 1) if gains else torch.ones(tensor.shape[0], 1).double()
    parts = [_plain(tensor, path) for path in (*weights, *gains)]
    for eps in _candidates(tensor):
        scale = _scale(made, values.double(), factors, eps)
        if scale is not None and (gains or abs(scale - 1) <= TOLERANCE):
            return Standardisation(parts[0], parts[1] if gains else None, eps, scale if gains else None)
    return None


def _made(tensor: Tensor, traced: Traced, drawn: dict[str, torch.Tensor]) -> torch.Tensor | None:
    """Compute the tensor of other numbers, one row for each filter; None where that fails."""

    def value(path: str) -> Any:
        found = drawn.get(path, traced.tensors(path))
        return found.double() if isinstance(found, torch.Tensor) and found.is_floating_point() else found

    try:
        with torch.no_grad():
            made = evaluated(tensor.steps, value, traced.root)
    except Exception:  # whatever others' code does with numbers of our choice
        return None
    usable = isinstance(made, torch.Tensor) and made.dtype == torch.float64 and not made.is_meta
    return made.reshape(tensor.shape[0], -1) if usable else None


def _scale(made: torch.Tensor, values: torch.Tensor, factors: torch.Tensor, eps: float) -> float | None:
    """Return the one number by which the standardised values are multiplied beside the factors; None for another."""
    centred = values - values.mean(1, keepdim=True)
    expected = factors * centred / (centred.square().mean(1, keepdim=True) + eps).sqrt()
    scale = float((made * expected).sum() / expected.square().sum())
    same = float((made - scale * expected).abs().max()) <= TOLERANCE * float(made.abs().max())
    return scale if same else None


def _plain(tensor: Tensor, path: str) -> Tensor:
    parameter = tensor.learned[path]
    return Tensor(path, parameter, tuple(parameter.shape), (), {path: parameter})


def _candidates(tensor: Tensor) -> Iterator[float]:
    """Return what may be added to the variance: the small numbers of the calls, then what is usual."""
    numbers = [number for step in tensor.steps for number in numbers_of(step) if 0 < number < 0.1]
    yield from dict.fromkeys([*numbers, *USUAL])
