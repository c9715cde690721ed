"""Records the forward pass of a network: each layer's kernels become operations on the tensors that it reads.

The casts of autocast and the copies into another order are operations of their own. A layer that reads what an equal
one read, as far back, adds what that one did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from cnncalc.analysis.memory.autocast import FULL, operand_size
from cnncalc.analysis.memory.kernel_run import KernelRun
from cnncalc.analysis.memory.layouts import (
    COPIED,
    FIRST,
    LAST,
    PART_OF_ANY,
    PART_OF_FIRST,
    PART_OF_LAST,
    of_volume,
    result,
)
from cnncalc.analysis.memory.operands import (
    cast_behind,
    copy_of,
    learned,
    places_of,
    used,
    uses,
)
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.trace import FIRST_USE, INPUT, ONLY, Op, Part, RecordingMemory, Size, Trace, Value
from cnncalc.analysis.overwriting import overwritable
from cnncalc.core.precision import BYTES
from cnncalc.core.volume import Volume
from cnncalc.layers.kernels import (
    CHANNELS_TOGETHER,
    FORMAT,
    INDEX,
    OUTPUT,
    PASSED,
    RAISED,
    RESTORED_ON_CPU,
    ROWS,
    Extra,
    Kernel,
    with_places,
)
from cnncalc.network import MadeLayers, Network, Operation


def record(
    network: Network,
    setup: TrainingSetup,
    *,
    loss: bool = True,
    overwriting: frozenset[int] | None = None,
    memory: RecordingMemory | None = None,
) -> Trace:
    """Return the trace of a network's forward pass, with that of a cross entropy if it is trained.

    ``overwriting`` are the layers that may write over their input, where they are known already; ``memory`` is what
    recordings of other networks with the same setup have left.
    """
    overwriting = (overwriting or overwritable(network)) if setup.inplace else frozenset()
    recorder = _Recorder(setup, 0 if network.inputs_at else network.input.values, memory or RecordingMemory())
    recorder.pools = network.places_read
    recorder.layers(network.made, overwriting, uses(network.weights_of))
    trace = recorder.trace
    trace.outputs = tuple([recorder.places[index] for index in network.ends])
    trace.labels = tuple([prod(volume.spatial) for volume in network.outputs])
    if loss and not setup.inference:
        recorder.loss()
    return trace


class _Recorder:
    """Adds layers to a trace; a layer that reads what an equal one read, as far back, adds what that one did."""

    def __init__(self, setup: TrainingSetup, values: int, memory: RecordingMemory) -> None:
        self.trace = Trace(memory)
        self.shared = memory.parts
        if values:
            self.trace.inputs[0] = Size(values * FULL, 0)
        self.kernels = _Kernels(self.trace, setup, memory)
        self.trace.facts.append(self.kernels.learn(Value(values, FULL, has_gradient=False)))
        self.places = [0]
        self.pools: frozenset[int] = frozenset()

    def layers(self, layers: MadeLayers, overwriting: frozenset[int], uses: Mapping[int, int]) -> None:
        """Add layers in their order; ``uses`` are those whose weights several have."""
        trace, places = self.trace, self.places
        ops, facts, parts, shared, pools = trace.ops, trace.facts, trace.parts, self.shared, self.pools
        add_part, add_op, add_fact, add_place = parts.append, ops.append, facts.append, places.append
        several = not trace.inputs
        here = len(facts)  # counted along: a network has many layers, and each little to do
        use, returns = ONLY, False
        for index, (operation, inputs) in enumerate(zip(layers.operations, layers.inputs(), strict=True), 1):
            if several and operation.layer.kind == "input":
                self._input(operation)
                here = len(facts)
                continue
            over = index in overwriting
            if len(inputs) == 1:
                place = places[inputs[0]]
                key: tuple[object, ...] = (operation, over, facts[place], here - place)
            else:
                read = self._read(operation, inputs)
                key = (operation, over, *[(facts[place], here - place) for place in read])
            if uses or pools:  # of few networks
                use, returns = uses.get(index, ONLY), index in pools
                key = (*key, use, returns)
            part = shared.get(key)
            if part is None:
                part = shared[key] = self.kernels.part(operation, over, self._read(operation, inputs), use, returns)
            add_part(part)
            if len(part.ops) == 1:  # by far the most
                add_op(part.ops[0])
                add_fact(part.facts[0])
                add_place(here)
                here += 1
            elif part.ops:
                self._add(part)
                here = len(facts)
                add_place(here - 1)
            else:
                add_place(places[inputs[0]])

    def _read(self, operation: Operation, inputs: Sequence[int]) -> list[int]:
        """Return the tensors that a layer reads; the places of a max pool are made right before its values."""
        first, *others = [self.places[index] for index in inputs]
        return [first, *[other - 1 if operation.layer.reads_places else other for other in others]]

    def _input(self, operation: Operation) -> None:
        """Add one of several inputs, which is there already when the pass begins."""
        part = self.kernels.input(operation.values)
        self.trace.parts.append(part)
        self._add(part)
        self.places.append(len(self.trace.facts) - 1)
        self.trace.inputs[self.places[-1]] = Size(operation.values * FULL, 0)

    def loss(self) -> None:
        """Add a cross entropy of every output, and their sum."""
        losses = []
        for output in self.trace.outputs:
            key = ("loss", self.trace.facts[output], len(self.trace.facts) - output)
            part = self.shared[key] = self.shared.get(key) or self.kernels.loss(output)
            self._add(part)
            losses.append(len(self.trace.facts) - 1)
        total = losses[0]
        for loss in losses[1:]:
            self._add(self.kernels.added(total, loss))
            total = len(self.trace.facts) - 1
        self.trace.losses = tuple(losses)

    def _add(self, part: Part) -> None:
        self.trace.ops.extend(part.ops)
        self.trace.facts.extend(part.facts)


class _Kernels:
    """Makes the operations of a layer of its kernels, given what it reads."""

    def __init__(self, trace: Trace, setup: TrainingSetup, memory: RecordingMemory) -> None:
        self.trace = trace
        self.device = setup.device
        self.training = not setup.inference
        self.images = setup.images
        self.low = BYTES[setup.precision]
        self.casts = setup.precision != "float32"
        self.fact_numbers, self.op_numbers = memory.fact_numbers, memory.op_numbers
        self.first = 0
        self.made: list[Value] = []
        self.ops: list[Op] = []

    def part(
        self, operation: Operation, overwrites: bool, sources: Sequence[int], use: int = ONLY, returns: bool = False
    ) -> Part:
        """Return what a layer adds that reads these tensors; ``returns`` says that others read a pool's places."""
        self._begin()
        places = list(sources)
        layer = operation.layer
        kernels = layer.kernels(operation.sources, overwrites)
        kernels = with_places(kernels) if returns else kernels
        for kernel in kernels:
            if self.training or not kernel.training_only:
                reads = tuple([places[place] for place in kernel.reads]) or (places[-1],)
                holds = tuple([places[place] for place in kernel.holds])
                own = self._value(places[0]).size
                if kernel.casts == RESTORED_ON_CPU and self.device == "cpu" and self._value(reads[0]).size != own:
                    reads = (self._copy(reads[0], own),)
                places.append(self._kernel(kernel, reads, holds))
        if self.made:
            self._settle(operation.output)
        if use:
            self.ops = [used(op, use) for op in self.ops]
        part = self._end()
        if not operation.again:
            part.parameters = tuple([values for kernel in kernels for values in learned(kernel)])
            part.buffers = tuple([size for kernel in kernels for size in kernel.buffers])
            part.matrix = layer.weight_matrix(operation.sources)
        return part

    def input(self, values: int) -> Part:
        """Return an input: an operation that makes nothing, since its tensor is there already."""
        self._begin()
        self._add(Value(values, FULL, has_gradient=False), INPUT)
        return self._end()

    def loss(self, output: int) -> Part:
        """Return a cross entropy: a log-softmax over the channels, and the mean of what it says of the labels."""
        self._begin()
        values = self._value(output).values
        arriving = self._cast(RAISED, (output,))  # the function of both holds it
        probabilities = self._kernel(Kernel("loss", values, keeps=OUTPUT, casts=RAISED), arriving)
        # the loss, and the sum of the labels' weights, which the backward pass needs
        self._kernel(Kernel("loss", 0, extras=(Extra(fixed=1),), fixed=1, casts=RAISED), (probabilities,), arriving)
        return self._end()

    def added(self, total: int, loss: int) -> Part:
        """Return the sum of two losses."""
        self._begin()
        self._kernel(Kernel("add", 0, fixed=1, gradient=PASSED), (total, loss))
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
                self.trace.learned.append(op.learned if op.use in (ONLY, FIRST_USE) else ())
            numbers.append(number)
        return Part(tuple(numbers), tuple([self.learn(value) for value in self.made]))

    def _value(self, tensor: int) -> Value:
        """Return what is known of a tensor, be it of this layer or of one before."""
        return self.made[tensor - self.first] if tensor >= self.first else self.trace.value(tensor)

    def _settle(self, volume: Volume) -> None:
        """Write down how a layer's output lies, now that its volume is known."""
        value = self.made[-1]
        if value.layout in (PART_OF_ANY, PART_OF_FIRST, PART_OF_LAST):
            self.trace.one_differs = True
        layout = of_volume(value.layout, volume.channels, prod(volume.spatial), self.images)
        if layout != value.layout:
            self.made[-1] = value._replace(layout=layout)

    def _kernel(self, kernel: Kernel, reads: tuple[int, ...], holds: tuple[int, ...] = ()) -> int:
        """Add a kernel, with the casts that autocast puts in front of it, and return the tensor that it makes."""
        reads, holds = self._prepared(kernel, reads, holds)
        if kernel.places:
            back = self.first + len(self.made) - reads[0]
            self._add(*places_of(kernel, back, result(kernel.lies, [self._value(reads[0]).layout])))
        operands = [self._value(read) for read in reads]
        here = self.first + len(self.made)
        low = self.low if self.casts else 0
        run = KernelRun(kernel, here, reads, holds, operands, self.training, low, self.device)
        self._add(*run.recorded())
        if run.lowered():
            self.ops[-2:] = cast_behind(self.ops[-2:])
        return here

    def _prepared(
        self, kernel: Kernel, reads: tuple[int, ...], holds: tuple[int, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Cast and order what a kernel reads, and return it with what is held while the kernel runs."""
        if kernel.needs == ROWS:  # what makes rows comes before what computes with them
            reads = self._all_arranged(ROWS, reads)
        cast = self._cast(kernel.casts, reads)
        if cast is not reads:
            holds = (*holds, *[read for read in reads if read not in cast])  # the caller's, while this runs
        if kernel.needs and kernel.needs != ROWS:
            cast = self._all_arranged(kernel.needs, cast)
        return cast, holds

    def _all_arranged(self, needs: str, reads: tuple[int, ...]) -> tuple[int, ...]:
        return tuple([self._arranged(needs, read) for read in reads])

    def _add(self, value: Value, op: Op) -> None:
        self.made.append(value)
        self.ops.append(op)

    def _cast(self, casts: str, reads: tuple[int, ...]) -> tuple[int, ...]:
        sizes = [self._value(read).size for read in reads]
        if not self.casts and max(sizes) == FULL:  # without autocast, only places are of another type
            return reads
        size = operand_size(casts, sizes, self.low, self.device)
        pairs = zip(reads, sizes, strict=True)
        return tuple([read if own in (size or own, INDEX) else self._copy(read, size or own) for read, own in pairs])

    def _arranged(self, needs: str, read: int) -> int:
        """Return a tensor that lies as an operation needs it: itself, or a copy."""
        value = self._value(read)
        layout = LAST if needs == CHANNELS_TOGETHER else FIRST
        return self._copy(read, value.size, layout) if value.layout in COPIED[needs] else read

    def _copy(self, read: int, size: int, layout: str | None = None) -> int:
        """Add a copy of a tensor in another precision or order."""
        value = self._value(read)
        here, wanted = self.first + len(self.made), value.has_gradient and self.training
        made = value._replace(size=size, layout=layout or result(FORMAT, [value.layout]))
        self._add(made, copy_of(value, size, here - read, wanted=wanted))
        return here
