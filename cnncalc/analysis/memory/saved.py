"""What each layer keeps for the backward pass."""

from __future__ import annotations

from cnncalc.analysis.memory.recording import record
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.trace import Trace
from cnncalc.network import Network


def saved_bytes(network: Network, setup: TrainingSetup) -> list[int]:
    """Return for every layer the bytes that it keeps for its backward pass and that no layer before it kept.

    This is what ``torch.autograd.graph.saved_tensors_hooks`` sees for one forward pass, without the parameters, the
    running statistics of norms and the loss. A tensor that two layers keep is counted once, for the first of them.
    """
    return saved_of(record(network, setup, loss=False), len(network.layers), setup.images)


def saved_of(trace: Trace, layers: int, images: int) -> list[int]:
    """Return the same of a trace that is there already."""
    distinct, numbers, roots = trace.distinct, trace.ops, trace.roots
    keeps = [op.keeps for op in distinct]
    beside = [sum([size.of(images) for size in op.kept_beside]) for op in distinct]
    made = [0 if op.makes is None else op.makes.of(images) for op in distinct]
    inputs = {tensor: size.of(images) for tensor, size in trace.inputs.items()}
    known = bytearray(len(roots))
    saved = [0] * (layers + 2)
    for op, (number, layer) in enumerate(zip(numbers, trace.layers, strict=True), 1):
        size = beside[number]
        for back in keeps[number]:
            root = roots[op - back]
            if not known[root]:
                known[root] = True
                size += inputs[root] if root in inputs else made[numbers[root - 1]]
        saved[layer] += size
    return saved[1 : layers + 1]
