"""What a layer must read and write: its input, its weights and its output, each once.

Values that no window reads are not counted, nor is what moves nothing, such as ``flatten``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.layers import Reach
from cnncalc.layers.kernels import Kernel
from cnncalc.network import Operation

Traffic = tuple[tuple[str, int], ...]
"""How much is read and written of each tensor, by its name."""

_UNKNOWN = (Kernel("unknown", 0, keeps="inputs"),)
"""What a layer does to memory that does not say it: it reads its input, and makes its output."""

WEIGHTS = "weights"
"""What the traffic of weights and biases is called, which is the same for every batch."""

MOST_MET = 10**6
"""Most positions along a dimension that are gone through one by one."""


def forward_values(operation: Operation, *, training: bool = False) -> Traffic:
    """Return how many values of each tensor a layer reads and writes for one image; () for one that moves nothing."""
    kernels = kernels_of(operation, training=training)
    if all(kernel.overwrites for kernel in kernels):  # views of the memory that is there
        return ()
    read = sum([values_read(operation, place) for place in range(len(operation.sources))])
    weights = operation.layer.params(operation.sources)
    return without_nothing((("input", read), (WEIGHTS, weights), ("output", operation.output.values)))


def without_nothing(traffic: Traffic) -> Traffic:
    """Return what is more than nothing."""
    return tuple([part for part in traffic if part[1]])


def kernels_of(operation: Operation, *, training: bool) -> Sequence[Kernel]:
    """Return what a layer does to memory; nothing for one that does nothing in inference, such as dropout."""
    if operation.layer.kind == "input":
        return ()
    try:
        kernels = operation.layer.kernels(operation.sources, False)
    except NotImplementedError:
        return _UNKNOWN
    return [kernel for kernel in kernels if training or not kernel.training_only]


def values_read(operation: Operation, place: int) -> int:
    """Return how many values of a source a layer reads: not those that no window meets."""
    source = operation.sources[place]
    if place or not operation.reaches:
        return source.values
    sides = zip(source.spatial, operation.output.spatial, operation.reaches, strict=True)
    return prod([_positions(*side) for side in sides]) * source.channels


def _positions(size: int, outputs: int, reach: Reach | None) -> int:
    """Return how many of the positions along a dimension any of the outgoing units reads."""
    if reach is None or not reach.windows:
        return size
    if len(reach.windows) == 1 and reach.step == 1:
        first, last = reach.windows[0]
        if last - first + 1 >= reach.shift:  # windows meet, so that nothing lies between them
            return max(0, min(size, last + (outputs - 1) * reach.shift + 1) - max(0, first))
    return _positions_met(size, outputs, reach)


def _positions_met(size: int, outputs: int, reach: Reach) -> int:
    """Count the positions that any unit reads; of very many, all are taken to be read."""
    width = max(last - first for first, last in reach.windows) // reach.step + 1
    if outputs * width > MOST_MET:
        return size
    met: set[int] = set()
    for unit in range(outputs):
        turn, place = divmod(unit, len(reach.windows))
        first, last = reach.windows[place]
        start = first + turn * reach.shift
        inside = range(start, last + turn * reach.shift + 1, reach.step)
        met.update(position for position in inside if 0 <= position < size)
    return len(met)
