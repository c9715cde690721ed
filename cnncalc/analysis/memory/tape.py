"""A forward pass as a list of operations on numbered values, and the memory in which the values lie.

This is what autograd records, without the numbers: which operation reads and makes which value, and what it keeps
for its backward pass. Sizes are given for one image and for any number of images, so that one tape serves every batch.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from cnncalc.analysis.memory.autocast import FULL, operand_size, result_size
from cnncalc.analysis.memory.layouts import (
    COPIED,
    FIRST,
    HAS_CHANNELS_LAST,
    PART_OF_FIRST,
    PART_OF_LAST,
    of_volume,
    result,
)
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.overwriting import overwritable
from cnncalc.core.precision import BYTES
from cnncalc.core.volume import Volume
from cnncalc.layers.kernels import (
    INPUTS,
    LOWERED,
    NOTHING,
    OTHERS,
    OUTPUT,
    PASSED,
    RAISED,
    SAME,
    Extra,
    Kernel,
    Kernels,
)
from cnncalc.network import Network, Node


class Storage(NamedTuple):
    """A piece of memory: bytes for each image and for any number of images, and whose it is.

    ``cached`` says that it is a parameter's copy in lower precision, which autocast keeps until the pass is over.
    """

    per_image: int
    fixed: int
    layer: int
    cached: bool = False


class Value(NamedTuple):
    """A tensor: where it lies and in which order, its values for one image, their bytes, whether it has a gradient."""

    storage: int
    values: int
    size: int
    has_gradient: bool
    layout: str = FIRST


class Op(NamedTuple):
    """An operation in its place.

    Attributes:
        layer: the index of its layer; one more than the last for the loss.
        operation: its name.
        reads, result: the values that it reads and makes.
        holds: the values that something else holds until it is done.
        makes, keeps: the storages that it makes, and those that its backward pass needs.
        wants: the values that it read whose gradient it makes.
        passed: whether these gradients lie in the memory of the gradient that arrives.
        parameters: values of the learned tensors whose gradients it makes.
        lowered: bytes of a value of these gradients as they are made, where that is not float32; else 0.
        reorders: values of a weight whose gradient is made in another order, and copied; 0 for none.
        sums: whether the gradients of the parameters are made when what it needed has been given back.
        passing, scratch: bytes for each image that its forward and its backward pass need for a moment.

    """

    layer: int
    operation: str
    reads: tuple[int, ...]
    holds: tuple[int, ...]
    result: int
    makes: tuple[int, ...]
    keeps: tuple[int, ...]
    wants: tuple[int, ...]
    passed: bool
    parameters: tuple[int, ...]
    lowered: int
    reorders: int
    sums: bool
    passing: int
    scratch: int


class Tape(NamedTuple):
    """What a forward pass does.

    Attributes:
        storages, values, ops: as they are numbered; value 0 is the network's input.
        output: the value that the network makes.
        parameters: values of all learned tensors, in order.
        buffers: bytes of all buffers, in order.
        labels: labels of an image, one for each position of the output.
        matrices: rows and columns of the weights of convolutions and fully connected layers, by the layer's index.
        one_differs: whether the tape may be another one for one image than for more.

    """

    storages: list[Storage]
    values: list[Value]
    ops: list[Op]
    output: int
    parameters: list[int]
    buffers: list[int]
    labels: int
    matrices: dict[int, tuple[int, int]]
    one_differs: bool = False


def record(network: Network, setup: TrainingSetup, *, loss: bool = True) -> Tape:
    """Return the tape of a network's forward pass, with that of a cross entropy if it is trained."""
    recorder = _Recorder(setup)
    overwriting = overwritable(network) if setup.inplace else frozenset()
    places = [recorder.input(network.input.values)]
    known: dict[tuple[int, bool], Kernels] = {}
    for node in network.layers:
        key = (id(node.operation), node.index in overwriting)
        kernels = known.get(key)
        if kernels is None:
            kernels = known[key] = node.layer.kernels(node.sources, key[1])
        places.append(recorder.layer(node, kernels, [places[index] for index in node.inputs]))
    tape = recorder.tape._replace(
        output=places[network.output_index],
        labels=prod(network.output.spatial),
        one_differs=recorder.one_differs,
    )
    if loss and not setup.inference:
        recorder.loss(len(network.layers) + 1, tape.output)
    return tape


