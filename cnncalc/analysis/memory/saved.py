"""What each layer keeps for the backward pass."""

from __future__ import annotations

from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.trace import record
from cnncalc.network import Network


def saved_bytes(network: Network, setup: TrainingSetup) -> list[int]:
    """Return for every layer the bytes that it keeps for its backward pass and that no layer before it kept.

    This is what ``torch.autograd.graph.saved_tensors_hooks`` sees for one forward pass, without the parameters, the
    running statistics of norms and the loss. A tensor that two layers keep is counted once, for the first of them.
    """
    trace = record(network, setup, loss=False)
    known = bytearray(len(trace.roots))
    saved = [0] * len(network.layers)
    for op, number in enumerate(trace.ops):
        made = trace.distinct[number]
        if made.saves:
            kept = [*made.beside, *made.cached[: made.keeps_cached]]
            for back in made.keeps:
                root = trace.roots[op + 1 - back]
                if not known[root]:
                    known[root] = True
                    kept.append(trace.root_size(root))
            saved[trace.layers[op] - 1] += sum([size.per_image * setup.images + size.fixed for size in kept])
    return saved
