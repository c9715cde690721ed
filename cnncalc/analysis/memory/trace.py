"""A forward pass as a list of operations, as autograd records it, without the numbers.

Which operation reads which tensors, what it makes, and what it keeps for its backward pass. Sizes are given for one
image and for any number of images, so that one trace serves every batch. An operation says what it reads by how far
back that was made: so layers that are repeated share their operations, and of each layer little more than a number
is written down.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from cnncalc.analysis.memory.autocast import FULL, operand_size, result_size
from cnncalc.analysis.memory.layouts import (
    COPIED,
    FIRST,
    HAS_CHANNELS_LAST,
    PART_OF_ANY,
    PART_OF_FIRST,
    PART_OF_LAST,
    of_volume,
    result,
)
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.overwriting import overwritable
from cnncalc.core.precision import BYTES
from cnncalc.core.volume import Volume
from cnncalc.layers.kernels import FORMAT, INPUTS, LOWERED, NOTHING, OTHERS, OUTPUT, PASSED, RAISED, Extra, Kernel
from cnncalc.network import Network, Node
from cnncalc.network.network import Operation


class Size(NamedTuple):
    """Bytes of a tensor: for each image, and for any number of images."""

    per_image: int
    fixed: int


class Value(NamedTuple):
    """What is known of a tensor: its values for one image, bytes of a value, whether it has a gradient, its order."""

    values: int
    size: int
    has_gradient: bool
    layout: str = FIRST


class Op(NamedTuple):
    """An operation, wherever it stands. A tensor is named by how far back it was made: 0 is its own result.

    Attributes:
        operation: its name.
        makes: the size of its result; None where that lies in the memory of its first operand.
        reads: the tensors that it reads.
        touches: those, and what something else holds until it is done.
        saves: whether its backward pass needs anything that the forward pass made.
        keeps: the tensors that its backward pass needs.
        beside: tensors that it makes beside the result for its backward pass.
        cached: copies of parameters in lower precision, which autocast keeps until the forward pass is over.
        keeps_cached: how many of these, from the first on, its backward pass needs.
        wants: the tensors that it read whose gradient it makes.
        gradients: bytes of each of these gradients for each image; None where it lies in the arriving one's memory.
        waiting: bytes of each of these gradients for each image.
        parameters: values of the learned tensors whose gradients it makes.
        lowered: bytes of a value of these gradients as they are made, where that is not float32; else 0.
        reorders: values of a weight whose gradient is made in another order, and copied; 0 for none.
        sums: whether the gradients of the parameters are made when what it needed has been given back.
        passing, scratch: bytes for each image that its forward and its backward pass need for a moment.

    """

    operation: str
    makes: Size | None
    reads: tuple[int, ...]
    touches: tuple[int, ...]
    saves: bool
    keeps: tuple[int, ...]
    beside: tuple[Size, ...]
    cached: tuple[Size, ...]
    keeps_cached: int
    wants: tuple[int, ...]
    gradients: tuple[int | None, ...]
    waiting: tuple[int, ...]
    parameters: tuple[int, ...]
    lowered: int
    reorders: int
    sums: bool
    passing: int
    scratch: int


class Part(NamedTuple):
    """What a layer adds to a trace.

    Attributes:
        ops: the numbers of its operations.
        facts: the numbers of what is known of the tensors that they make, in order.
        roots: for each of these tensors how far back the one was made in whose memory it lies.
        parameters: values of all its learned tensors.
        buffers: bytes of all its buffers.
        matrix: rows and columns of its weight, if it is a convolution or fully connected.

    """

    ops: tuple[int, ...]
    facts: tuple[int, ...]
    roots: tuple[int, ...]
    parameters: tuple[int, ...] = ()
    buffers: tuple[int, ...] = ()
    matrix: tuple[int, int] | None = None


class Trace:
    """What a forward pass does. Tensor 0 is the network's input; operation n makes tensor n + 1.

    Attributes:
        distinct: the operations, each once.
        ops: the operations in order, as places in ``distinct``.
        layers: the index of the layer of each operation; one more than the last for the loss.
        roots: for each tensor the one in whose memory it lies: itself, or an earlier one.
        input: the size of the network's input.
        output: the tensor that the network makes.
        parts: what each layer added.
        labels: labels of an image, one for each position of the output.
        with_loss: whether the last operations are those of the loss.
        one_differs: whether the trace may be another one for one image than for more.

    """

    def __init__(self) -> None:
        self.distinct: list[Op] = []
        self.ops = array("i")
        self.layers = array("i")
        self.roots = array("i", [0])
        self.input = Size(0, 0)
        self.output = 0
        self.parts: list[Part] = []
        self.labels = 1
        self.with_loss = False
        self.one_differs = False
        self.facts = array("i")
        self.known: list[Value] = []

    def value(self, tensor: int) -> Value:
        """Return what is known of a tensor."""
        return self.known[self.facts[tensor]]

    def sizes(self) -> list[Size | None]:
        """Return the size of the result of each distinct operation; None where it makes no memory."""
        return [op.makes for op in self.distinct]

    def root_size(self, root: int) -> Size:
        """Return the size of the memory that a tensor was the first to lie in."""
        size = self.distinct[self.ops[root - 1]].makes if root else self.input
        assert size is not None
        return size


def record(
    network: Network, setup: TrainingSetup, *, loss: bool = True, overwriting: frozenset[int] | None = None
) -> Trace:
    """Return the trace of a network's forward pass, with that of a cross entropy if it is trained.

    ``overwriting`` are the layers that may write over their input, where they are known already.
    """
    if not setup.inplace:
        overwriting = frozenset()
    elif overwriting is None:
        overwriting = overwritable(network)
    recorder = _Recorder(setup, network.input.values)
    recorder.layers(network.layers, overwriting)
    trace = recorder.trace
    trace.output = recorder.places[network.output_index]
    trace.labels = prod(network.output.spatial)
    if loss and not setup.inference:
        recorder.loss(len(network.layers) + 1)
    return trace


class _Recorder:
    """Adds layers to a trace; a layer that reads what an equal one read, as far back, adds what that one did."""

    def __init__(self, setup: TrainingSetup, values: int) -> None:
        self.trace = Trace()
        self.trace.input = Size(values * FULL, 0)
        self.kernels = _Kernels(self.trace, setup)
        self.kernels.learn(Value(values, FULL, has_gradient=False))
        self.trace.facts.append(0)
        self.places = [0]

    def layers(self, nodes: Iterable[Node], overwriting: frozenset[int]) -> None:
        """Add layers in their order."""
        trace, places = self.trace, self.places
        facts, parts = trace.facts, trace.parts
        shared: dict[tuple[object, ...], Part] = {}
        for node in nodes:
            here, inputs = len(facts), node.inputs
            operation = node.operation
            over = node.index in overwriting
            if len(inputs) == 1:
                place = places[inputs[0]]
                key: tuple[object, ...] = (operation, over, facts[place], here - place)
            else:
                read = [places[index] for index in inputs]
                key = (operation, over, *[(facts[place], here - place) for place in read])
            part = shared.get(key)
            if part is None:
                sources = [places[index] for index in inputs]
                part = shared[key] = self.kernels.part(operation, over, sources)
            parts.append(part)
            if part.ops:
                self._add(part, node.index)
                places.append(len(facts) - 1)
            else:
                places.append(places[inputs[0]])

    def loss(self, layer: int) -> None:
        """Add a cross entropy."""
        self._add(self.kernels.loss(self.trace.output), layer)
        self.trace.with_loss = True

    def _add(self, part: Part, layer: int) -> None:
        trace = self.trace
        here = len(trace.facts)
        trace.ops.extend(part.ops)
        trace.facts.extend(part.facts)
        for number, back in enumerate(part.roots, here):
            trace.roots.append(trace.roots[number - back] if back else number)
            trace.layers.append(layer)


class _Kernels:
    """Makes the operations of a layer of its kernels, given what it reads."""

    def __init__(self, trace: Trace, setup: TrainingSetup) -> None:
        self.trace = trace
        self.device = setup.device
        self.training = not setup.inference
        self.images = setup.images
        self.low = BYTES[setup.precision]
        self.casts = setup.precision != "float32"
        self.fact_numbers: dict[Value, int] = {}
        self.op_numbers: dict[Op, int] = {}
        self.first = 0
        self.made: list[Value] = []
        self.ops: list[Op] = []

    def part(self, operation: Operation, overwrites: bool, sources: Sequence[int]) -> Part:
        """Return what a layer adds that reads these tensors."""
        self._begin()
        places = list(sources)
        layer = operation.layer
        kernels = layer.kernels(operation.sources, overwrites)
        for kernel in kernels:
            if self.training or not kernel.training_only:
                reads = tuple([places[place] for place in kernel.reads]) or (places[-1],)
                holds = tuple([places[place] for place in kernel.holds])
                places.append(self._kernel(kernel, reads, holds))
        if self.made:
            self._settle(operation.output)
        parameters = tuple([values for kernel in kernels for values in kernel.parameters])
        buffers = tuple([size for kernel in kernels for size in kernel.buffers])
        return self._end()._replace(
            parameters=parameters, buffers=buffers, matrix=layer.weight_matrix(operation.sources)
        )

    def loss(self, output: int) -> Part:
        """Return a cross entropy: a log-softmax over the channels, and the mean of what it says of the labels."""
        self._begin()
        values = self._value(output).values
        probabilities = self._kernel(Kernel("loss", values, keeps=OUTPUT, casts=RAISED), (output,))
        # the loss, and the sum of the labels' weights, which the backward pass needs
        self._kernel(Kernel("loss", 0, extras=(Extra(fixed=1),), fixed=1, casts=RAISED), (probabilities,))
        return self._end()

    def learn(self, value: Value) -> int:
        """Return the number of what is known of a tensor."""
        number = self.fact_numbers.setdefault(value, len(self.fact_numbers))
        if number == len(self.trace.known):
            self.trace.known.append(value)
        return number

    def _begin(self) -> None:
        self.first = len(self.trace.facts)
        self.made, self.ops = [], []

    def _end(self) -> Part:
        numbers = []
        for op in self.ops:
            number = self.op_numbers.setdefault(op, len(self.op_numbers))
            if number == len(self.trace.distinct):
                self.trace.distinct.append(op)
            numbers.append(number)
        roots = tuple([0 if op.makes is not None else op.reads[0] for op in self.ops])
        return Part(tuple(numbers), tuple([self.learn(value) for value in self.made]), roots)

    def _value(self, tensor: int) -> Value:
        """Return what is known of a tensor, be it of this layer or of one before."""
        return self.made[tensor - self.first] if tensor >= self.first else self.trace.value(tensor)

    def _settle(self, volume: Volume) -> None:
        """Write down how a layer's output lies, now that its volume is known."""
        value = self.made[-1]
        if value.layout in (PART_OF_ANY, PART_OF_FIRST, PART_OF_LAST):
            self.trace.one_differs = True
        layout = of_volume(value.layout, volume.channels, prod(volume.spatial), self.images)
        self.made[-1] = value._replace(layout=layout)

    def _kernel(self, kernel: Kernel, reads: tuple[int, ...], holds: tuple[int, ...] = ()) -> int:
        """Add a kernel, with the casts that autocast puts in front of it, and return the tensor that it makes."""
        if self.casts:
            reads = self._cast(kernel.casts, reads)
        if kernel.needs:
            reads = tuple([self._arranged(kernel.needs, read) for read in reads])
        operands = [self._value(read) for read in reads]
        size = result_size(kernel.casts, [operand.size for operand in operands])
        wants = [place for place, operand in enumerate(operands) if operand.has_gradient and self.training]
        wanted = [operands[place] for place in wants]
        learns = bool(kernel.parameters) and self.training
        layout = result(kernel.lies, [operand.layout for operand in operands], overwrites=kernel.overwrites)
        value = Value(kernel.makes, size, bool(wants) or learns, layout)
        here = self.first + len(self.made)
        unwanted = 0 if wants or not kernel.makes_all else operands[0].values * size
        differentiable = bool(wants) or learns
        kept = self._kept(kernel, here, reads) if differentiable else []
        cached = self._copies(kernel)
        # a fully connected layer needs its weights for its input's gradient alone
        keeps_cached = bool(cached) and differentiable and (kernel.operation != "linear" or bool(wants))
        shares = kernel.gradient == PASSED
        self._add(
            value,
            Op(
                kernel.operation,
                None if kernel.overwrites else Size(kernel.makes * size, kernel.fixed * size),
                tuple([here - read for read in reads]),
                tuple(dict.fromkeys([here - read for read in (*reads, *holds)])),
                differentiable and bool(kept or kernel.extras or keeps_cached),
                tuple(kept),
                tuple([self._extra(extra, operands[0].size) for extra in kernel.extras]),
                cached,
                int(keeps_cached),
                tuple([here - reads[place] for place in wants]),
                tuple([None if shares and operand.size == size else _bytes(operand) for operand in wanted]),
                tuple([_bytes(operand) for operand in wanted]),
                kernel.parameters if learns else (),
                self.low if cached else 0,
                kernel.parameters[0] if kernel.reorders and learns and operands[0].layout in HAS_CHANNELS_LAST else 0,
                kernel.sums or bool(unwanted and kernel.scratch),
                kernel.passing * size,
                kernel.scratch * size + unwanted,
            ),
        )
        return here

    def _add(self, value: Value, op: Op) -> None:
        self.made.append(value)
        self.ops.append(op)

    def _cast(self, casts: str, reads: tuple[int, ...]) -> tuple[int, ...]:
        sizes = [self._value(read).size for read in reads]
        size = operand_size(casts, sizes, self.low, self.device)
        if size is None or all(size == own for own in sizes):
            return reads
        return tuple([read if self._value(read).size == size else self._copy(read, size) for read in reads])

    def _arranged(self, needs: str, read: int) -> int:
        """Return a tensor that lies as an operation needs it: itself, or a copy."""
        value = self._value(read)
        return self._copy(read, value.size, FIRST) if value.layout in COPIED[needs] else read

    def _copy(self, read: int, size: int, layout: str | None = None) -> int:
        """Add a copy of a tensor in another precision or order."""
        value = self._value(read)
        here = self.first + len(self.made)
        made = value._replace(size=size, layout=layout or result(FORMAT, [value.layout]))
        back = (here - read,)
        wants = back if value.has_gradient and self.training else ()
        gradient = None if size == value.size else _bytes(value)
        self._add(
            made,
            Op(
                *("copy", Size(value.values * size, 0), back, back, False, (), (), (), 0),
                *(wants, (gradient,) * len(wants), (_bytes(value),) * len(wants), (), 0, 0, False, 0, 0),
            ),
        )
        return here

    def _copies(self, kernel: Kernel) -> tuple[Size, ...]:
        """Return the sizes of copies of the parameters in lower precision, where autocast makes them."""
        if not self.casts or kernel.casts != LOWERED:
            return ()
        return tuple([Size(0, values * self.low) for values in kernel.parameters])

    def _extra(self, extra: Extra, arriving: int) -> Size:
        size = arriving if extra.size is None else extra.size
        if extra.lowered:
            size = self.low if self.casts else 0
        if self.device == "cuda" and extra.cuda_size is not None:
            size = extra.cuda_size
        return Size(extra.per_image * size, extra.fixed * size)

    def _kept(self, kernel: Kernel, here: int, reads: tuple[int, ...]) -> list[int]:
        """Return how far back what is kept was made."""
        if kernel.keeps == NOTHING:
            return []
        if kernel.keeps == OUTPUT:
            return [0]
        if kernel.keeps == INPUTS:
            return [here - read for read in reads]
        assert kernel.keeps == OTHERS
        wanted = [self._value(read).has_gradient for read in reads]
        return [here - read for place, read in enumerate(reads) if any(wanted[:place] + wanted[place + 1 :])]


def _bytes(value: Value) -> int:
    """Return the bytes of a tensor for one image."""
    return value.values * value.size
