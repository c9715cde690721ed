"""What the cards send to each other in a step.

Bytes are those that a card sends with the usual rings of n cards: (n - 1)/n of what is gathered, reduced and scattered
or sent from one card to all, and 2·(n - 1)/n of what all reduce. Each card receives as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.lasting import FLOAT
from cnncalc.analysis.memory.prediction import Step
from cnncalc.analysis.parallel.buckets import buckets
from cnncalc.analysis.parallel.replicated import gradient_sizes
from cnncalc.analysis.parallel.setup import Parallel
from cnncalc.analysis.parallel.units import Units


class Transfer(NamedTuple):
    """Calls of one kind in a step.

    Attributes:
        operation: ``all-reduce``, ``broadcast``, ``all-gather`` or ``reduce-scatter``.
        what: what is exchanged.
        calls: how often in a step.
        bytes: the bytes of all that is exchanged in these calls, padding included.
        sent: the bytes that a card sends for it.

    """

    operation: str
    what: str
    calls: int
    bytes: int
    sent: int


def exchanged(parallel: Parallel, setup: TrainingSetup, step: Step, units: Units | None) -> Iterator[Transfer]:
    """Yield what is exchanged in a step; nothing by a single card."""
    if parallel.cards == 1:
        return
    found = _replicated(parallel, step) if units is None else _sharded(parallel, setup, units)
    for operation, what, calls, size in found:
        if size:
            times = 2 if operation == "all-reduce" else 1
            sent = -(-times * (parallel.cards - 1) * size // parallel.cards)
            yield Transfer(operation, what, calls, size, sent)


def _replicated(parallel: Parallel, step: Step) -> Iterator[tuple[str, str, int, int]]:
    """Yield the operation, what, the calls and the bytes of DDP and ZeRO-1; gradients once a step, after all passes."""
    gradients = buckets(gradient_sizes(step.lasting))
    yield "all-reduce", "gradients", len(gradients), sum(gradients)
    statistics = sum([size * count for size, count in step.lasting.buffers.items()])
    yield "broadcast", "running statistics", 1, statistics
    if parallel.way == "zero1":
        yield "broadcast", "updated parameters", len(step.lasting.trained), FLOAT * sum(step.lasting.trained)


def _sharded(parallel: Parallel, setup: TrainingSetup, units: Units) -> Iterator[tuple[str, str, int, int]]:
    """Yield the same of FSDP2, which does everything in each pass; running statistics stay on their card."""
    passes, cards = setup.accumulate, parallel.cards
    root, blocks = units.root, units.blocks
    forward = [unit for unit in (root, *blocks) if unit.parameters]
    whole = FLOAT * cards * sum([shape.shard(cards) for unit in forward for shape in unit.parameters])
    again = FLOAT * cards * sum([shape.shard(cards) for unit in blocks for shape in unit.parameters])
    yield "all-gather", "parameters (forward)", passes * len(forward), passes * whole
    yield "all-gather", "parameters (backward)", passes * len(blocks), passes * again
    reduced = [unit for unit in (root, *blocks) if unit.trained]
    parts = sum([shape.shard(cards) for unit in reduced for shape in unit.trained])
    yield "reduce-scatter", "gradients", passes * len(reduced), passes * FLOAT * cards * parts
