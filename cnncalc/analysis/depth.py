"""How deep a network is: layers with weights, which is what the numbers in names such as VGG-16 and ResNet-50 count."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.network import Network, Node, Operation


class Depth(NamedTuple):
    """Layers with weights that multiply: convolutions and fully connected layers, not norms.

    Attributes:
        convolutional: how many convolve, transposed or not.
        fully_connected: how many are fully connected.
        longest_path: how many lie on the path from the input to an output that passes most of them. A projection
            beside a residual branch is not on it, so that this is the 18 of ResNet-18 (He et al., 2015) and the 22 of
            GoogLeNet, nor is what ends in one value for all positions: squeeze-and-excitation (the 154 of SENet-154).

    """

    convolutional: int
    fully_connected: int
    longest_path: int

    @property
    def layers(self) -> int:
        """All of them."""
        return self.convolutional + self.fully_connected


def weighty(operation: Operation) -> bool:
    """Say whether a layer counts as one with weights: whether it multiplies by them, which a norm does not."""
    return bool(operation.weights and operation.macs)


def _on_the_path(node: Node) -> list[int]:
    """Return which inputs of a layer a path may come from: of a merge not those that are spread over its positions."""
    if not node.layer.merges:
        return list(node.inputs)
    pairs = zip(node.inputs, node.sources, strict=True)
    return [index for index, source in pairs if source.spatial == node.output.spatial] or list(node.inputs)


def depth_of(network: Network) -> Depth:
    """Count the layers with weights, in time linear in the number of layers."""
    known: dict[Operation, tuple[int, int]] = {}
    convolutional = fully_connected = 0
    passed = [0]
    for node in network.layers:
        operation = node.operation
        kind = known.get(operation)
        if kind is None:
            counts = weighty(operation)
            linear = operation.layer.role == "linear"
            kind = known[operation] = int(counts and not linear), int(counts and linear)
        convolutional += kind[0]
        fully_connected += kind[1]
        passed.append(max([passed[index] for index in _on_the_path(node)]) + kind[0] + kind[1])
    return Depth(convolutional, fully_connected, max([passed[index] for index in network.ends]))
