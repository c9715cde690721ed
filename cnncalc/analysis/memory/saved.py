"""What each layer keeps for the backward pass."""

from __future__ import annotations

from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.tape import record
from cnncalc.network import Network


def saved_bytes(network: Network, setup: TrainingSetup) -> list[int]:
    """Return for every layer the bytes that it keeps for its backward pass and that no layer before it kept.

    This is what ``torch.autograd.graph.saved_tensors_hooks`` sees for one forward pass, without the parameters, the
    running statistics of norms and the loss. A tensor that two layers keep is counted once, for the first of them.
    """
    tape = record(network, setup, loss=False)
    kept: set[int] = set()
    saved = [0] * len(network.layers)
    for op in tape.ops:
        for place in op.keeps:
            if place not in kept:
                kept.add(place)
                storage = tape.storages[place]
                saved[op.layer - 1] += storage.per_image * setup.images + storage.fixed
    return saved
