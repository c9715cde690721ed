"""Formulas that several counters have in common."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnncalc.counters.tensor_call import TensorCall


def each_arriving(factor: int) -> Callable[[TensorCall], int]:
    """Return the formula that counts so many for each input value."""
    return lambda call: factor * call.values_arriving


def each_made(factor: int) -> Callable[[TensorCall], int]:
    """Return the formula that counts so many for each output value."""
    return lambda call: factor * call.values_made


def convolved(call: TensorCall) -> int:
    """Return the multiplications of a convolution."""
    return call.values_made * (call.arriving[1] // call.groups) * call.kernel


def transposed(call: TensorCall) -> int:
    """Return the multiplications of a transposed convolution."""
    return call.values_arriving * (call.made[1] // call.groups) * call.kernel


def multiplied(call: TensorCall) -> int:
    """Return the multiplications of a matrix product, of a fully connected layer or of a batch of matrices."""
    return call.values_arriving * call.made[-1]


def biases(call: TensorCall) -> int:
    """Return one addition for each value that gets a bias, which may be a constant."""
    return call.values_made if call.settings.get("bias", True) else 0


def positions(call: TensorCall) -> int:
    """Return the positions that are made."""
    return prod(call.made[2:])
