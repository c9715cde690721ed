"""When the memory of each tensor of a forward pass is given back.

A tensor lives until its last reader has run, unless a backward pass needs it: then it lives until the first operation
that keeps it has gone backward, which is the last in time. What lies inside of a segment that is computed again lives
twice. An operation on which no loss depends is never differentiated: it holds what it keeps until nobody holds what
it made.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from operator import and_
from typing import NamedTuple

from cnncalc.analysis.memory.timeline import FORWARD, RECOMPUTATION
from cnncalc.analysis.memory.trace import Size, Trace

NEVER = -1


class Segment(NamedTuple):
    """Operations that are computed again when their backward pass begins.

    Attributes:
        ops: their places.
        first_keeping, last_keeping: the first and the last of them that keep something for a backward pass.

    """

    ops: range
    first_keeping: int
    last_keeping: int

    @property
    def again(self) -> range:
        """The operations that are computed again: up to the last one that keeps something."""
        return range(self.ops.start, self.last_keeping + 1)

    @property
    def again_tensors(self) -> range:
        """The tensors that these make."""
        return range(self.ops.start + 1, self.last_keeping + 2)


class Lifetimes:
    """The ends of all tensors of a trace: places of operations, by the tensors' numbers.

    Attributes:
        wanted: for each tensor how many gradients of it are made; that of the loss is one.
        reached: for each tensor whether it has a gradient and the loss depends on it.
        segments: those that are computed again.
        backward: the operation in whose backward pass a tensor is given back; `NEVER` where none keeps it.
        late: the tensors that enter a segment and are given back when its first operation is done.
        forward: the operation of the forward pass behind which a tensor is given back that has no end in ``backward``.
        saving: for each operation whether its backward pass comes and needs something that the forward pass made.
        kept: the same, without those inside of segments, which keep it when they are computed again.
        staying: the tensors that live to the end of the step.
        held: where an operation is never differentiated, the one behind which what it made beside is given back.
        again, again_backward: the same as ``forward`` and ``backward`` for what is computed again.

    """

    def __init__(self, trace: Trace, segments: Sequence[range], *, trains: bool) -> None:
        self.trace = trace
        self.count = len(trace.ops)
        self.wanted = trace.wanted if trains else array("i", [0]) * (self.count + 1)
        self.reached = bytearray(map(bool, self.wanted))
        saves = [op.saves for op in trace.distinct]
        self.saving = bytearray(map(and_, map(saves.__getitem__, trace.ops), self.reached[1:]))
        found = [self._segment(ops) for ops in segments] if trains else []
        self.segments = [segment for segment in found if segment is not None]
        self.kept = bytearray(self.saving)
        for segment in self.segments:
            self.kept[segment.ops.start : segment.ops.stop] = bytes(len(segment.ops))
        self.staying = {0, *[trace.roots[output] for output in trace.outputs]}
        if trace.losses:
            self.staying.add(trace.roots[-1])
        self.backward = array("i", [NEVER]) * (self.count + 1)
        self.late: dict[int, int] = {}
        self.held: dict[int, int] = {}
        self.again = array("i", [NEVER]) * (self.count + 1 if self.segments else 0)
        self.again_backward = array("i", self.again)
        self._keep()
        self.forward = array("i", trace.last_readers)
        if trains:
            self._hold()
        for segment in reversed(self.segments):
            self._compute_again(segment)

    def outside(self) -> Iterator[range]:
        """Yield the ranges of operations that are not computed again."""
        at = 0
        for segment in self.segments:
            yield range(at, segment.ops.start)
            at = segment.ops.stop
        yield range(at, self.count)

    def alive(self, phase: int, op: int, *, first: bool) -> Iterator[tuple[int, Size]]:
        """Yield what was made and is alive at a moment of an operation: which one made it, and its size.

        ``first`` says whether it is the first moment of the operation in that phase, when all is there that it kept.
        """
        numbers, distinct = self.trace.ops, self.trace.distinct
        segment = next((one for one in self.segments if op in one.again), None)
        if phase == FORWARD:
            makers, at = range(op + 1), self.count
        else:
            makers, at = range(self.count), op
            if phase == RECOMPUTATION and segment is not None:
                at, first = segment.last_keeping, True
        for maker in makers:
            made = distinct[numbers[maker]]
            if made.makes is not None and self._lives(maker + 1, phase, op, at, first):
                yield maker, made.makes
            if made.beside or made.cached:
                holds = self.kept[maker] and (maker < at or (maker == at and first))
                if holds or (phase == FORWARD and self.held.get(maker, maker) >= op):
                    yield from [(maker, size) for size in made.beside]
                last = len(made.cached) if phase == FORWARD else made.keeps_cached if holds else 0
                yield from [(maker, size) for size in made.cached[:last]]
        if segment is not None and phase != FORWARD:
            yield from self._alive_again(segment, phase, op, first)

    def _lives(self, tensor: int, phase: int, op: int, at: int, first: bool) -> bool:
        """Say whether a tensor is alive in its first life, when all behind ``at`` has gone backward."""
        end = self.backward[tensor]
        if tensor in self.staying:
            return True
        if end == NEVER:
            return phase == FORWARD and self.forward[tensor] >= op
        return end < at or (end == at and (first or tensor in self.late))

    def _alive_again(self, segment: Segment, phase: int, op: int, first: bool) -> Iterator[tuple[int, Size]]:
        """Yield what is alive of what is computed again."""
        again = phase == RECOMPUTATION
        for maker in range(segment.again.start, op + 1 if again else segment.again.stop):
            made = self.trace.distinct[self.trace.ops[maker]]
            end = self.again_backward[maker + 1]
            lives = again and self.again[maker + 1] >= op if end == NEVER else again or _before(end, op, first)
            if made.makes is not None and lives:
                yield maker, made.makes
            kept = self.saving[maker] and (again or _before(maker, op, first))
            if kept or (again and maker == op):
                yield from [(maker, size) for size in made.beside]
            last = len(made.cached) if again else made.keeps_cached if kept else 0
            yield from [(maker, size) for size in made.cached[:last]]

    def _segment(self, ops: range) -> Segment | None:
        """Return a segment; None where nothing in it is kept, so that nothing need be computed again."""
        first = self.saving.find(True, ops.start, ops.stop)
        return Segment(ops, first, self.saving.rfind(True, ops.start, ops.stop)) if first >= 0 else None

    def _keep(self) -> None:
        """Find the first operation that keeps each tensor, or the segment that it enters."""
        late: dict[int, int] = {}
        stop = self.count
        for segment in reversed(self.segments):
            self._keepers(range(segment.ops.stop, stop), self.backward)
            for tensor in entering(self.trace, segment.ops):
                self.backward[tensor] = late[tensor] = segment.first_keeping
            stop = segment.ops.start
        self._keepers(range(stop), self.backward)
        self.late = {tensor: op for tensor, op in late.items() if self.backward[tensor] == op}

    def _keepers(self, ops: range, first: array[int]) -> None:
        """Write down the first of these operations that keeps each tensor."""
        numbers, roots, reached, distinct = self.trace.ops, self.trace.roots, self.reached, self.trace.distinct
        for op in reversed(ops):
            if reached[op + 1]:
                for back in distinct[numbers[op]].keeps:
                    first[roots[op + 1 - back]] = op

    def _hold(self) -> None:
        """Let operations that are never differentiated hold what they keep, as long as anybody holds what they made."""
        trace = self.trace
        unreached = [op for op in range(self.count) if not self.reached[op + 1]] if 0 in self.reached[1:] else []
        holding = [op for op in unreached if trace.distinct[trace.ops[op]].saves]
        if not holding:
            return
        ends = self._graph_ends()
        inside = {op for segment in self.segments for op in segment.ops}
        for op in holding:
            if op not in inside:
                end, made = ends[op + 1], trace.distinct[trace.ops[op]]
                for back in made.keeps:
                    root = trace.roots[op + 1 - back]
                    self.forward[root] = max(self.forward[root], end)
                if made.beside:
                    self.held[op] = end

    def _graph_ends(self) -> dict[int, int]:
        """Return for tensors the operation behind which nobody holds them, nor any tensor that was made of them."""
        ends: dict[int, int] = {}
        for op, number in enumerate(self.trace.ops):
            ends.update(dict.fromkeys([op + 1, *[op + 1 - back for back in self.trace.distinct[number].touches]], op))
        for op in reversed(range(self.count)):
            if not self.reached[op + 1]:
                for back in self.trace.distinct[self.trace.ops[op]].wants:
                    ends[op + 1 - back] = max(ends[op + 1 - back], ends[op + 1])
        return ends

    def _compute_again(self, segment: Segment) -> None:
        """Find the ends of the second lives of what is made in a segment."""
        tensors = segment.again_tensors
        # a segment behind this one has written down when it keeps what enters it
        self.again_backward[tensors.start : tensors.stop] = array("i", [NEVER]) * len(tensors)
        self._keepers(segment.again, self.again_backward)
        for tensor in tensors:
            if self.again_backward[tensor] == NEVER:
                end = segment.last_keeping if tensor in self.staying else self.forward[tensor]
                self.again[tensor] = min(end, segment.last_keeping)


def _before(end: int, op: int, first: bool) -> bool:
    """Say whether the backward pass of an operation is still to come, or is at its first moment."""
    return end < op or (end == op and first)


def entering(trace: Trace, ops: range) -> list[int]:
    """Return the tensors that operations read and that none of them makes."""
    numbers, roots, distinct = trace.ops, trace.roots, trace.distinct
    read = [roots[op + 1 - back] for op in ops for back in distinct[numbers[op]].reads]
    return list(dict.fromkeys([root for root in read if root <= ops.start]))
