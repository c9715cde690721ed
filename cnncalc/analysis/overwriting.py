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
    operations, inputs = network.made.operations, network.made.inputs()
    readers = Counter(chain.from_iterable(inputs))
    readers.update(network.ends)
    overwriting = {operation for operation in network.made.kinds if operation.layer.may_overwrite}
    found = []
    for index, operation in enumerate(operations, 1):
        if operation in overwriting:
            read = inputs[index - 1][0]
            if read and readers[read] == 1 and operations[read - 1].layer.output_is_free:
                found.append(index)
    return frozenset(found)
