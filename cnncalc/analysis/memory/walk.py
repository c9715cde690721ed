"""The walk over a training step: what is alive while each operation runs, forward and backward.

It does what PyTorch's autograd does with memory, in the same order. Forward, a tensor lives until its last reader has
run, or until the backward pass of whoever keeps it. Backward, operations run in reverse; each gives back what it kept,
then the gradient that arrived. Two gradients of one tensor are added, in the first one's memory if nobody else holds
it.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.analysis.memory.ledger import Ledger
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.tape import Op, Tape
from cnncalc.optimizers import StepMemory

LABEL = 8
"""Bytes of the label of an image or a position, an int64."""

FLOAT = 4


def walk(tape: Tape, setup: TrainingSetup, segments: Sequence[range] = ()) -> Ledger:
    """Walk over a step, and return what was alive; ``segments`` are ops that are computed again, in order."""
    ledger = Ledger(setup)
    reached = frozenset() if setup.inference else _reached(tape)
    trained = [values for op in tape.ops if op.result in reached for values in op.parameters]
    _take_what_stays(tape, setup, ledger, trained)
    step = _Step(tape, setup, ledger, segments, reached)
    step.forward()
    if not setup.inference:
        step.backward()
        _optimize(tape, setup, ledger, trained, reached)
    return ledger


def _take_what_stays(tape: Tape, setup: TrainingSetup, ledger: Ledger, trained: Sequence[int]) -> None:
    """Take what is there before the step; the optimizer keeps nothing for parameters that never get a gradient."""
    ledger.take("workspace", 0, setup.workspace)
    parameters = sum([setup.rounded(FLOAT * values) for values in tape.parameters])
    buffers = sum([setup.rounded(size) for size in tape.buffers])
    ledger.take("parameters", 0, parameters)
    ledger.take("buffers", 0, buffers)
    if setup.inference:
        return
    scalars = setup.state_scalars * setup.rounded(FLOAT) * len(trained)
    gradients = sum([setup.rounded(FLOAT * values) for values in trained])
    ledger.take("optimizer_state", 0, setup.state_tensors * gradients + scalars)
    ledger.take("average", 0, parameters + buffers if setup.ema else 0)
    ledger.take("parameter_gradients", 0, gradients if setup.accumulate > 1 else 0)
    ledger.take("input", tape.labels * LABEL, 0)


def _optimize(
    tape: Tape, setup: TrainingSetup, ledger: Ledger, trained: Sequence[int], reached: frozenset[int]
) -> None:
    sizes = [setup.rounded(FLOAT * values) for values in trained]
    decays, on_cuda = setup.effective_weight_decay != 0, setup.device == "cuda"
    layers = {op.layer for op in tape.ops if op.parameters and op.result in reached}
    matrices = [matrix for layer, matrix in tape.matrices.items() if layer in layers]
    step = StepMemory(setup.implementation, decays, sizes, matrices, on_cuda)
    ledger.moment("step", 0, 0, setup.rule.step_bytes(step))


class _Step:
    """The state of one walk: the memory in which every storage lies now, and the gradients that wait."""

    def __init__(
        self, tape: Tape, setup: TrainingSetup, ledger: Ledger, segments: Sequence[range], reached: frozenset[int]
    ) -> None:
        self.tape = tape
        self.ledger = ledger
        self.accumulates = setup.accumulate > 1
        self.trains = not setup.inference
        self.adds_in_place = setup.device == "cuda"  # the CPU's tracker holds every tensor, so that none is reused
        self.expiring = _expiring(tape)
        self.reached = reached
        self.segments = [_Segment.of(tape, ops, self.reached) for ops in segments] if self.trains else []
        self.where = {0: self._take(0, "input")}
        self.gradients: dict[int, int] = {}

    # ---- forward

    def forward(self) -> None:
        """Run all operations; inside of segments nothing is kept but what enters them."""
        at = 0
        lasting: list[int] = []
        if not self.tape.ops:
            self.ledger.moment("forward", 0)  # the images are there, though no layer takes them
        for segment in self.segments:
            lasting += self._run("forward", range(at, segment.ops.start), keep=self.trains)
            segment.entered = [self.ledger.share(self.where[storage]) for storage in segment.entering]
            lasting += self._run("forward", segment.ops, keep=False)
            at = segment.ops.stop
        lasting += self._run("forward", range(at, len(self.tape.ops)), keep=self.trains)
        for storage in lasting:
            if self.tape.storages[storage].cached:  # autocast forgets its copies; the output stays for who trains
                self.ledger.drop(self.where[storage])

    def _run(self, phase: str, ops: range, *, keep: bool) -> list[int]:
        """Run operations: what they make lives until its last reader has run. Return what has readers elsewhere."""
        tape, ledger, where = self.tape, self.ledger, self.where
        alive: set[int] = set()
        for number in ops:
            op = tape.ops[number]
            for storage in op.makes:
                where[storage] = self._take(storage, "activations", op.layer)
                alive.add(storage)
            ledger.moment(phase, op.layer, op.passing)
            if keep and op.result in self.reached:
                for storage in op.keeps:
                    ledger.share(where[storage])
            for storage in self.expiring[number]:
                if storage in alive or phase == "forward":
                    ledger.drop(where[storage])
                    alive.discard(storage)
        return sorted(alive)

    # ---- backward

    def backward(self) -> None:
        """Run the operations in reverse, from the gradient of the loss."""
        ops = self.tape.ops
        inside = {number: segment for segment in self.segments for number in segment.ops}
        if ops[-1].result not in self.reached:
            return
        first = self.ledger.take("activation_gradients", 0, FLOAT)  # the loss's own, which its caller holds to the end
        self.gradients[ops[-1].result] = self.ledger.share(first)
        for number in reversed(range(len(ops))):
            if ops[number].result not in self.reached:
                continue
            segment = inside.get(number)
            if segment is not None and number == segment.last_keeping:
                self._recompute(segment)
            self._differentiate(ops[number])
            if segment is not None and number == segment.first_keeping:
                for entered in segment.entered:
                    self.ledger.drop(entered)
        self.ledger.drop(first)

    def _recompute(self, segment: _Segment) -> None:
        """Compute a segment again, up to the last operation that keeps something; then it is as if it had kept all."""
        again = range(segment.ops.start, segment.last_keeping + 1)
        for storage in self._run("recomputation", again, keep=True):
            self.ledger.drop(self.where[storage])

    def _differentiate(self, op: Op) -> None:
        """Run the backward pass of an operation, and give back what it needed."""
        ledger = self.ledger
        arriving = self.gradients.pop(op.result)
        leaving = [(value, self._gradient(op, value, arriving)) for value in op.wants]
        learned = [] if op.sums else self._learned(op)
        ledger.moment("backward", op.layer, op.scratch)
        for storage in op.keeps:
            ledger.drop(self.where[storage])
        ledger.drop(arriving)
        learned = learned or self._learned(op)
        if op.reorders:
            ledger.moment("backward", op.layer, 0, op.reorders * (op.lowered or FLOAT))
        if op.lowered:
            learned = [self._raised(op, values, low) for values, low in zip(op.parameters, learned, strict=True)]
        if self.accumulates:  # they are added to those of the passes before, which are there from the start
            for gradient in learned:
                ledger.drop(gradient)
        for value, gradient in leaving:
            self._wait(op, value, gradient)

    def _learned(self, op: Op) -> list[int]:
        """Take the memory of the gradients of an operation's parameters, as they are made."""
        size = op.lowered or FLOAT
        return [self.ledger.take("parameter_gradients", 0, values * size, op.layer) for values in op.parameters]

    def _gradient(self, op: Op, value: int, arriving: int) -> int:
        """Return the memory of the gradient of a value that the operation read."""
        read = self.tape.values[value]
        if op.passed and read.size == self.tape.values[op.result].size:
            return self.ledger.share(arriving)
        return self.ledger.take("activation_gradients", read.values * read.size, 0, op.layer)

    def _raised(self, op: Op, values: int, low: int) -> int:
        """Turn a parameter's gradient that was made in lower precision into one in float32."""
        gradient = self.ledger.take("parameter_gradients", 0, values * FLOAT, op.layer)
        self.ledger.moment("backward", op.layer)
        self.ledger.drop(low)
        return gradient

    def _wait(self, op: Op, value: int, gradient: int) -> None:
        """Let a gradient wait for the operation that made its value, or add it to the one that waits already."""
        first = self.gradients.get(value)
        if first is None:
            self.gradients[value] = gradient
            return
        read = self.tape.values[value]
        size = read.values * read.size
        if self.adds_in_place and self.ledger.is_sole(first, size, 0):
            self.ledger.drop(gradient)
            return
        self.gradients[value] = self.ledger.take("activation_gradients", size, 0, op.layer)
        self.ledger.moment("backward", op.layer)
        self.ledger.drop(first)
        self.ledger.drop(gradient)

    def _take(self, storage: int, kind: str, layer: int = 0) -> int:
        """Take the memory of a storage."""
        place = self.tape.storages[storage]
        return self.ledger.take(kind, place.per_image, place.fixed, layer)


