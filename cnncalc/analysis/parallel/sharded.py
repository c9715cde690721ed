"""A step of FSDP2: every card keeps its part of parameters, gradients and state; blocks are gathered to be used.

Forward, a block's parts are gathered into a buffer, copied into whole parameters, and given back when the block is
done; the buffer stays until the next block has been gathered. What lies in no block is gathered first and stays to the
end. Backward, a block is gathered again while the one behind it still runs. When its gradients are made its whole
parameters go, and the gradients are copied into a buffer, from which each card gets the sum of its part; that buffer
stays until the next one is needed. A gradient of what the block reads that was made outside of it is added behind
that. Source: ``torch/distributed/fsdp/_fully_shard`` of PyTorch 2.14.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.lasting import FLOAT
from cnncalc.analysis.memory.lifetimes import NEVER
from cnncalc.analysis.memory.prediction import Step
from cnncalc.analysis.memory.timeline import FORWARD
from cnncalc.analysis.parallel.course import CardExtra, CardStep, Pass, Piece
from cnncalc.analysis.parallel.setup import Parallel
from cnncalc.analysis.parallel.units import Shape, Units
from cnncalc.analysis.parallel.variants import Steps, single
from cnncalc.optimizers import StepMemory

ROOT, LOSS = 0, -1
"""The numbers of the units that are no blocks: what lies in none of them, and the loss, which the module lacks."""


def sharded_step(parallel: Parallel, setup: TrainingSetup, steps: Steps, units: Units) -> CardStep:
    """Return the step of the first card, whose parts are the largest; ``setup`` is that of the card."""
    step = steps(single(setup))
    course = _Course(step, units, setup, parallel)
    pieces = course.pieces()
    kept, update = _kept(step, units, setup, parallel.cards)
    return CardStep(step.walk, step.lasting, [Pass(step.walk, single(setup), pieces)], kept, update, course.extra())


def _kept(step: Step, units: Units, setup: TrainingSetup, cards: int) -> tuple[dict[str, int], int]:
    """Return what lasts on a card, and what the optimizer's step needs for itself."""
    every = [units.root, *units.blocks]
    parameters = _bytes([shape for unit in every for shape in unit.parameters], setup, cards)
    trained = _bytes([shape for unit in every for shape in unit.trained], setup, cards)
    found = step.lasting.kinds(setup)
    scalars = setup.state_scalars * setup.rounded(FLOAT) * len(trained)
    found["parameters"] = sum(parameters)
    found["optimizer_state"] = setup.state_tensors * sum(trained) + scalars
    found["average"] = found["parameters"] + found["buffers"] if setup.ema else 0
    found["parameter_gradients"] = 0
    decays, on_cuda = setup.effective_weight_decay != 0, setup.device == "cuda"
    return found, setup.rule.step_bytes(StepMemory(setup.implementation, decays, trained, [], on_cuda))


def _bytes(shapes: Sequence[Shape], setup: TrainingSetup, cards: int) -> list[int]:
    return [setup.rounded(FLOAT * shape.shard(cards)) for shape in shapes]


class _Run(NamedTuple):
    """Moments that follow one another in the same unit."""

    forward: bool
    unit: int
    start: int
    stop: int


