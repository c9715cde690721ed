"""The receptive field where a network stops looking around: in front of its first global or fully connected layer.

Behind a global pool or a fully connected layer every unit has seen everything, whatever the layers in front of it saw.
"""

from __future__ import annotations

from math import prod

from cnncalc.analysis.receptive import Fields, receptive_fields
from cnncalc.network import Network, Operation


def field_of_body(network: Network) -> Fields:
    """Return the receptive field of what arrives at the first layer that takes all positions together.

    Such a layer counts where everything passes through it: not in a branch, as in squeeze-and-excitation. Without one
    it is the field of the output.
    """
    return receptive_fields(network)[_end_of_body(network)]


def _end_of_body(network: Network) -> int:
    """Return the index of what arrives at the first layer that takes all positions together; else of the output."""
    furthest = list(range(len(network.layers) + 1))  # for each volume the last layer that reads it
    for node in network.layers:
        for index in node.inputs:
            furthest[index] = node.index
    for index in network.ends:
        furthest[index] = len(network.layers) + 1
    open_until = furthest[0]  # the last layer that reads anything in front of this place
    for node in network.layers:
        if open_until <= node.index and len(node.inputs) == 1 and _takes_all(node.operation):
            return node.inputs[0]
        open_until = max(open_until, furthest[node.index])
    return network.output_index


def _takes_all(operation: Operation) -> bool:
    """Say whether a layer is fully connected, or leaves one position of several without convolving."""
    if operation.layer.role == "linear":
        return True
    if operation.layer.role not in ("pooling", "shape"):
        return False
    return prod(operation.output.spatial) == 1 < prod(operation.sources[0].spatial)
