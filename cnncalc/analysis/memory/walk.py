"""The walk over a pass forward and backward: what is alive while each operation runs.

It does what PyTorch's autograd does with memory, in the same order. Forward, an operation makes its result, and what
nobody needs any more is given back; `cnncalc.analysis.memory.gradients` has the backward pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from cnncalc.analysis.memory.gradients import Gradients, Sorts
from cnncalc.analysis.memory.lifetimes import NEVER, Lifetimes, Segment
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.timeline import FORWARD, RECOMPUTATION, STEP, Change, Timeline
from cnncalc.analysis.memory.trace import Size, Trace

LABEL = 8
"""Bytes of the label of an image or a position, an int64."""


class Walk:
    """A pass forward and, in training, backward; without what lasts from step to step and the optimizer's own step.

    Attributes:
        trace: what is done.
        lifetimes: when the memory of each tensor is given back.
        timeline: what is alive, moment by moment.

    """

    def __init__(self, trace: Trace, setup: TrainingSetup, segments: Sequence[range] = ()) -> None:
        self.trace = trace
        self.lifetimes = Lifetimes(trace, segments, trains=not setup.inference)
        self.timeline = Timeline()
        self.timeline.staying.append(self.timeline.sort("input", *trace.input))
        if not setup.inference:
            self.timeline.staying.append(self.timeline.sort("input", trace.labels * LABEL))
        self.sizes = [self._activation(op.makes) if op.makes is not None else 0 for op in trace.distinct]
        self.casts = any(op.cached for op in trace.distinct)
        self.changes: dict[tuple[int, bool, Sorts], int] = {}
        self._forward()
        self.gradients = Gradients(trace, self.lifetimes, self.timeline, setup)
        if not setup.inference:
            self._backward()

    def serves(self, setup: TrainingSetup) -> bool:
        """Say whether the walk is the same for another number of images."""
        return self.gradients.serves(setup)

    def layer(self, moment: int) -> int:
        """Return the index of the layer of a moment; 0 where there is none."""
        op = self.timeline.ops[moment]
        return self.trace.layers[op] if op != NEVER else 0

    def alive(self, setup: TrainingSetup, moment: int) -> dict[int, int]:
        """Return the bytes of activations that are alive at a moment, by the index of the layer that made them."""
        timeline, layers = self.timeline, self.trace.layers
        within = moment < len(timeline.moments)
        phase, op = (timeline.phases[moment], timeline.ops[moment]) if within else (STEP, NEVER)
        first = not moment or not within or timeline.ops[moment - 1] != op or timeline.phases[moment - 1] != phase
        rounded: dict[Size, int] = {}
        found: dict[int, int] = {}
        for maker, size in self.lifetimes.alive(phase, op, first=first):
            if size not in rounded:
                rounded[size] = setup.rounded(size.of(setup.images))
            found[layers[maker]] = found.get(layers[maker], 0) + rounded[size]
        return found

    # ---- forward

    def _forward(self) -> None:
        """Run all operations; of segments nothing is kept but what enters them."""
        given = self._given_forward()
        ops = range(len(self.trace.ops))
        if not ops:  # the images are there, though no layer takes them
            self.timeline.extend(FORWARD, [self.timeline.change(Change(()))], [NEVER])
        self.timeline.extend(FORWARD, self._run(ops, given, self.lifetimes.kept), ops)
        self.timeline.behind(self._forgotten(ops, self.lifetimes.kept))

    def _run(self, ops: range, given: Mapping[int, Sorts], kept: Sequence[int]) -> list[int]:
        """Return the changes of operations that run one after the other; ``kept`` says which of them keep something."""
        numbers, held, known = self.trace.ops, self.lifetimes.held, self.changes
        changes = []
        for op in ops:
            key = (numbers[op], bool(kept[op] or op in held), given.get(op, ()))
            change = known.get(key)
            changes.append(self._change(*key) if change is None else change)
        return changes

    def _change(self, number: int, keeps: bool, given: Sorts) -> int:
        """Return the change of an operation that runs forward, given what is given back behind it."""
        op = self.trace.distinct[number]
        beside = [self._activation(size) for size in op.beside]
        cached = [self._activation(size) for size in op.cached]
        made = [self.sizes[number]] if self.sizes[number] else []
        gone = [] if keeps and op.saves else beside
        after = tuple([-sort for sort in (*given, *gone)])
        change = self.timeline.change(Change((*made, *beside, *cached), op.passing, 0, after))
        self.changes[number, keeps, given] = change
        return change

    def _forgotten(self, ops: range, kept: Sequence[int]) -> Sorts:
        """Return the copies of parameters that autocast forgets when operations have run, since none keeps them."""
        distinct = self.trace.distinct
        if not self.casts:
            return ()
        span = slice(ops.start, ops.stop)
        counts = Counter(zip(self.trace.ops[span], kept[span], strict=True))
        return tuple(
            [
                -self.timeline.sort("activations", *size, count)
                for (number, keeps), count in counts.items()
                for size in distinct[number].cached[distinct[number].keeps_cached if keeps else 0 :]
            ]
        )

    def _given_forward(self) -> dict[int, Sorts]:
        """Return by operation what is given back behind it in the forward pass."""
        trace, lifetimes = self.trace, self.lifetimes
        ends, kept, staying = lifetimes.forward, lifetimes.backward, lifetimes.staying
        given: dict[int, Sorts] = {}
        for tensor, number in enumerate(trace.ops, 1):
            if kept[tensor] == NEVER and self.sizes[number] and tensor not in staying:
                given[ends[tensor]] = (*given.get(ends[tensor], ()), self.sizes[number])
        for op, end in lifetimes.held.items():
            beside = [self._activation(size) for size in trace.distinct[trace.ops[op]].beside]
            given[end] = (*given.get(end, ()), *beside)
        return given

    # ---- backward

    def _backward(self) -> None:
        """Go backward; a segment is computed again in front of the last operation in it that keeps something."""
        given = self._given_backward()
        late = self._by_end(self.lifetimes.late)
        again = self._by_end(self.lifetimes.again)
        self.gradients.begin(given, late)
        stop = len(self.trace.ops)
        for segment in reversed(self.lifetimes.segments):
            start = segment.last_keeping + 1
            self.gradients.backward(range(start, stop))
            self._recompute(segment, again)
            stop = start
        self.gradients.backward(range(stop))
        self.gradients.end()

    def _recompute(self, segment: Segment, given: Mapping[int, Sorts]) -> None:
        """Compute a segment again, up to the last operation that keeps something; then it is as if it had kept all."""
        ops = segment.again
        self.timeline.extend(RECOMPUTATION, self._run(ops, given, self.lifetimes.saving), ops)
        self.timeline.behind(self._forgotten(ops, self.lifetimes.saving))

    def _given_backward(self) -> dict[int, Sorts]:
        """Return by operation what is given back when it has gone backward."""
        lifetimes = self.lifetimes
        ends, staying, late, sizes = lifetimes.backward, lifetimes.staying, lifetimes.late, self.sizes
        alone = [(size,) for size in sizes]
        given = self._by_end(lifetimes.again_backward)
        for tensor, number in enumerate(self.trace.ops, 1):
            end = ends[tensor]
            if end != NEVER and sizes[number] and tensor not in staying and tensor not in late:
                given[end] = (*given[end], sizes[number]) if end in given else alone[number]
        return given

    def _by_end(self, ends: Mapping[int, int]) -> dict[int, Sorts]:
        """Return the sorts of tensors by the operations with which they end."""
        given: dict[int, Sorts] = {}
        for tensor, end in ends.items():
            if tensor and self.sizes[self.trace.ops[tensor - 1]]:
                given[end] = (*given.get(end, ()), self.sizes[self.trace.ops[tensor - 1]])
        return given

    def _activation(self, size: Size) -> int:
        return self.timeline.sort("activations", *size)
