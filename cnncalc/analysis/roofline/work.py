"""What a layer must compute and move: the FLOPs of its direct convolution, and bytes that cross the memory once.

Traffic is what no implementation of the layer alone can leave out; see `cnncalc.analysis.traffic`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.backward import BackwardCounts
from cnncalc.analysis.roofline.setup import FLOAT, TimeSetup
from cnncalc.analysis.traffic import WEIGHTS, Traffic, forward_values, kernels_of, values_read, without_nothing
from cnncalc.layers.kernels import NEW, NOTHING, OUTPUT, PASSED, PASSED_TO_FIRST, PASSED_TO_WHOLE, Kernel
from cnncalc.network import Network, Operation


class PassWork(NamedTuple):
    """What one pass of a layer does for a whole batch: FLOPs, and the bytes of each tensor that it moves."""

    flops: int = 0
    traffic: Traffic = ()

    @property
    def bytes(self) -> int:
        """All its bytes."""
        return sum([size for _, size in self.traffic])


def forward_work(operation: Operation, setup: TimeSetup) -> PassWork:
    """Return what a layer does in the forward pass."""
    size = setup.bytes_per_value
    moved = forward_values(operation, training=setup.training)
    traffic = [(name, values * size * (1 if name == WEIGHTS else setup.batch)) for name, values in moved]
    return PassWork(2 * operation.macs * setup.batch if moved else 0, tuple(traffic))


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
    kernels = kernels_of(operation, training=True)
    gradients = 0
    if any(wanted):
        gradients = _gradient_values(kernels, [source.values for source in sources], wanted, made)
    if not gradients and not weights:  # the incoming gradient is passed on as it is
        return PassWork()
    size = setup.bytes_per_value
    saved = _saved_values(operation, kernels)
    traffic = (
        ("gradient of output", made * setup.batch * size),
        ("saved", saved * setup.batch * size),
        (WEIGHTS, weights * size if any(wanted) else 0),
        ("gradient of input", gradients * setup.batch * size),
        ("gradient of weights", weights * size),
    )
    return PassWork(2 * counted.macs * setup.batch, without_nothing(traffic))


def optimizer_work(network: Network, setup: TimeSetup) -> PassWork:
    """Return what the optimizer moves in a step: gradients, and parameters and state that are read and written."""
    size = network.params * FLOAT
    state = setup.state_tensors * 2 * size
    return PassWork(0, without_nothing((("gradients", size), ("parameters", 2 * size), ("state", state))))


def whole_work(network: Network, setup: TimeSetup, flops: int) -> PassWork:
    """Return what is left of a network's work if nothing between its layers crosses the memory."""
    size = setup.bytes_per_value
    inputs = network.input_values * setup.batch * size
    if setup.training:
        return PassWork(flops, (("input", inputs), *optimizer_work(network, setup).traffic))
    outputs = sum([volume.values for volume in network.outputs]) * setup.batch * size
    return PassWork(
        flops, without_nothing((("input", inputs), ("weights", network.params * size), ("output", outputs)))
    )


def _saved_values(operation: Operation, kernels: Sequence[Kernel]) -> int:
    """Return the values that the backward pass must read beside gradients: its input, else its output, or nothing.

    A pool reads its input's size alone, or the places of its maxima, which are not counted.
    """
    if operation.layer.role == "pooling":
        return 0
    kept = {kernel.keeps for kernel in kernels} - {NOTHING}
    if kept == {OUTPUT}:
        return operation.output.values
    return sum([values_read(operation, place) for place in range(len(operation.sources))]) if kept else 0


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
