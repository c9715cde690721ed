"""What layers cost, and how that adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from cnncalc.core.volume import Volume
from cnncalc.network.network import Network
from cnncalc.network.node import Operation

Costs = tuple[int, int, int, int, int]
"""Layers, weights, biases, MACs, and the values of all outputs."""


def costs_of(operation: Operation) -> Costs:
    """Return what one layer costs."""
    return 1, operation.weights, operation.biases, operation.macs, operation.values


_NOTHING: Costs = (0, 0, 0, 0, 0)


def sum_of(costs: Sequence[Costs]) -> Costs:
    """Return what several layers cost together."""
    return cast(Costs, tuple(map(sum, zip(*costs, strict=True)))) if costs else _NOTHING


def times(costs: Costs, count: int) -> Costs:
    """Return what the same layers cost so many times."""
    layers, weights, biases, macs, values = costs
    return layers * count, weights * count, biases * count, macs * count, values * count


class Totals(NamedTuple):
    """What is counted of a network.

    Attributes:
        layers: number of layers.
        weights, biases: numbers of learned parameters.
        macs: multiplications for one image.
        activations: values in the input and in the output of every layer, for one image.
        input, output: the volumes that go in and come out; of several outputs the first.
        parameters: the values of all parameters of the spec.

    """

    layers: int
    weights: int
    biases: int
    macs: int
    activations: int
    input: Volume
    output: Volume
    parameters: Mapping[str, int]


def totals_of(network: Network) -> Totals:
    """Return the same of a network that is there."""
    counted = len(network), network.weights, network.biases, network.macs, network.activations
    return Totals(*counted, network.input, network.output, network.parameters)