class _Course:
    """Goes through the moments of a single process, and writes down what the units add."""

    def __init__(self, step: Step, units: Units, setup: TrainingSetup, parallel: Parallel) -> None:
        self.timeline, self.layers = step.walk.timeline, step.walk.trace.layers
        self.left = step.walk.gradients.left
        self.units, self.copies = units, parallel.reduces_copies(setup)
        cards = parallel.cards
        self.sizes = [unit.sizes(setup, cards) for unit in (units.root, *units.blocks)]
        self.found: list[Piece] = []
        self.gathered: dict[int, int] = {}  # bytes of whole parameters by the number of the unit
        self.gathering = self.reducing = self.gradients = 0
        self.loss = setup.rounded(FLOAT)  # its gradient is there until the last reduction is done
        self.adds = setup.accumulate > 1
        if self.adds:  # the parts of the gradients of the passes before
            self.gradients = sum([sizes.part for sizes in self.sizes])

    def pieces(self) -> list[Piece]:
        """Return the pieces of the pass."""
        runs = list(self._runs())
        self._gather(ROOT, 0)
        for run in runs:
            if run.forward:
                self._forward(run)
        self.gathering = 0
        backward = [run for run in runs if not run.forward]
        begins = next((run for run in backward if run.unit != LOSS), None)
        for run in backward:
            if run is begins and self.units.root.parameters:
                self._ahead(len(self.units.blocks))  # the last block is gathered ahead
            self._backward(run)
        end = len(self.timeline.moments)
        self.gradients += self.loss
        for number in [ROOT, *[number for number in self.gathered if number != ROOT]]:
            self._reduce(number, end)
        self.gradients -= self.loss
        self.reducing = 0
        return self.found

    def extra(self) -> CardExtra:
        """Return what is there now beside a single process."""
        return CardExtra(0, sum(self.gathered.values()), self.gathering + self.reducing, self.gradients)

    def _runs(self) -> Iterator[_Run]:
        """Yield the runs; what belongs to no operation belongs to the unit before."""
        timeline, last = self.timeline, len(self.units.of_layer) - 1
        unit, start, forward = ROOT, 0, True
        for place, (phase, op) in enumerate(zip(timeline.phases, timeline.ops, strict=True)):
            layer = self.layers[op] if op != NEVER else 0
            here = unit if not layer else LOSS if layer == last else self.units.of_layer[layer]
            if (here, phase == FORWARD) != (unit, forward):
                if place > start:
                    yield _Run(forward, unit, start, place)
                unit, start, forward = here, place, phase == FORWARD
        yield _Run(forward, unit, start, len(timeline.moments))

    def _forward(self, run: _Run) -> None:
        if run.unit == LOSS:
            self.gathering = 0
        if run.unit > ROOT:
            self._gather(run.unit, run.start)
        self._moments(run.start, run.stop)
        if run.unit > ROOT:
            del self.gathered[run.unit]

    def _backward(self, run: _Run) -> None:
        if run.unit > ROOT:
            block = self.sizes[run.unit]
            self.gathering = block.buffer
            self.gathered[run.unit] = block.whole
            self._between(run.start)
            self._ahead(run.unit - 1)
        left = next((place for place in self.left if run.unit > ROOT and run.start < place <= run.stop), run.stop)
        self._moments(run.start, left)
        if run.unit > ROOT and self.units.blocks[run.unit - 1].passes_on:
            self._reduce(run.unit, left)
        self._moments(left, run.stop)

    def _ahead(self, number: int) -> None:
        """Gather the parts of a block ahead; the root is there already."""
        self.gathering = self.sizes[number].buffer if number > ROOT else 0

    def _gather(self, number: int, place: int) -> None:
        """Gather a unit in the forward pass, while the buffer of the one before is still there."""
        unit = self.sizes[number]
        self.gathering += unit.buffer
        self._between(place)
        self.gathering = unit.buffer
        self.gathered[number] = unit.whole

    def _reduce(self, number: int, place: int) -> None:
        """Reduce the gradients of a unit behind its backward pass: each card gets the sum of its part."""
        unit = self.sizes[number]
        self.gathered.pop(number, None)
        if not unit.reduced:
            return
        self.reducing = unit.reduced
        self._between(place)
        self.gradients += unit.part - unit.gradients + unit.last
        if self.copies:
            self.reducing += unit.reduced
        self._between(place)
        self.reducing = unit.reduced
        self.gradients -= unit.last
        if self.adds:
            self.gradients -= unit.part

    def _between(self, place: int) -> None:
        self.found.append(Piece(place, place, self.extra()))

    def _moments(self, start: int, stop: int) -> None:
        if start < stop:
            self.found.append(Piece(start, stop, self.extra()))
