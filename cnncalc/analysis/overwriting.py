"""Which activations may write their output over their input (``inplace=True``)."""

from __future__ import annotations

from collections import Counter

from cnncalc.network import Network


def overwritable(network: Network) -> frozenset[int]:
    """Return the layers that may write over their input.

    That is safe where nobody else reads the input, and where the layer that made it does not need it for
    its backward pass. The network's own input and output are never written over.
    """
    readers = Counter(index for node in network.layers for index in node.inputs)
    readers.update(network.ends)
    return frozenset(
        node.index
        for node in network.layers
        if node.layer.may_overwrite
        and node.inputs[0]
        and readers[node.inputs[0]] == 1
        and network.layers[node.inputs[0] - 1].layer.output_is_free
    )
