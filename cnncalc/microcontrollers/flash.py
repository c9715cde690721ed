"""The file of a network, which lies in the flash: weights, the parameters of the quantisation, and the graph."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.microcontrollers.graph import Graph

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


def flash_of(graph: Graph) -> Flash:
    """Work out the file of a graph."""
    tensors = graph.tensors
    weights = sum(tensor.bytes for tensor in tensors if tensor.constant and tensor.scales)
    quantisation = SCALE * sum(tensor.scales for tensor in tensors)
    settings = sum(tensor.bytes for tensor in tensors if tensor.constant and not tensor.scales)
    return Flash(weights, quantisation, settings + _structure(graph))


def _structure(graph: Graph) -> int:
    """Return about what the structure of the file takes, names included; fitted to files of the converter."""
    names = sum(NAME + NAME_FOR_EACH * len(operator.layer) for operator in graph.operators)
    return FILE + TENSOR * len(graph.tensors) + OPERATOR * len(graph.operators) + names


FILE, TENSOR, OPERATOR, NAME, NAME_FOR_EACH = 900, 145, 60, 60, 4
