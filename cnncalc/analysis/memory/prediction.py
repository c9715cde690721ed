"""The two questions: how much memory does this take, and how much fits?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from cnncalc.analysis.memory.lasting import FLOAT, Lasting
from cnncalc.analysis.memory.lifetimes import NEVER
from cnncalc.analysis.memory.recording import record
from cnncalc.analysis.memory.segments import ops_of, segments
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.timeline import PHASES, STEP, Moment
from cnncalc.analysis.memory.trace import Trace
from cnncalc.analysis.memory.walk import Walk
from cnncalc.analysis.overwriting import overwritable
from cnncalc.analysis.validation import check_network, check_whole
from cnncalc.core.collector import paused_collector
from cnncalc.network import Network


@dataclass(frozen=True)
class MemoryPrediction:
    """What a training step or an inference takes.

    Attributes:
        network, setup: what it was worked out for.
        peak_bytes: the most bytes that are alive at a time.
        parts: the same by what they are used for, in the order of `KINDS`; they add up to ``peak_bytes``.
        phase: when that is: ``forward``, ``recomputation``, ``backward`` or ``step``.
        layer: the layer that runs then; None in the loss and in the optimizer's step.
        kept: the bytes of activations that are alive at the peak, by the index of the layer that made them.
        step: the step.

    """

    network: Network
    setup: TrainingSetup
    peak_bytes: int
    parts: Mapping[str, int]
    phase: str
    layer: str | None
    kept: Mapping[int, int]
    step: Step = field(repr=False, compare=False)

    @property
    def timeline(self) -> tuple[Moment, ...]:
        """The bytes that are alive while each operation runs, one after the other."""
        return tuple(self.step.moments(self.setup))

    def largest(self, count: int = 5) -> list[tuple[str, int]]:
        """Return the layers whose activations take most at the peak, with their bytes; the loss is none."""
        layers = self.network.layers
        order = sorted(sorted(self.kept), key=self.kept.__getitem__, reverse=True)
        found = islice((index for index in order if 0 < index <= len(layers)), count)
        return [(layers[index - 1].name, self.kept[index]) for index in found]


@dataclass(frozen=True, eq=False)
class Step:
    """A whole step: a pass forward and backward, with what lasts and what the optimizer does behind it."""

    walk: Walk
    lasting: Lasting

    def totals(self, setup: TrainingSetup) -> Iterator[int]:
        """Yield the bytes that are alive at each moment; in training the last one is the optimizer's."""
        *totals, behind = self.walk.timeline.totals(setup)
        steps = [] if setup.inference else [behind + self.lasting.step_bytes(setup)]
        return map(sum(self.lasting.kinds(setup).values()).__add__, chain(totals, steps))

    def peak(self, setup: TrainingSetup) -> int:
        """Return the most bytes that are alive."""
        most, behind = self.walk.timeline.peak(setup)
        if not setup.inference:
            most = max(most, behind + self.lasting.step_bytes(setup))
        return sum(self.lasting.kinds(setup).values()) + most

    def peak_moment(self, setup: TrainingSetup) -> int:
        """Return the first moment at which so many bytes are alive; that of the optimizer is the last."""
        totals = self.walk.timeline.totals(setup)
        most, behind = self.walk.timeline.peak(setup)
        if not setup.inference and behind + self.lasting.step_bytes(setup) > most:
            return len(totals) - 1
        return totals.index(most)

    def moments(self, setup: TrainingSetup) -> Iterator[Moment]:
        """Yield the moments."""
        return map(Moment, *self.columns(setup))

    def columns(self, setup: TrainingSetup) -> tuple[Iterator[str], Iterator[int], Iterator[int]]:
        """Return the phase, the layer and the bytes of each moment."""
        timeline = self.walk.timeline
        phases = map(PHASES.__getitem__, chain(timeline.phases, [STEP]))
        layers = [*self.walk.trace.layers, 0]  # what has no operation has no layer
        return phases, map(layers.__getitem__, chain(timeline.ops, [NEVER])), self.totals(setup)

    def parts(self, setup: TrainingSetup, moment: int) -> dict[str, int]:
        """Return the bytes that are alive at a moment by what they are used for."""
        found = self.walk.timeline.parts(setup, moment)
        for kind, size in self.lasting.kinds(setup).items():
            found[kind] += size
        if moment == len(self.walk.timeline.moments):
            found["temporaries"] += self.lasting.step_bytes(setup)
        return found


def predict_memory(network: Network, setup: TrainingSetup) -> MemoryPrediction:
    """Work out the peak memory of a training step or an inference, in time linear in the number of layers."""
    check_network(network)
    return Predictor(network).predict(setup)


