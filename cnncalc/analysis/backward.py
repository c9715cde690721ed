"""The backward pass of a network: the gradients that it makes, their sizes and multiplications.

Every multiplication w·x of the forward pass is one for the gradient of the weight, ∂y·x, and one for that of the
input, ∂y·w. Gradients of inputs are made only where something before them is learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.analysis.arithmetic import ArithmeticStep
from cnncalc.network import Network, Node


class BackwardCounts(NamedTuple):
    """What the backward pass does for one layer and one image.

    Attributes:
        node: the layer.
        needs_input: whether the gradient of its input is made.
        input_macs: multiplications for that.
        weight_macs: multiplications for the gradients of its weights.
        bias_additions: additions for those of its biases.

    """

    node: Node
    needs_input: bool
    input_macs: int
    weight_macs: int
    bias_additions: int

    @property
    def macs(self) -> int:
        """All its multiplications."""
        return self.input_macs + self.weight_macs


def needed_gradients(network: Network) -> list[bool]:
    """Return of every volume, the input first, whether its gradient is made: where something is learned up to there."""
    needed = [False]
    for node in network.layers:
        needed.append(node.layer.params(node.sources) > 0 or any(needed[index] for index in node.inputs))
    return needed


def backward_counts(network: Network) -> list[BackwardCounts]:
    """Return what the backward pass does for every layer, in execution order.

    A layer whose output needs no gradient, since nothing is learned up to there, does nothing.
    """
    needed = needed_gradients(network)
    found = []
    for node in network.layers:
        behind = any(needed[index] for index in node.inputs)
        weights = node.macs if node.layer.weights(node.sources) else 0
        biases = node.layer.biases(node.sources)
        additions = node.output.values if biases and node.macs else 0
        found.append(BackwardCounts(node, behind, node.macs if behind else 0, weights, additions))
    return found


def backward_steps(counted: BackwardCounts) -> Iterator[ArithmeticStep]:
    """Yield the gradients of a layer with their sizes and multiplications."""
    node = counted.node
    if not node.inputs:
        return
    sizes = " and ".join(map(str, node.sources))
    if not counted.needs_input:
        yield ArithmeticStep("gradient of the input", "", "not needed, since nothing before it is learned")
    else:
        macs = f", {counted.input_macs:,} MACs" if counted.input_macs else ""
        yield ArithmeticStep("gradient of the input", "", f"{sizes}{macs}")
    if weights := node.layer.weights(node.sources):
        macs = f", {counted.weight_macs:,} MACs" if counted.weight_macs else ""
        yield ArithmeticStep("gradient of the weights", "", f"{weights:,} values{macs}")
    if biases := node.layer.biases(node.sources):
        summed = counted.bias_additions // biases
        sums = f", each the sum of {summed:,} values" if summed > 1 else ""
        yield ArithmeticStep("gradient of the biases", "", f"{biases:,} values{sums}")
    if counted.macs:
        parts = [f"{count:,}" for count in (counted.input_macs, counted.weight_macs) if count]
        total = " + ".join(parts) if len(parts) > 1 else ""
        yield ArithmeticStep("MACs of the backward pass", total, f"{counted.macs:,}")


def backward_total(network: Network) -> ArithmeticStep:
    """Return the multiplications of the whole backward pass, beside those of the forward pass."""
    macs = sum([found.macs for found in backward_counts(network)])
    times = f"{macs / network.macs:.3g}" if network.macs else "0"
    return ArithmeticStep("backward pass", "", f"{macs:,} MACs, {times} times those of the forward pass")
