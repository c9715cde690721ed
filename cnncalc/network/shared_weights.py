"""Weights that several layers have in common: ``weights=NAME`` on layers, or behind calls of a block."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.core.words import shorten
from cnncalc.layers import Sources
from cnncalc.network.node import Node, Operation


class TiedCall(NamedTuple):
    """A call of a block whose layers share their weights: under which name, and where in theirs their own begins."""

    weights: str
    start: int


class SharedWeights:
    """Which layers have the weights of an earlier one.

    Attributes:
        weights_of: their indices, each with that of the first layer of its name.
        tied: the call that is being walked through, if its layers share their weights.

    """

    def __init__(self) -> None:
        self.weights_of: dict[int, int] = {}
        self.tied: TiedCall | None = None
        self.first: dict[str, Node] = {}
        self.again: dict[Operation, Operation] = {}
        self.calls: dict[str, tuple[str, int]] = {}
        self.count = 0

    def operation(self, node: Node) -> Operation:
        """Return what a new layer does: the same, with weights that are counted elsewhere if an earlier one has them.

        Raises:
            ValueError: where that one has weights of other shapes; its text says so.
        """
        operation = node.operation
        if not operation.weights and not operation.biases:
            return operation
        name = operation.shared
        if self.tied is not None and not name:
            self.count += 1
            name = f"{self.tied.weights}.{node.name[self.tied.start :]}"
        first = self.first.setdefault(name, node)
        if first is node:
            return operation
        ours, theirs = _shapes(operation), _shapes(first.operation)
        if ours != theirs or type(operation.layer) is not type(first.layer):
            raise ValueError(
                f"layers that share the weights `{shorten(name.partition('.')[0])}` have others: "
                f"`{shorten(first.name)}` has {theirs}, `{shorten(node.name)}` has {ours}"
            )
        self.weights_of[node.index] = first.index
        if operation not in self.again:
            self.again[operation] = operation.with_weights_of_another()
        return self.again[operation]

    def end_of_call(self, weights: str, block: str, count: int) -> None:
        """Make sure that all calls of a name are alike: of one block, with as many layers that have weights.

        Raises:
            ValueError: where they are not; its text says so.
        """
        before, layers = self.calls.setdefault(weights, (block, count))
        if (before, layers) != (block, count):
            raise ValueError(
                f"calls that share the weights `{shorten(weights)}` differ: `{shorten(before)}` has {_layers(layers)} "
                f"with weights, `{shorten(block)}` has {_layers(count)}"
            )


def _layers(count: int) -> str:
    return "1 layer" if count == 1 else f"{count} layers"


def _shapes(operation: Operation) -> str:
    """Write the shapes of a layer's weights and biases: ``3x3x16x32 + 32``."""
    sources: Sources = operation.sources
    weights = "x".join(map(str, operation.layer.weight_factors(sources)))
    biases = operation.layer.biases(sources)
    return f"{weights} + {biases}" if biases else weights
