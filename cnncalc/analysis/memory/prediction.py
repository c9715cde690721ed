"""The two questions: how much memory does this take, and how much fits?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cnncalc.analysis.memory.ledger import KINDS, Moment
from cnncalc.analysis.memory.segments import ops_of, segments
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.tape import Tape, record
from cnncalc.analysis.memory.walk import FLOAT, walk
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


def predict_memory(network: Network, setup: TrainingSetup) -> MemoryPrediction:
    """Work out the peak memory of a training step or an inference, in time linear in the number of layers."""
    with paused_collector():
        ledger = walk(*_recorded(network, setup))
    moment = ledger.moments[ledger.peak_moment]
    return MemoryPrediction(
        network,
        setup,
        ledger.peak,
        dict(zip(KINDS, ledger.peak_parts, strict=True)),
        moment.phase,
        network.layers[moment.layer - 1].name if 0 < moment.layer <= len(network.layers) else None,
        ledger.at_peak("activations"),
        tuple(ledger.moments),
    )


def largest_batch(network: Network, setup: TrainingSetup, budget_bytes: int) -> int | None:
    """Return the most images whose step fits into a budget; None if not even one does.

    ``setup.batch`` does not matter. With ``setup.accumulate`` it is the images of one step, all passes together.
    """
    passes = 1 if setup.inference else setup.accumulate
    tape, single, ranges = _recorded(network, replace(setup, batch=passes))
    image = FLOAT * network.input.values
    fits, most = 0, budget_bytes // image  # no batch fits whose images alone do not
    with paused_collector():
        while fits < most:  # the peak grows with the batch
            images = (fits + most + 1) // 2
            if walk(tape, replace(single, batch=images * passes), ranges).peak <= budget_bytes:
                fits = images
            else:
                most = images - 1
    return fits * passes or None


def _recorded(network: Network, setup: TrainingSetup) -> tuple[Tape, TrainingSetup, list[range]]:
    tape = record(network, setup)
    return tape, setup, ops_of(tape, segments(network)) if setup.checkpointing and not setup.inference else []
