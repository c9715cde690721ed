"""What a layer must compute and move: the FLOPs of its direct convolution, and bytes that cross the memory once.

Traffic is what no implementation of the layer alone can leave out: what it reads of its input, its weights and its
output, each once. Values that no window reads are not counted, nor is what moves nothing, such as ``flatten``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from cnncalc.analysis.backward import BackwardCounts
from cnncalc.analysis.roofline.setup import FLOAT, TimeSetup
from cnncalc.layers import Reach
from cnncalc.layers.kernels import NEW, NOTHING, OUTPUT, PASSED, PASSED_TO_FIRST, PASSED_TO_WHOLE, Kernel
from cnncalc.network import Network, Operation

_UNKNOWN = (Kernel("unknown", 0, keeps="inputs"),)
"""What a layer does to memory that does not say it: it reads its input, and makes its output."""


MOST_MET = 10**6
"""Most positions along a dimension that are gone through one by one."""


class PassWork(NamedTuple):
    """What one pass of a layer does for a whole batch: FLOPs, and the bytes of each tensor that it moves."""

    flops: int = 0
    traffic: tuple[tuple[str, int], ...] = ()

    @property
    def bytes(self) -> int:
        """All its bytes."""
        return sum([size for _, size in self.traffic])


def forward_work(operation: Operation, setup: TimeSetup) -> PassWork:
    """Return what a layer does in the forward pass."""
    kernels = _kernels(operation, training=setup.training)
    if all(kernel.overwrites for kernel in kernels):  # views of the memory that is there
        return PassWork()
    size = setup.bytes_per_value
    read = sum([_values_read(operation, place) for place in range(len(operation.sources))])
    weights = operation.layer.params(operation.sources)
    traffic = (
        ("input", read * setup.batch * size),
        ("weights", weights * size),
        ("output", operation.output.values * setup.batch * size),
    )
    return PassWork(2 * operation.macs * setup.batch, _some(traffic))


def backward_work(counted: BackwardCounts, wanted: Sequence[bool], setup: TimeSetup) -> PassWork:
    """Return what a layer does in the backward pass.

    Args:
        counted: what that computes.
        wanted: of each of its sources whether its gradient is needed.
        setup: what is run.

    """
    operation = counted.node.operation
    sources, made = operation.sources, operation.output.values
    weights = operation.layer.params(sources)
    if not weights and not any(wanted):
        return PassWork()
    kernels = _kernels(operation, training=True)
    gradients = 0
    if any(wanted):
        gradients = _gradient_values(kernels, [source.values for source in sources], wanted, made)
    if not gradients and not weights:  # the gradient that arrives is handed on as it is
        return PassWork()
    size = setup.bytes_per_value
    saved = _saved_values(operation, kernels)
    traffic = (
        ("gradient of output", made * setup.batch * size),
        ("saved", saved * setup.batch * size),
        ("weights", weights * size if any(wanted) else 0),
        ("gradient of input", gradients * setup.batch * size),
        ("gradient of weights", weights * size),
    )
    return PassWork(2 * counted.macs * setup.batch, _some(traffic))


def optimizer_work(network: Network, setup: TimeSetup) -> PassWork:
    """Return what the optimizer moves in a step: gradients, and parameters and state that are read and written."""
    size = network.params * FLOAT
    state = setup.state_tensors * 2 * size
    return PassWork(0, _some((("gradients", size), ("parameters", 2 * size), ("state", state))))


def whole_work(network: Network, setup: TimeSetup, flops: int) -> PassWork:
    """Return what is left of a network's work if nothing between its layers crosses the memory."""
    size = setup.bytes_per_value
    inputs = network.input_values * setup.batch * size
    if setup.training:
        return PassWork(flops, (("input", inputs), *optimizer_work(network, setup).traffic))
    outputs = sum([volume.values for volume in network.outputs]) * setup.batch * size
    return PassWork(flops, _some((("input", inputs), ("weights", network.params * size), ("output", outputs))))


def _some(traffic: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    return tuple([part for part in traffic if part[1]])


def _kernels(operation: Operation, *, training: bool) -> Sequence[Kernel]:
    """Return what a layer does to memory; nothing for one that does nothing in inference, such as dropout."""
    if operation.layer.kind == "input":
        return ()
    try:
        kernels = operation.layer.kernels(operation.sources, False)
    except NotImplementedError:
        return _UNKNOWN
    return [kernel for kernel in kernels if training or not kernel.training_only]


def _saved_values(operation: Operation, kernels: Sequence[Kernel]) -> int:
    """Return the values that the backward pass must read beside gradients: its input, else its output, or nothing.

    A pool reads its input's size alone, or the places of its maxima, which are not counted.
    """
    if operation.layer.role == "pooling":
        return 0
    kept = {kernel.keeps for kernel in kernels} - {NOTHING}
    if kept == {OUTPUT}:
        return operation.output.values
    return sum([_values_read(operation, place) for place in range(len(operation.sources))]) if kept else 0


def _gradient_values(kernels: Sequence[Kernel], sizes: Sequence[int], wanted: Sequence[bool], made: int) -> int:
    """Return the values of the gradients of sources that lie in new memory."""
    if not kernels or all(kernel.gradient == PASSED for kernel in kernels):
        return 0
    first = kernels[0].gradient
    if first not in (PASSED, PASSED_TO_WHOLE, PASSED_TO_FIRST):
        return sum([size for size, want in zip(sizes, wanted, strict=True) if want])
    passed_on = made if any(kernel.gradient == NEW for kernel in kernels) else 0
    alike = [size == made and (first != PASSED_TO_FIRST or not place) for place, size in enumerate(sizes)]
    own = zip(sizes, wanted, alike, strict=True)
    return passed_on + sum([size for size, want, passed in own if want and not passed and first != PASSED])


def _values_read(operation: Operation, place: int) -> int:
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
