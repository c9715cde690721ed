"""The arena of the interpreter: what it allocates when it starts, in its own order.

Tensors and scratch buffers lie at its head, as the planner puts them. What stays is allocated from its tail downwards:
the allocators themselves, a structure for each tensor and each operator, and what the kernels keep.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.microcontrollers import structs
from cnncalc.microcontrollers.graph import Graph, Operator
from cnncalc.microcontrollers.operators import KERNELS
from cnncalc.microcontrollers.planner import PlannedBuffer, plan_offsets
from cnncalc.microcontrollers.structs import ALIGNMENT, Build, Struct, round_up

PARTS = ("tensors", "structures", "kernels", "interface", "interpreter")
"""What the arena is used for."""


class Buffer(NamedTuple):
    """A tensor or a scratch buffer in the arena.

    Attributes:
        name: the layer that makes it or works in it; that of an input is the input's.
        scratch: whether it is a scratch buffer.
        bytes: its own, before they are rounded up.
        first, last: the steps at which it lives; 0 is before the first operator, 1 the first operator.
        offset: where it lies.

    """

    name: str
    scratch: bool
    bytes: int
    first: int
    last: int
    offset: int

    @property
    def aligned(self) -> int:
        """Its bytes in the arena."""
        return round_up(self.bytes, ALIGNMENT)


class Arena(NamedTuple):
    """The arena of a network.

    Attributes:
        head: bytes of tensors and scratch buffers, as planned.
        tail: bytes of what stays, by the parts of `PARTS` behind the first.
        start: the least bytes with which the interpreter starts: while it plans, it needs room for its lists.
        buffers: what is planned.

    """

    head: int
    tail: dict[str, int]
    start: int
    buffers: tuple[Buffer, ...]

    @property
    def used(self) -> int:
        """What the interpreter says that it uses (``arena_used_bytes``)."""
        return self.head + sum(self.tail.values())

    @property
    def needed(self) -> int:
        """The least size of the arena, a multiple of its alignment: it holds what is used, and what the start needs."""
        return round_up(max(self.used, self.start), ALIGNMENT)


def arena_of(graph: Graph, build: Build = structs.BOARD) -> Arena:
    """Work out the arena of a graph under a build of the interpreter."""
    scratch = scratch_of(graph)
    buffers = placed(lives_of(graph, scratch))
    tail = _Tail(build)
    before = tail.until_planned(graph, len(scratch))
    tail.interface(graph)
    planning = _while_planning(len(graph.tensors), len(buffers), len(scratch), build)
    start = max(tail.preparing, round_up(before, ALIGNMENT) + planning)
    return Arena(head_of(buffers), tail.parts, start, buffers)


def lives_of(graph: Graph, scratch: list[tuple[int, int]], *, in_place: bool = False) -> list[Buffer]:
    """Return the tensors that operators make and read, and the scratch buffers, with the steps at which they live.

    ``in_place`` lets an operator write over what it reads, where it makes as much of it and is its last reader.
    """
    first = {id(tensor): 0 for tensor in graph.inputs}
    last = dict(first)
    for step, operator in enumerate(graph.operators, 1):
        first[id(operator.output)] = step
        for tensor in (*operator.inputs, operator.output):
            last[id(tensor)] = step
    for tensor in graph.outputs:
        last[id(tensor)] = len(graph.operators)
    over = _written_over(graph, last) if in_place else {}
    made = [tensor for tensor in graph.tensors if not tensor.constant]
    for tensor in made:
        if id(tensor) in over:
            last[over[id(tensor)]] = last[id(tensor)]
    lives = [
        Buffer(tensor.name, False, tensor.bytes, first[id(tensor)], last[id(tensor)], 0)
        for tensor in made
        if id(tensor) not in over
    ]
    return lives + [Buffer(graph.operators[step - 1].layer, True, size, step, step, 0) for step, size in scratch]


def _written_over(graph: Graph, last: dict[int, int]) -> dict[int, int]:
    """Return the first tensor in the memory of each that is written over another one."""
    over: dict[int, int] = {}
    for step, operator in enumerate(graph.operators, 1):
        if not KERNELS[operator.kind].in_place:
            continue
        for tensor in operator.inputs:
            if not tensor.constant and last[id(tensor)] == step and tensor.bytes == operator.output.bytes:
                over[id(operator.output)] = over.get(id(tensor), id(tensor))
                break
    return over


def placed(lives: list[Buffer]) -> tuple[Buffer, ...]:
    """Return buffers where the planner puts them."""
    offsets = plan_offsets([PlannedBuffer(each.aligned, each.first, each.last) for each in lives])
    return tuple([each._replace(offset=offset) for each, offset in zip(lives, offsets, strict=True)])


def head_of(buffers: tuple[Buffer, ...]) -> int:
    """Return the bytes that placed buffers take."""
    return max([each.offset + each.aligned for each in buffers], default=0)


def scratch_of(graph: Graph) -> list[tuple[int, int]]:
    """Return the scratch buffers: the step of the operator that works in each, and its bytes."""
    return [(step, size) for step, op in enumerate(graph.operators, 1) for size in KERNELS[op.kind].scratch(op)]


def _while_planning(tensors: int, buffers: int, scratch: int, build: Build) -> int:
    """Return the bytes at the head of the arena while it is planned: requests, lifetimes, and the planner's lists."""
    bytes_ = structs.SCRATCH_REQUEST.size(build) * (scratch + structs.MOST_SCRATCH)
    bytes_ = round_up(bytes_, build.pointer) + build.pointer
    bytes_ += structs.ALLOCATION_INFO.size(build) * (tensors + scratch)
    return round_up(bytes_, ALIGNMENT) + structs.PLANNED_BUFFER * buffers


