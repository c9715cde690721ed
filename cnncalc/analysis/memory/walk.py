"""The walk over a pass forward and backward: what is alive while each operation runs.

It does what PyTorch's autograd does with memory, in the same order. Forward, an operation makes its result, and what
nobody needs any more is given back; `cnncalc.analysis.memory.gradients` has the backward pass.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnncalc.analysis.memory.gradients import Alike, Gradients, Sorts, alike
from cnncalc.analysis.memory.lifetimes import NEVER, Lifetimes, Segment
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.timeline import FORWARD, RECOMPUTATION, STEP, Change, Timeline
from cnncalc.analysis.memory.trace import Size, Trace

LABEL = 8
"""Bytes of the label of an image or a position, an int64."""


Given = list[Sorts]
"""What is given back behind each operation."""


READ_BACKWARD = {2: 2, 3: 2, 4: 3}
"""How many of a batch norm's buffers its backward pass reads, by their number; of fixed ones the scale, too."""


class Walk:
    """A pass forward and, in training, backward; without what lasts from step to step and the optimizer's own step.

    Attributes:
        trace: what is done.
        lifetimes: when the memory of each tensor is given back.
        timeline: what is alive, moment by moment.
        blocks: operations that hand the gradients of what they read on when all of them are done, as those of a module
            of FSDP2 do; a gradient that is made outside of them is added then.
        copies: whether batch norms that are computed again change copies of their running statistics; else they change
            these a second time, as PyTorch's own checkpointing does.

    """

    def __init__(
        self,
        trace: Trace,
        setup: TrainingSetup,
        segments: Sequence[range] = (),
        alike_as: Alike | None = None,
        blocks: Sequence[range] = (),
        *,
        copies: bool = True,
    ) -> None:
        self.trace = trace
        self.blocks, self.copies = blocks, copies
        self.lifetimes = Lifetimes(trace, segments, trains=not setup.inference)
        self.timeline = Timeline()
        self.timeline.staying += [self.timeline.sort("input", *size) for size in trace.inputs.values()]
        if not setup.inference:
            self.timeline.staying += [self.timeline.sort("input", labels * LABEL) for labels in trace.labels]
        self.sizes = [self._activation(op.makes) if op.makes is not None else 0 for op in trace.distinct]
        self.alone = [(size,) for size in self.sizes]
        self.casts = any(op.cached for op in trace.distinct)
        self.changes: dict[tuple[int, int, Sorts], int] = {}  # of operations that run forward
        self._forward()
        alike_as = alike_as or (lambda sizes: alike(sizes, setup))
        self.gradients = Gradients(trace, self.lifetimes, self.timeline, setup, alike_as)
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
        kept = bytearray(self.lifetimes.kept)
        for op in self.lifetimes.held:
            kept[op] = True
        ops = range(len(self.trace.ops))
        if not ops:  # the images are there, though no layer takes them
            self.timeline.extend(FORWARD, [self.timeline.change(Change(()))], [NEVER])
        self.timeline.extend(FORWARD, self._run(ops, given, kept), ops)
        self.timeline.behind(self._forgotten(ops, self.lifetimes.kept))

    def _run(self, ops: range, given: Given, kept: bytearray) -> list[int]:
        """Return the changes of operations that run one after the other; ``kept`` says which of them keep something."""
        span = slice(ops.start, ops.stop)
        keys = list(zip(self.trace.ops[span], kept[span], given[span], strict=True))
        for key in dict.fromkeys(keys):
            if key not in self.changes:
                self.changes[key] = self._change(key)
        return list(map(self.changes.__getitem__, keys))

    def _change(self, key: tuple[int, int, Sorts]) -> int:
        """Return the change of an operation that runs forward: which, whether it keeps anything, what is given back."""
        number, keeps, given = key
        op = self.trace.distinct[number]
        beside = [self._activation(size) for size in op.beside]
        cached = [self._activation(size) for size in op.cached]
        made = [self.sizes[number]] if self.sizes[number] else []
        gone = [] if keeps and op.saves else beside
        after = tuple([-sort for sort in (*given, *gone)])
        return self.timeline.change(Change((*made, *beside, *cached), op.passing, 0, after))

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

    def _given_forward(self) -> Given:
        """Return for each operation what is given back behind it in the forward pass."""
        lifetimes, given = self.lifetimes, self._nothing()
        tensors = [tensor for tensor in _places(lifetimes.backward, NEVER) if tensor not in lifetimes.staying]
        self._give(tensors, lifetimes.forward, given)
        for op, end in lifetimes.held.items():
            beside = [self._activation(size) for size in self.trace.distinct[self.trace.ops[op]].beside]
            given[end] = (*given[end], *beside)
        return given

    # ---- backward

    def _backward(self) -> None:
        """Go backward; a segment is computed again in front of the last operation in it that keeps something."""
        lifetimes = self.lifetimes
        again, given, late = self._nothing(), self._nothing(), self._nothing()
        for segment in lifetimes.segments:
            self._give(segment.again_tensors, lifetimes.again, again)
            self._give(segment.again_tensors, lifetimes.again_backward, given)
        self._give(lifetimes.late, lifetimes.late, late)
        ends = array("i", lifetimes.backward)
        for tensor in (*lifetimes.staying, *lifetimes.late):
            ends[tensor] = NEVER
        self._give(range(len(ends)), ends, given)
        for segment in lifetimes.segments:
            for op, (kept, _) in self._copies(segment).items():
                given[op] = (*given[op], *(kept if self._needs(op) else ()))
        self.gradients.begin(given, late)
        stop = len(self.trace.ops)
        for segment in reversed(lifetimes.segments):
            start = segment.last_keeping + 1
            self._through(range(start, stop))
            self._recompute(segment, again)
            stop = start
        self._through(range(stop))
        self.gradients.end()

    def _through(self, ops: range) -> None:
        """Go backward through operations, of which some may lie in blocks; a block may begin in those that follow."""
        gradients, stop = self.gradients, ops.stop
        for block in reversed(self.blocks):
            low, top = max(block.start, ops.start), min(block.stop, stop)
            if low < top:
                gradients.backward(range(top, stop))
                gradients.enter(block)
                gradients.backward(range(low, top))
                if low == block.start:
                    gradients.leave(block)
                stop = low
        gradients.backward(range(ops.start, stop))

    def _recompute(self, segment: Segment, given: Given) -> None:
        """Compute a segment again, up to the last operation that keeps something; then it is as if it had kept all."""
        ops, copies = segment.again, self._copies(segment)
        passing = [-sort for op, (kept, more) in copies.items() for sort in (*more, *(() if self._needs(op) else kept))]
        self.timeline.behind(tuple([sort for sorts in copies.values() for each in sorts for sort in each]))
        self.timeline.extend(RECOMPUTATION, self._run(ops, given, self.lifetimes.saving), ops)
        self.timeline.behind((*self._forgotten(ops, self.lifetimes.saving), *passing))

    def _copies(self, segment: Segment) -> dict[int, tuple[Sorts, Sorts]]:
        """Return the copies that batch norms change a second time, in place of their running statistics.

        By their operations: those that the backward pass reads, and the others.
        """
        found = {}
        for op in segment.ops if self.copies else ():
            layer = self.trace.layers[op]
            if self.trace.distinct[self.trace.ops[op]].operation == "batch_norm":
                buffers = [self.timeline.sort("buffers", 0, size) for size in self.trace.parts[layer - 1].buffers]
                read = READ_BACKWARD.get(len(buffers), 0)
                found[op] = tuple(buffers[:read]), tuple(buffers[read:])
        return found

    def _needs(self, op: int) -> bool:
        """Say whether an operation that is computed again keeps something for its backward pass."""
        return bool(self.lifetimes.saving[op])

    def _nothing(self) -> Given:
        """Return a list in which nothing is given back behind any operation."""
        return [()] * len(self.trace.ops)

    def _give(self, tensors: Iterable[int], ends: Sequence[int] | Mapping[int, int], given: Given) -> None:
        """Write down the sorts of tensors with the operations that are their ends; a view has no memory of its own."""
        numbers, sizes = self.trace.ops, self.sizes
        for tensor in tensors:
            end = ends[tensor]
            if end != NEVER and tensor and sizes[number := numbers[tensor - 1]]:
                given[end] = (*given[end], sizes[number]) if given[end] else self.alone[number]

    def _activation(self, size: Size) -> int:
        return self.timeline.sort("activations", *size)


def _places(values: array[int], wanted: int) -> Iterator[int]:
    """Yield the places of a value, of which there are mostly few."""
    at = -1
    for _ in range(values.count(wanted)):
        at = values.index(wanted, at + 1)
        yield at