class _Recorder:
    """Adds operations to a tape."""

    def __init__(self, setup: TrainingSetup) -> None:
        self.tape = Tape([], [], [], 0, [], [], 1, {})
        self.device = setup.device
        self.training = not setup.inference
        self.images = setup.images
        self.one_differs = False
        self.low = BYTES[setup.precision]
        self.casts = setup.precision != "float32"

    def input(self, values: int) -> int:
        return self._value(self._storage(values * FULL, 0, 0), values, FULL, has_gradient=False, layout=FIRST)

    def layer(self, node: Node, kernels: Kernels, sources: list[int]) -> int:
        """Add the kernels of a layer, and return the value that it makes."""
        places = list(sources)
        matrix = node.layer.weight_matrix(node.sources)
        if matrix:
            self.tape.matrices[node.index] = matrix
        for kernel in kernels:
            self.tape.parameters.extend(kernel.parameters)
            self.tape.buffers.extend(kernel.buffers)
            if self.training or not kernel.training_only:
                reads = tuple([places[place] for place in kernel.reads]) or (places[-1],)
                holds = tuple([places[place] for place in kernel.holds])
                places.append(self.kernel(node.index, kernel, reads, holds))
        if len(places) > len(sources):
            self._settle(places[-1], node.output)
        return places[-1]

    def _settle(self, place: int, volume: Volume) -> None:
        """Write down how a layer's output lies, now that its volume is known."""
        value = self.tape.values[place]
        self.one_differs = self.one_differs or value.layout in (PART_OF_FIRST, PART_OF_LAST)
        layout = of_volume(value.layout, volume.channels, prod(volume.spatial), self.images)
        if layout != value.layout:
            self.tape.values[place] = value._replace(layout=layout)

    def loss(self, layer: int, output: int) -> None:
        """Add a cross entropy: a log-softmax over the channels, and the mean of what it says of the labels."""
        values = self.tape.values[output].values
        probabilities = self.kernel(layer, Kernel("loss", values, keeps=OUTPUT, casts=RAISED), (output,))
        # the loss, and the sum of the labels' weights, which the backward pass needs
        self.kernel(layer, Kernel("loss", 0, extras=(Extra(fixed=1),), fixed=1, casts=RAISED), (probabilities,))

    def kernel(self, layer: int, kernel: Kernel, reads: tuple[int, ...], holds: tuple[int, ...] = ()) -> int:
        """Add a kernel, with the casts that autocast puts in front of it."""
        tape = self.tape
        if self.casts:
            reads = self._cast(layer, kernel.casts, reads)
        if kernel.needs:
            reads = tuple([self._arranged(layer, kernel.needs, read) for read in reads])
        operands = [tape.values[read] for read in reads]
        layout = result(kernel.lies, [operand.layout for operand in operands])
        size = result_size(kernel.casts, [operand.size for operand in operands])
        wants = tuple([read for read in reads if tape.values[read].has_gradient]) if self.training else ()
        learns = bool(kernel.parameters) and self.training
        made = [] if kernel.overwrites else [self._storage(kernel.makes * size, kernel.fixed * size, layer)]
        storage = operands[0].storage if kernel.overwrites else made[0]
        value = self._value(storage, kernel.makes, size, has_gradient=bool(wants) or learns, layout=layout)
        unwanted = 0 if wants or not kernel.makes_all else operands[0].values * size
        extras = [self._extra(extra, operands[0].size, layer) for extra in kernel.extras]
        copies = self._copies(layer, kernel)
        keeps = [*self._kept(kernel, reads, storage), *extras]
        if kernel.operation != "linear" or wants:  # a product needs its weights for its input's gradient alone
            keeps += copies[:1]
        tape.ops.append(
            Op(
                layer,
                kernel.operation,
                reads,
                holds,
                value,
                (*made, *extras, *copies),
                tuple(keeps) if wants or learns else (),
                wants,
                kernel.gradient == PASSED,
                kernel.parameters if learns else (),
                self.low if copies else 0,
                kernel.parameters[0] if kernel.reorders and learns and operands[0].layout in HAS_CHANNELS_LAST else 0,
                kernel.sums or bool(unwanted and kernel.scratch),
                kernel.passing * size,
                kernel.scratch * size + unwanted,
            )
        )
        return value

    def _cast(self, layer: int, casts: str, reads: tuple[int, ...]) -> tuple[int, ...]:
        sizes = [self.tape.values[read].size for read in reads]
        size = operand_size(casts, sizes, self.low, self.device)
        if size is None or all(size == own for own in sizes):
            return reads
        return tuple([read if self.tape.values[read].size == size else self._copy(layer, read, size) for read in reads])

    def _arranged(self, layer: int, needs: str, read: int) -> int:
        """Return a value that lies as an operation needs it: itself, or a copy."""
        value = self.tape.values[read]
        return self._copy(layer, read, value.size, FIRST) if value.layout in COPIED[needs] else read

    def _copy(self, layer: int, read: int, size: int, layout: str | None = None) -> int:
        """Add a copy of a value in another precision or order."""
        value = self.tape.values[read]
        storage = self._storage(value.values * size, 0, layer)
        layout = layout or result(SAME, [value.layout])
        made = self._value(storage, value.values, size, has_gradient=value.has_gradient, layout=layout)
        wants = (read,) if value.has_gradient and self.training else ()
        passed = size == value.size
        self.tape.ops.append(Op(layer, "copy", (read,), (), made, (storage,), (), wants, passed, (), 0, 0, False, 0, 0))
        return made

    def _copies(self, layer: int, kernel: Kernel) -> list[int]:
        """Return copies of the parameters in lower precision, where autocast makes them."""
        if not self.casts or kernel.casts != LOWERED:
            return []
        return [self._storage(0, values * self.low, layer, cached=True) for values in kernel.parameters]

    def _extra(self, extra: Extra, arriving: int, layer: int) -> int:
        size = arriving if extra.size is None else extra.size
        if self.device == "cuda" and extra.cuda_size is not None:
            size = extra.cuda_size
        return self._storage(extra.per_image * size, extra.fixed * size, layer)

    def _kept(self, kernel: Kernel, reads: tuple[int, ...], result: int) -> list[int]:
        if kernel.keeps == NOTHING:
            return []
        if kernel.keeps == OUTPUT:
            return [result]
        values = [self.tape.values[read] for read in reads]
        if kernel.keeps == INPUTS:
            return [value.storage for value in values]
        assert kernel.keeps == OTHERS
        wanted = [value.has_gradient for value in values]
        return [value.storage for place, value in enumerate(values) if any(wanted[:place] + wanted[place + 1 :])]

    def _storage(self, per_image: int, fixed: int, layer: int, *, cached: bool = False) -> int:
        self.tape.storages.append(Storage(per_image, fixed, layer, cached))
        return len(self.tape.storages) - 1

    def _value(self, storage: int, values: int, size: int, *, has_gradient: bool, layout: str) -> int:
        self.tape.values.append(Value(storage, values, size, has_gradient, layout))
        return len(self.tape.values) - 1