class _Tail:
    """What stays, from the end of the arena downwards; every address is aligned, so that the order matters."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.used = self.preparing = 0
        self.parts = dict.fromkeys(PARTS[1:], 0)

    def take(self, part: str, size: int, alignment: int) -> None:
        """Allocate."""
        before = self.used
        self.used = round_up(before + size, alignment)
        self.parts[part] += self.used - before

    def structs(self, part: str, struct: Struct, count: int = 1) -> None:
        """Allocate structures in a row."""
        self.take(part, struct.size(self.build) * count, struct.alignment(self.build))

    def buffer(self, part: str, size: int) -> None:
        """Allocate a buffer of a kernel."""
        self.take(part, size, ALIGNMENT)

    def until_planned(self, graph: Graph, scratch: int) -> int:
        """Allocate what is there when the arena is planned, and return its bytes."""
        recording = self.build.recording
        self.structs("interpreter", structs.RECORDING_ARENA_ALLOCATOR if recording else structs.ARENA_ALLOCATOR)
        self.structs("interpreter", structs.PLANNER)
        self.structs("interpreter", structs.RECORDING_ALLOCATOR if recording else structs.ALLOCATOR)
        self.structs("interpreter", structs.BUILTIN_DATA_ALLOCATOR)
        self.structs("interpreter", structs.SUBGRAPH)
        self.structs("structures", structs.EVAL_TENSOR, len(graph.tensors))
        self.structs("structures", structs.NODE, len(graph.operators))
        for operator in graph.operators:
            if KERNELS[operator.kind].parsed.fields:
                self.structs("structures", KERNELS[operator.kind].parsed)
        for operator in graph.operators:
            if KERNELS[operator.kind].data.fields:
                self.buffer("kernels", KERNELS[operator.kind].data.size(self.build))
        asked = 0
        for operator in graph.operators:
            for size in KERNELS[operator.kind].arrays(operator):
                self.buffer("kernels", size)
            asked += len(KERNELS[operator.kind].scratch(operator))
            self.preparing = max(self.preparing, self.used + self._while_preparing(operator, asked))
        if scratch:
            self.structs("structures", structs.SCRATCH_HANDLE, scratch)
        return self.used

    def _while_preparing(self, operator: Operator, asked: int) -> int:
        """Return the bytes at the head while a kernel prepares: requests, and views of its tensors."""
        view = structs.TENSOR.size(self.build) + structs.QUANTIZATION.size(self.build)
        views = 0
        for tensor in (*operator.inputs, operator.output):
            times = 1 if tensor.bytes_each > 1 else KERNELS[operator.kind].views  # a bias, or a setting, is seen once
            views += times * (view + (4 + 4 * tensor.scales if tensor.scales else 0))
        return structs.SCRATCH_REQUEST.size(self.build) * (asked + structs.MOST_SCRATCH) + views

    def interface(self, graph: Graph) -> None:
        """Allocate the tensors that a program sees: inputs and outputs."""
        for tensors in (graph.inputs, graph.outputs):
            self.buffer("interface", self.build.pointer * len(tensors))
            for tensor in tensors:
                self.structs("interface", structs.TENSOR)
                if tensor.scales:
                    self.structs("interface", structs.QUANTIZATION)
                    self.take("interface", 4 + 4 * tensor.scales, 4)
