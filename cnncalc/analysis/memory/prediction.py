"""The two questions: how much memory does this take, and how much fits?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cnncalc.analysis.memory.ledger import Ledger, Moment
from cnncalc.analysis.memory.segments import ops_of, segments
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.tape import Tape, record
from cnncalc.analysis.memory.walk import FLOAT, walk
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
        ledger: what was taken and given back.

    """

    network: Network
    setup: TrainingSetup
    peak_bytes: int
    parts: Mapping[str, int]
    phase: str
    layer: str | None
    kept: Mapping[int, int]
    ledger: Ledger = field(repr=False, compare=False)

    @property
    def timeline(self) -> tuple[Moment, ...]:
        """The bytes that are alive while each operation runs, one after the other."""
        return tuple(self.ledger.timeline(self.setup))

    def largest(self, count: int = 5) -> list[tuple[str, int]]:
        """Return the layers whose activations take most at the peak, with their bytes; the loss is none."""
        layers = self.network.layers
        order = sorted(self.kept.items(), key=lambda pair: (-pair[1], pair[0]))
        return [(layers[index - 1].name, size) for index, size in order if 0 < index <= len(layers)][:count]


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

    def __init__(self, network: Network) -> None:
        self.network = network
        self.tape: Tape | None = None
        self.tape_key: tuple[object, ...] = ()
        self.one = False
        self.last: tuple[object, Tape, Ledger] | None = None
        self.segments: tuple[range, ...] | None = None

    def predict(self, setup: TrainingSetup) -> MemoryPrediction:
        """Work out the peak memory; see `predict_memory`."""
        with paused_collector():
            ledger = self._ledger(setup)
        peak = ledger.peak(setup)
        moment, at = next((found, at) for at, found in enumerate(ledger.timeline(setup)) if found.bytes == peak)
        layers = self.network.layers
        return MemoryPrediction(
            self.network,
            setup,
            peak,
            ledger.parts(setup, at),
            moment.phase,
            layers[moment.layer - 1].name if 0 < moment.layer <= len(layers) else None,
            ledger.by_layer(setup, at, "activations"),
            ledger,
        )

    def peak(self, setup: TrainingSetup) -> int:
        """Return the bytes of the peak alone."""
        with paused_collector():
            return self._ledger(setup).peak(setup)

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
        low, high = 1, max(2, budget_bytes // (FLOAT * self.network.input.values) + 1)  # whose images alone do not fit
        fits(high)
        while high - low > 1:
            guess = low + (budget_bytes - peaks[low]) * (high - low) // (peaks[high] - peaks[low])
            for images in (guess, guess + 1, (low + high) // 2):
                if low < images < high:
                    low, high = (images, high) if fits(images) else (low, images)
        return low * passes

    def _ledger(self, setup: TrainingSetup) -> Ledger:
        """Return what is taken and given back: that of the last walk, where only the number of images differs."""
        tape = self._tape(setup)
        key = replace(setup, batch=setup.accumulate)
        if self.last is None or self.last[0] != key or self.last[1] is not tape or not self.last[2].serves(setup):
            self.last = (key, tape, walk(tape, setup, self._checkpointed(tape, setup)))
        return self.last[2]

    def _checkpointed(self, tape: Tape, setup: TrainingSetup) -> list[range]:
        """Return the ranges of operations that are computed again."""
        if not setup.checkpointing or setup.inference:
            return []
        if self.segments is None:
            usual = TrainingSetup(batch=2)
            own = tape_key(setup) == tape_key(usual)
            self.segments = segments(self.network, tape if own else record(self.network, usual))
        return ops_of(tape, self.segments)

    def _tape(self, setup: TrainingSetup) -> Tape:
        """Return the tape of a setup: the last one, where it serves; one at a time, since tapes are large."""
        key = tape_key(setup)
        if self.tape is None or self.tape_key != key or (self.tape.one_differs and self.one != (setup.images == 1)):
            self.last = self.tape = None
            self.tape, self.tape_key, self.one = record(self.network, setup), key, setup.images == 1
        return self.tape


def tape_key(setup: TrainingSetup) -> tuple[object, ...]:
    """Return what a tape depends on, beside whether there is one image."""
    return (setup.precision, setup.inplace, setup.inference, setup.device)
