"""What a card holds at its peak, and how many images fit."""

from __future__ import annotations

from dataclasses import dataclass

from cnncalc.analysis.memory import MemoryPrediction, Predictor, TrainingSetup
from cnncalc.analysis.memory.segments import segments
from cnncalc.analysis.memory.timeline import PHASES, STEP
from cnncalc.analysis.memory.trace import Trace
from cnncalc.analysis.parallel.course import CardStep
from cnncalc.analysis.parallel.exchange import Transfer, exchanged
from cnncalc.analysis.parallel.replicated import replicated_step
from cnncalc.analysis.parallel.setup import Parallel
from cnncalc.analysis.parallel.sharded import sharded_step
from cnncalc.analysis.parallel.units import Units, sharded_ops, units_of
from cnncalc.analysis.parallel.variants import single
from cnncalc.core.collector import paused_collector
from cnncalc.network import Network


@dataclass(frozen=True)
class CardPrediction(MemoryPrediction):
    """What a step takes on the card that takes most; ``setup`` is that of the card, with its share of the images.

    Attributes:
        parallel: how many cards there are, and how they train.
        transfers: what is exchanged in a step.

    """

    parallel: Parallel
    transfers: tuple[Transfer, ...]


class CardPredictor(Predictor):
    """Answers what a card holds; what it is asked for is the step of a card (`Parallel.of_card`)."""

    def __init__(self, network: Network, parallel: Parallel) -> None:
        super().__init__(network)
        self.parallel = parallel
        self.copies_statistics = parallel.way != "fsdp2"  # whose blocks PyTorch's own checkpointing computes again
        self.units: Units | None = None

    def predict(self, setup: TrainingSetup) -> CardPrediction:
        """Work out the peak memory of a card."""
        with paused_collector():
            step = self._card_step(setup)
            totals = list(step.totals(setup))
            peak = max(totals)
            at = totals.index(peak)
            phase, layer = step.at(step.moment(at))
            layers = self.network.layers
            name = layers[layer - 1].name if phase != PHASES[STEP] and 0 < layer <= len(layers) else None
            transfers = tuple(exchanged(self.parallel, setup, step, self.units))
        return CardPrediction(
            *(self.network, setup, peak, step.parts(setup, at), phase, name, step.alive(setup, at), step),
            *(self.parallel, transfers),
        )

    def peak(self, setup: TrainingSetup) -> int:
        """Return the bytes of the peak alone."""
        with paused_collector():
            return self._card_step(setup).peak(setup)

    def largest_batch(self, setup: TrainingSetup, budget_bytes: int) -> int | None:
        """Return the most images of a step of all cards that fit; None if not even one fits on each."""
        found = super().largest_batch(setup, budget_bytes)
        return None if found is None else found * self.parallel.cards

    def _card_step(self, setup: TrainingSetup) -> CardStep:
        if self.parallel.way != "fsdp2":
            return replicated_step(self.parallel, setup, self.step)
        if self.units is None:
            step = self.step(single(setup))
            self.units = units_of(self.network, step.walk.trace, step.lasting.reached, self._segments())
        return sharded_step(self.parallel, setup, self.step, self.units)

    def _blocks(self, trace: Trace) -> list[range]:
        """Return the operations of each block that FSDP2 gathers at once."""
        return sharded_ops(trace, self._segments()) if self.parallel.way == "fsdp2" else []

    def _segments(self) -> tuple[range, ...]:
        if self.segments is None:
            self.segments = segments(self.network)
        return self.segments
