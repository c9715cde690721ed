"""A forward pass as a list of operations, as autograd records it, without the numbers.

Which operation reads which tensors, what it makes, and what it keeps for its backward pass. Sizes are given for one
image and for any number of images, so that one trace serves every batch. An operation says what it reads by how far
back that was made: so layers that are repeated share their operations, and of each layer little more than a number
is written down.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from cnncalc.analysis.memory.layouts import FIRST

ONLY, FIRST_USE, OTHER_USE, LAST_USE = range(4)
"""Which use of learned tensors an operation is, in the order of the forward pass."""

AT_ONCE, MADE_ALONE, CAST_ALONE = range(3)
"""What an operation does with its parameters' gradients under autocast: it makes and casts them; it makes them, and
the cast of its operand casts them behind its own gradient; it is that cast."""


class Size(NamedTuple):
    """Bytes of a tensor: for each image, and for any number of images."""

    per_image: int
    fixed: int

    def of(self, images: int) -> int:
        """Return the bytes for so many images."""
        return self.per_image * images + self.fixed


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
        standardised: values of the weights, and of their factors if they have any, that are standardised first; the
            copy's gradient is made with the others, and then theirs.
        statistics: bytes that this keeps for its own backward pass; they are the last of ``beside``.
        use: which use of its learned tensors it is: the only one, or of several the first, another or the last.
        finish: what it does with the gradients of its parameters under autocast.

    """

    operation: str
    makes: Size | None
    reads: tuple[int, ...] = ()
    touches: tuple[int, ...] = ()
    saves: bool = False
    keeps: tuple[int, ...] = ()
    beside: tuple[Size, ...] = ()
    cached: tuple[Size, ...] = ()
    keeps_cached: int = 0
    wants: tuple[int, ...] = ()
    gradients: tuple[int | None, ...] = ()
    waiting: tuple[int, ...] = ()
    parameters: tuple[int, ...] = ()
    lowered: int = 0
    reorders: int = 0
    sums: bool = False
    passing: int = 0
    scratch: int = 0
    use: int = ONLY
    standardised: tuple[int, ...] = ()
    statistics: int = 0
    finish: int = AT_ONCE

    @property
    def learned(self) -> tuple[int, ...]:
        """Values of all learned tensors whose gradients it makes."""
        if self.finish == CAST_ALONE:
            return ()
        if not self.standardised:  # as of most
            return self.parameters
        return (*self.standardised[:1], *self.parameters, *self.standardised[1:])

    @property
    def kept_beside(self) -> tuple[Size, ...]:
        """The sizes of what it makes for its backward pass alone."""
        return (*self.beside, *self.cached[: self.keeps_cached]) if self.saves else ()


INPUT = Op("input", Size(0, 0))
"""What one of several inputs is: it makes nothing, since its tensor is there already."""


@dataclass(eq=False, slots=True)
class Part:
    """What a layer adds to a trace.

    Attributes:
        ops: the numbers of its operations.
        facts: the numbers of what is known of the tensors that they make, in order.
        parameters: values of all its learned tensors.
        buffers: bytes of all its buffers.
        matrix: rows and columns of its weight, if it is a convolution or fully connected.

    """

    ops: tuple[int, ...]
    facts: tuple[int, ...]
    parameters: tuple[int, ...] = ()
    buffers: tuple[int, ...] = ()
    matrix: tuple[int, int] | None = None


class RecordingMemory:
    """What one recording leaves to the next one with the same setup: operations, and what layers add that are alike.

    Attributes:
        distinct: the operations, each once.
        learned: values of the learned tensors of each of them; () where these are counted with an earlier use.
        known: what is known of tensors, each once.
        op_numbers, fact_numbers: their places in these.
        parts: what layers have added, by all that it depends on.

    """

    def __init__(self) -> None:
        self.distinct: list[Op] = []
        self.learned: list[tuple[int, ...]] = []
        self.known: list[Value] = []
        self.op_numbers: dict[Op, int] = {}
        self.fact_numbers: dict[Value, int] = {}
        self.parts: dict[tuple[object, ...], Part] = {}


class Trace:
    """What a forward pass does. Tensor 0 is the network's input; operation n makes tensor n + 1.

    Of several inputs each is what an operation without memory of its own makes; then nothing reads tensor 0.

    Attributes:
        distinct: the operations, each once.
        learned: values of the learned tensors of each of them, as `RecordingMemory` has them.
        ops: the operations in order, as places in ``distinct``.
        inputs: the sizes of the network's inputs, by their tensors; they are there before the step and behind it.
        outputs: the tensors that the network makes.
        losses: the tensors that hold the losses of these; () without any.
        parts: what each layer added.
        labels: labels of an image for every output, one for each of its positions.
        one_differs: whether the trace may be another one for one image than for more.

    """

    def __init__(self, memory: RecordingMemory | None = None) -> None:
        memory = memory or RecordingMemory()
        self.distinct, self.learned, self.known = memory.distinct, memory.learned, memory.known
        self.ops = array("i")
        self.inputs: dict[int, Size] = {}
        self.outputs: tuple[int, ...] = (0,)
        self.losses: tuple[int, ...] = ()
        self.parts: list[Part] = []
        self.labels: tuple[int, ...] = (1,)
        self.one_differs = False
        self.facts = array("i")

    def value(self, tensor: int) -> Value:
        """Return what is known of a tensor."""
        return self.known[self.facts[tensor]]

    @cached_property
    def roots(self) -> array[int]:
        """For each tensor the one in whose memory it lies: itself, or an earlier one."""
        found = array("i", [0])
        own = {number: self.distinct[number] for number in set(self.ops)}
        backs = {number: op.reads[0] if op.makes is None else 0 for number, op in own.items()}
        for here, number in enumerate(self.ops, 1):
            back = backs[number]
            found.append(found[here - back] if back else here)
        return found

    @cached_property
    def layers(self) -> array[int]:
        """The index of the layer of each operation; one more than the last for the loss."""
        found = array("i")
        for index, part in enumerate(self.parts, 1):
            found.extend((index,) * len(part.ops))
        found.extend((len(self.parts) + 1,) * (len(self.ops) - len(found)))
        return found

    @cached_property
    def wanted(self) -> array[int]:
        """For each tensor how many gradients of it are made; that of the loss is one."""
        count = len(self.ops)
        found = array("i", [0]) * (count + 1)
        found[count] = bool(count) and self.value(count).has_gradient
        numbers, wants = self.ops, [op.wants for op in self.distinct]
        for tensor in range(count, 0, -1):
            if found[tensor]:
                for back in wants[numbers[tensor - 1]]:
                    found[tensor - back] += 1
        return found

    @cached_property
    def last_readers(self) -> array[int]:
        """For each tensor the last operation that reads its memory: the one that makes it, where nobody does."""
        roots, touches = self.roots, [op.touches for op in self.distinct]
        last = array("i", range(-1, len(self.ops)))
        for op, number in enumerate(self.ops):
            for back in touches[number]:
                last[roots[op + 1 - back]] = op
        return last