class _Segment:
    """A segment: its ops, the storages that enter it, and the first and the last op that keep something."""

    def __init__(self, ops: range, entering: list[int], keeping: list[int]) -> None:
        self.ops = ops
        self.entering = entering if keeping else []
        self.entered: list[int] = []
        self.first_keeping = keeping[0] if keeping else -1
        self.last_keeping = keeping[-1] if keeping else -1

    @classmethod
    def of(cls, tape: Tape, ops: range, reached: frozenset[int]) -> _Segment:
        """Make a segment of a range of ops."""
        made: set[int] = set()
        entering: dict[int, None] = {}
        for number in ops:
            op = tape.ops[number]
            read = [tape.values[value].storage for value in op.reads]
            entering.update(dict.fromkeys([storage for storage in read if storage not in made]))
            made.update(op.makes)
        keeping = [number for number in ops if tape.ops[number].keeps and tape.ops[number].result in reached]
        return cls(ops, list(entering), keeping)


def _expiring(tape: Tape) -> list[list[int]]:
    """Return for each operation the storages whose last reader it is; the input, the output and casts are in none."""
    last: dict[int, int] = {}
    for number, op in enumerate(tape.ops):
        last.update(dict.fromkeys(op.makes, number))
        for value in (*op.reads, *op.holds):
            last[tape.values[value].storage] = number
    expiring: list[list[int]] = [[] for _ in tape.ops]
    staying = {0, tape.values[tape.output].storage}
    if tape.ops and tape.ops[-1].operation == "loss":
        staying.add(tape.values[tape.ops[-1].result].storage)
    for storage, number in last.items():
        if storage not in staying and not tape.storages[storage].cached:
            expiring[number].append(storage)
    return expiring


def _reached(tape: Tape) -> frozenset[int]:
    """Return the values that have a gradient and on which the loss depends."""
    reached = {tape.ops[-1].result} if tape.ops and tape.values[tape.ops[-1].result].has_gradient else set()
    for op in reversed(tape.ops):
        if op.result in reached:
            reached.update(op.wants)
    return frozenset(reached)
