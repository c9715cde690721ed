"""Which activations may write their output over their input (``inplace=True``)."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from cnncalc.network import Network


def overwritable(network: Network) -> frozenset[int]:
    """Return the layers that may write over their input.

    That is safe where nobody else reads the input, and where the layer that made it does not need it for
    its backward pass. The network's own input and output are never written over.
    """
    layers = network.layers
    readers = Counter(chain.from_iterable([node.inputs for node in layers]))
    readers.update(network.ends)
    found = []
    for node in layers:
        if node.operation.layer.may_overwrite:
            read = node.inputs[0]
            if read and readers[read] == 1 and layers[read - 1].operation.layer.output_is_free:
                found.append(node.index)
    return frozenset(found)
