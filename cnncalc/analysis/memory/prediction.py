"""The two questions: how much memory does this take, and how much fits?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cnncalc.analysis.memory.ledger import KINDS, Ledger, Moment
from cnncalc.analysis.memory.segments import ops_of, segments
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.tape import Tape, record
from cnncalc.analysis.memory.walk import FLOAT, walk
from cnncalc.analysis.validation import check_network, check_whole
from cnncalc.collector import paused_collector
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
        timeline: the bytes that are alive while each operation runs.

    """

    network: Network
    setup: TrainingSetup
    peak_bytes: int
    parts: Mapping[str, int]
    phase: str
    layer: str | None
    kept: Mapping[int, int]
    timeline: tuple[Moment, ...]

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
    """Answers several questions about one network, whose tapes are recorded once."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.tapes: dict[tuple[object, ...], Tape] = {}
        self.segments: tuple[range, ...] | None = None

    def predict(self, setup: TrainingSetup) -> MemoryPrediction:
        """Work out the peak memory; see `predict_memory`."""
        with paused_collector():
            ledger = self._walk(setup)
        moment = ledger.moments[ledger.peak_moment]
        layers = self.network.layers
        return MemoryPrediction(
            self.network,
            setup,
            ledger.peak,
            dict(zip(KINDS, ledger.peak_parts, strict=True)),
            moment.phase,
            layers[moment.layer - 1].name if 0 < moment.layer <= len(layers) else None,
            ledger.at_peak("activations"),
            tuple(ledger.moments),
        )

    def peak(self, setup: TrainingSetup) -> int:
        """Return the bytes of the peak alone."""
        with paused_collector():
            return self._walk(setup).peak

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

    def _walk(self, setup: TrainingSetup) -> Ledger:
        tape = self._tape(setup)
        if not setup.checkpointing or setup.inference:
            return walk(tape, setup)
        if self.segments is None:
            self.segments = segments(self.network, self._tape(TrainingSetup()))
        return walk(tape, setup, ops_of(tape, self.segments))

    def _tape(self, setup: TrainingSetup) -> Tape:
        key = (setup.precision, setup.inplace, setup.inference, setup.device, setup.images == 1)
        if key not in self.tapes:
            self.tapes[key] = record(self.network, setup)
        return self.tapes[key]
