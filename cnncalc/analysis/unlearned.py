"""Numbers that a network keeps and does not learn: running means and variances, constants. Keras counts them, too."""

from __future__ import annotations

from cnncalc.network import Network, Operation


def unlearned_of(operation: Operation) -> int:
    """Return how many numbers a layer keeps and does not learn; 0 where an earlier layer has them already."""
    if operation.again:
        return 0
    return sum([tensor.size for tensor in operation.layer.state(operation.sources) if not tensor.learned])


def unlearned(network: Network) -> int:
    """Return how many numbers a network keeps and does not learn."""
    known: dict[Operation, int] = {}
    for node in network.layers:
        if node.operation not in known:
            known[node.operation] = unlearned_of(node.operation)
    return sum([known[node.operation] for node in network.layers])
