"""More to say about a layer: its neurons and connections, what sharing saves, the padding that keeps its size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from cnncalc.analysis.arithmetic import ArithmeticStep
from cnncalc.core.numbers import counted
from cnncalc.layers.window import Windowed
from cnncalc.network import Network, Node

MOST_TERMS = 20
"""Layers whose neurons are added up in a sum that is shown."""


def inner_factors(node: Node) -> tuple[int, ...]:
    """Return the factors of the number of weights of one neuron; () for a layer whose neurons differ in that."""
    factors, output = node.layer.mac_factors(node.sources), tuple(node.output)
    if not factors or node.layer.role not in ("convolution", "linear"):
        return ()
    if factors[: len(output)] == output:
        return factors[len(output) :]
    return factors[1:] if factors[0] == node.output.values else ()


def neuron_steps(node: Node) -> Iterator[ArithmeticStep]:
    """Yield how many neurons a layer has, how each is connected, and what it would cost not to share weights."""
    inner = inner_factors(node)
    if not inner:
        return
    neurons, each = node.output.values, prod(inner)
    bias = node.operation.layer.biases(node.sources) > 0
    yield ArithmeticStep("neurons", _product(node.output) if len(set(node.output)) > 1 else "", f"{neurons:,}")
    with_bias = " and a bias" if bias else ""
    yield ArithmeticStep("weights of each neuron", _product(inner) if len(inner) > 1 else "", f"{each:,}{with_bias}")
    yield ArithmeticStep("connections", f"{neurons:,}·{each:,}", f"{neurons * each:,}")
    own = node.layer.params(node.sources)
    alone = neurons * (each + bias)
    if 0 < own < alone and node.layer.role == "convolution":
        terms = f"({_product(inner)} + 1)" if bias else _product(inner)
        more = f"{alone / own:,.4g}".removesuffix(".0")
        yield ArithmeticStep(
            "without sharing", f"{_product(node.output)}·{terms}", f"{alone:,} parameters, {more} times as many"
        )
    if isinstance(node.layer, Windowed):
        yield from _keeping(node.layer)


def neurons_total(network: Network) -> ArithmeticStep | None:
    """Return how many neurons and connections a network has; None for fewer than two layers."""
    found = [(node.output.values, prod(inner)) for node in network.layers if (inner := inner_factors(node))]
    if len(found) < 2:
        return None
    connections = sum([neurons * each for neurons, each in found])
    terms = " + ".join([f"{neurons:,}" for neurons, _ in found]) if len(found) <= MOST_TERMS else ""
    total = sum([neurons for neurons, _ in found])
    return ArithmeticStep("neurons", terms, f"{total:,} in {counted(len(found), 'layer')}, {connections:,} connections")


def _keeping(layer: Windowed) -> Iterator[ArithmeticStep]:
    """Yield the padding that keeps the size at stride 1: (F − 1)/2."""
    sums = []
    for window in layer.windows:
        half, odd = divmod(window.extent - 1, 2)
        sums.append(
            (f"P = (F − 1)/2 = ({window.extent} − 1)/2", f"{half} before and {half + 1} after" if odd else f"{half}")
        )
    for text, result in dict.fromkeys(sums):
        yield ArithmeticStep("padding to keep the size", text, result)


def _product(factors: Sequence[int]) -> str:
    return "·".join(map(str, factors))
