"""The file of a network, which lies in the flash: weights, the parameters of the quantisation, and the graph."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.microcontrollers.graph import Graph
from cnncalc.network import Network

SCALE = 12
"""Bytes of a scale: a float32, and its zero point, an int64."""


class Flash(NamedTuple):
    """What the file has.

    Attributes:
        weights: bytes of the weights, int8, and of the biases, int32, exact.
        quantisation: bytes of the scales and zero points, exact.
        graph: bytes of tensors, operators, their names and settings; estimated.

    """

    weights: int
    quantisation: int
    graph: int

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.weights + self.quantisation + self.graph


FILE, TENSOR, LAYER, CHARACTER = 350, 205, 77, 4.8
"""Bytes of the graph: of any file, of each tensor, of each layer, and of each character of a layer's name.

They are fitted to 138 files of the converter, and a little larger, so that few files are larger than is said.
"""


def flash_of(graph: Graph, network: Network) -> Flash:
    """Work out the file of a network's graph."""
    tensors = graph.tensors
    weights = sum(tensor.bytes for tensor in tensors if tensor.constant and tensor.scales)
    quantisation = SCALE * sum(tensor.scales for tensor in tensors)
    settings = sum(tensor.bytes for tensor in tensors if tensor.constant and not tensor.scales)
    names = sum(len(node.name) for node in network.layers)
    structure = FILE + TENSOR * len(tensors) + LAYER * len(network.layers) + CHARACTER * names
    return Flash(weights, quantisation, settings + int(structure))