def largest_batch(network: Network, setup: TrainingSetup, budget_bytes: int) -> int | None:
    """Return the most images whose step fits into a budget; None if not even one does.

    ``setup.batch`` does not matter. With ``setup.accumulate`` it is the images of one step, all passes together.

    Raises:
        ArgumentError: for a budget that is no whole number of bytes.

    """
    check_network(network)
    budget_bytes = check_whole("budget_bytes", budget_bytes, 0)
    return Predictor(network).largest_batch(setup, budget_bytes)


class Predictor:
    """Answers several questions about one network; those that differ in the number of images share a walk."""

    copies_statistics = True
    """Whether what is computed again changes copies of running statistics, as `cnncalc.model.checkpointing` has it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.trace: Trace | None = None
        self.trace_key: tuple[object, ...] = ()
        self.one = False
        self.last: tuple[object, Step] | None = None
        self.segments: tuple[range, ...] | None = None
        self.overwriting = overwritable(network)

    def predict(self, setup: TrainingSetup) -> MemoryPrediction:
        """Work out the peak memory; see `predict_memory`."""
        with paused_collector():
            step = self.step(setup)
            at, peak = step.peak_moment(setup), step.peak(setup)
            phase = PHASES[step.walk.timeline.phases[at]] if at < len(step.walk.timeline.phases) else PHASES[STEP]
            layer = step.walk.layer(at) if phase != PHASES[STEP] else 0
            layers = self.network.layers
            name = layers[layer - 1].name if 0 < layer <= len(layers) else None
            kept = step.walk.alive(setup, at)
        return MemoryPrediction(self.network, setup, peak, step.parts(setup, at), phase, name, kept, step)

    def peak(self, setup: TrainingSetup) -> int:
        """Return the bytes of the peak alone."""
        with paused_collector():
            return self.step(setup).peak(setup)

    def largest_batch(self, setup: TrainingSetup, budget_bytes: int) -> int | None:
        """Return the most images whose step fits into a budget; see the function of this name.

        The peak grows with the batch, and faster and faster, since it is the largest of several sums. So a line
        between a batch that fits and one that does not leads to one that fits, mostly to the largest.
        """
        passes = 1 if setup.inference else setup.accumulate
        peaks: dict[int, int] = {}

        def fits(images: int) -> bool:
            peaks[images] = self.peak(replace(setup, batch=images * passes))
            return peaks[images] <= budget_bytes

        if not fits(1):
            return None
        low, high = 1, max(2, budget_bytes // (FLOAT * self.network.input_values) + 1)  # whose images alone do not fit
        fits(high)
        while high - low > 1:
            guess = low + (budget_bytes - peaks[low]) * (high - low) // (peaks[high] - peaks[low])
            for images in (guess, guess + 1, (low + high) // 2):
                if low < images < high:
                    low, high = (images, high) if fits(images) else (low, images)
        return low * passes

    def step(self, setup: TrainingSetup) -> Step:
        """Return the step of a setup; that of the last walk, where only the images or the optimizer are others."""
        trace = self._trace(setup)
        key = (setup.accumulate > 1, setup.checkpointing)
        if self.last is None or self.last[0] != key or not self.last[1].walk.serves(setup):
            again, blocks = self._checkpointed(trace, setup), self._blocks(trace)
            walk = Walk(trace, setup, again, blocks=blocks, copies=self.copies_statistics)
            known = self.last[1].lasting if self.last is not None else None
            self.last = (key, Step(walk, known or Lasting(trace, walk.lifetimes.reached)))
        return self.last[1]

    def _blocks(self, trace: Trace) -> list[range]:
        """Return the operations of the blocks that hand on gradients when all of them are done; there are none."""
        return []

    def _checkpointed(self, trace: Trace, setup: TrainingSetup) -> list[range]:
        """Return the ranges of operations that are computed again."""
        if not setup.checkpointing or setup.inference:
            return []
        if self.segments is None:
            usual = TrainingSetup(batch=2)
            own = trace_key(setup) == trace_key(usual)
            usual_trace = trace if own else record(self.network, usual, overwriting=self.overwriting)
            self.segments = segments(self.network, usual_trace, self.overwriting)
        return ops_of(trace, self.segments)

    def _trace(self, setup: TrainingSetup) -> Trace:
        """Return the trace of a setup: the last one, where it serves; one at a time, since traces are large."""
        key = trace_key(setup)
        if self.trace is None or self.trace_key != key or (self.trace.one_differs and self.one != (setup.images == 1)):
            self.last = self.trace = None
            self.trace = record(self.network, setup, overwriting=self.overwriting)
            self.trace_key, self.one = key, setup.images == 1
        return self.trace


def trace_key(setup: TrainingSetup) -> tuple[object, ...]:
    """Return what a trace depends on, beside whether there is one image."""
    return (setup.precision, setup.inplace, setup.inference, setup.device)
