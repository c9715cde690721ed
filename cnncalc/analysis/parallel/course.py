"""The course of a step on one card: the moments of a single process, with what the exchange adds to each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.lifetimes import NEVER
from cnncalc.analysis.memory.prediction import Step
from cnncalc.analysis.memory.timeline import PHASES, STEP
from cnncalc.analysis.memory.walk import Walk

ADDED = ("gradient_buckets", "gathered_parameters", "communication")
"""What memory is used for only where several cards train together."""


class CardExtra(NamedTuple):
    """Bytes that a card has beside those of a single process.

    Attributes:
        buckets: buckets of gradients.
        gathered: parameters that are gathered from all cards.
        communication: buffers of a gathering or a reduction.
        gradients: gradients of parameters; less than 0 where a single process would hold more of them.

    """

    buckets: int = 0
    gathered: int = 0
    communication: int = 0
    gradients: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)

    def kinds(self) -> dict[str, int]:
        """Return the bytes by what they are used for."""
        return dict(zip((*ADDED, "parameter_gradients"), self, strict=True))


class Piece(NamedTuple):
    """Moments with the same extra: those from ``start`` to ``stop``, or where both are one, what is between two."""

    start: int
    stop: int
    extra: CardExtra


class Pass(NamedTuple):
    """A pass forward and backward: the walk of a single process and the setup that it is asked with, and its pieces."""

    walk: Walk
    setup: TrainingSetup
    pieces: Sequence[Piece]

    def totals(self) -> Iterator[int]:
        """Yield the bytes that are alive at each moment, without what lasts."""
        alive, totals = self.walk.timeline.levels(self.setup)
        for start, stop, extra in self.pieces:
            more = extra.total
            if start == stop:
                yield alive[start] + more
            else:
                yield from [total + more for total in totals[start:stop]]

    def behind(self) -> int:
        """Return the bytes that are alive behind the last moment, without any extra."""
        return self.walk.timeline.levels(self.setup)[0][-1]

    def places(self) -> Iterator[tuple[int, bool, CardExtra]]:
        """Yield for each moment its place in the walk, whether it is a moment of the walk, and its extra."""
        for start, stop, extra in self.pieces:
            if start == stop:
                yield start, False, extra
            else:
                yield from [(place, True, extra) for place in range(start, stop)]


@dataclass(frozen=True, eq=False)
class CardStep(Step):
    """A whole step on one card; it answers what the step of a single process answers.

    Attributes:
        passes: the passes that differ, in order.
        kept: the bytes that are there from step to step, by what they are used for.
        update: bytes that the optimizer's step needs for itself.
        behind: what the card has beside a single process when the optimizer's step runs.

    """

    passes: Sequence[Pass]
    kept: dict[str, int]
    update: int
    behind: CardExtra

    def totals(self, setup: TrainingSetup) -> Iterator[int]:
        """Yield the bytes that are alive at each moment; the last one is the optimizer's."""
        last = self.passes[-1].behind() + self.behind.total + self.update
        moments = chain.from_iterable([each.totals() for each in self.passes])
        return map(sum(self.kept.values()).__add__, chain(moments, [last]))

    def peak(self, setup: TrainingSetup) -> int:
        """Return the most bytes that are alive."""
        return max(self.totals(setup))

    def peak_moment(self, setup: TrainingSetup) -> int:
        """Return the first moment at which so many bytes are alive."""
        totals = list(self.totals(setup))
        return totals.index(max(totals))

    def columns(self, setup: TrainingSetup) -> tuple[Iterator[str], Iterator[int], Iterator[int]]:
        """Return the phase, the layer and the bytes of each moment."""
        whole = [self.at(moment) for moment in self._moments()]
        return iter([phase for phase, _ in whole]), iter([layer for _, layer in whole]), self.totals(setup)

    def at(self, moment: tuple[Pass, int, bool, CardExtra] | None) -> tuple[str, int]:
        """Return the phase and the layer of a moment: of what is between two moments those of the second one."""
        if moment is None:
            return PHASES[STEP], 0
        each, place, _, _ = moment
        timeline = each.walk.timeline
        place = min(place, len(timeline.moments) - 1)
        op = timeline.ops[place]
        return PHASES[timeline.phases[place]], each.walk.trace.layers[op] if op != NEVER else 0

    def moment(self, number: int) -> tuple[Pass, int, bool, CardExtra] | None:
        """Return a moment: its pass, its place, whether it is one of the walk, its extra; None for the optimizer's."""
        for at, found in enumerate(self._moments()):
            if at == number:
                return found
        return None

    def _moments(self) -> Iterable[tuple[Pass, int, bool, CardExtra] | None]:
        for each in self.passes:
            for place, within, extra in each.places():
                yield each, place, within, extra
        yield None

    def parts(self, setup: TrainingSetup, moment: int) -> dict[str, int]:
        """Return the bytes that are alive at a moment by what they are used for."""
        found = self.moment(moment)
        last = self.passes[-1]
        each, place, within, extra = found or (last, len(last.walk.timeline.moments), False, self.behind)
        parts = each.walk.timeline.parts(each.setup, place, within=within)
        for kind, size in (*self.kept.items(), *extra.kinds().items()):
            parts[kind] = parts.get(kind, 0) + size
        if found is None:
            parts["temporaries"] += self.update
        return parts

    def alive(self, setup: TrainingSetup, moment: int) -> dict[int, int]:
        """Return the bytes of activations that are alive at a moment, by the index of the layer that made them."""
        each, place, _, _ = self.moment(moment) or (self.passes[-1], len(self.passes[-1].walk.timeline.moments), 0, 0)
        return each.walk.alive(each.setup, place)
