"""A sweep: many designs of a spec, counted in order, with those kept that satisfy all conditions."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.core.collector import paused_collector
from cnncalc.core.errors import ArgumentError
from cnncalc.design.conditions import Comparison, read_conditions, read_term
from cnncalc.design.counter import AskedAmounts, Design, DesignCounter
from cnncalc.design.pareto import Goal, ParetoFront
from cnncalc.design.quantities import UNITS_OF_QUANTITIES
from cnncalc.design.relaxing import LeastRelaxations
from cnncalc.design.space import read_space
from cnncalc.design.terms import Amount, Number, Term
from cnncalc.design.vary import read_variations
from cnncalc.network import SpecSettings
from cnncalc.network.totals import RefusedDesign
from cnncalc.spec import tree

Row = tuple[Amount | None, ...]
"""The amounts of a design, in the order of the columns."""

ALWAYS = ("params", "macs")
"""What every table of designs has."""


@dataclass(frozen=True)
class SweepRequest:
    """What is asked of a sweep, as it is written.

    Attributes:
        vary: what is varied.
        where: what must hold.
        best: what is made as large, or as small, as can be; None for nothing.
        front: what is weighed against each other; () for nothing.
        setup: how designs are trained, for their memory.
        columns: further quantities that are shown.
        keep: how many designs are kept for the table.

    """

    vary: tuple[str, ...]
    where: tuple[str, ...] = ()
    best: Goal | None = None
    front: tuple[Goal, ...] = ()
    setup: TrainingSetup = field(default_factory=TrainingSetup)
    columns: tuple[str, ...] = ()
    keep: int = 20


class Kept(NamedTuple):
    """A design that satisfies all conditions.

    Attributes:
        design: its number.
        row: its amounts.

    """

    design: int
    row: Row


class Tally:
    """What is known of the designs that have been counted; tallies of parts of a sweep add up.

    Attributes:
        counted: how many designs have been counted.
        met: how many of them satisfy all conditions.
        refused: how many do not load, by the code of their error.
        examples: the first of these, by the code.
        best: the designs that are kept, each behind its cost and its number; the worst comes first, as in a heap.
        front: those that nothing beats.
        relaxations: the least relaxations; None where they are not asked for.

    """

    def __init__(self, *, relaxing: bool = False) -> None:
        self.counted = 0
        self.met = 0
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, int] = {}
        self.best: list[tuple[Number, int, Row]] = []
        self.front: ParetoFront[Kept] = ParetoFront()
        self.relaxations = LeastRelaxations() if relaxing else None

    def keep(self, worth: Number, kept: Kept, most: int) -> None:
        """Keep a design if it is among the best; of equal ones the first stays."""
        entry = (worth, -kept.design, kept.row)
        if len(self.best) < most:
            heapq.heappush(self.best, entry)
        elif entry[:2] > self.best[0][:2]:
            heapq.heapreplace(self.best, entry)

    def add(self, other: Tally, most: int) -> None:
        """Add what is known of other designs."""
        self.counted += other.counted
        self.met += other.met
        self.refused += other.refused
        self.examples = other.examples | self.examples
        for worth, number, row in other.best:
            self.keep(worth, Kept(-number, row), most)
        self.front.add_all(other.front.entries)
        if self.relaxations and other.relaxations:
            found = [other.relaxations.nearest, *other.relaxations.alone.values()]
            for relaxation in found:
                if relaxation is not None:
                    self.relaxations.add(relaxation)

    def ranked(self) -> list[Kept]:
        """Return the designs that are kept, the best first."""
        return [Kept(-number, row) for _, number, row in sorted(self.best, key=lambda entry: entry[:2], reverse=True)]


class SweepPart(NamedTuple):
    """What a stretch of a sweep has found.

    Attributes:
        tally: what is known of its designs.
        rows: every design that satisfies all conditions, in order; () where they are not asked for.

    """

    tally: Tally
    rows: tuple[Kept, ...]


class Sweep:
    """A sweep over the designs of a spec.

    Attributes:
        request: what is asked.
        space: the designs.
        condition: what must hold.
        columns: the quantities in a row, in order.

    """

    def __init__(self, spec: tree.Spec, settings: SpecSettings, request: SweepRequest) -> None:
        self.request = request
        variations = read_variations(request.vary)
        if not variations:
            raise ArgumentError("bad-range", "nothing is varied", hints=["write --vary width=8..64:step=8"])
        self.space = read_space(spec, variations, settings.inputs.get(""))
        names = [each.name for each in spec.statements if type(each) is tree.ParameterSyntax]
        self.condition = read_conditions(request.where, UNITS_OF_QUANTITIES, names)
        self.best = self._term(request.best, names) if request.best else None
        self.front = [self._term(goal, names, "--pareto") for goal in request.front]
        terms = [*([self.best] if self.best else []), *self.front]
        asked = dict.fromkeys([*ALWAYS, *request.columns])
        for names_asked in (self.condition.names, *[term.names for term in terms]):
            asked.update(dict.fromkeys(sorted(names_asked)))
        self.columns = tuple([name for name in asked if name not in names and name != "input"])
        self.asked = AskedAmounts(DesignCounter(spec, settings, self.space, request.setup), asked, names)
        self.counter = self.asked.counter
        dear = self.asked.dear.keys()
        self.first = [each for each in self.condition.comparisons if not each.names & dear]
        self.then = [each for each in self.condition.comparisons if each.names & dear]

    def _term(self, goal: Goal, names: list[str], option: str = "") -> Term:
        option = option or ("--maximise" if goal.largest else "--minimise")
        return read_term(goal.text, UNITS_OF_QUANTITIES, names, option)

    @property
    def is_dear(self) -> bool:
        """Whether anything is asked for which layers are made."""
        return bool(self.asked.dear)

    def part(self, designs: Iterable[int], *, rows: bool = False, relaxing: bool = False) -> SweepPart:
        """Count designs.

        Args:
            designs: their numbers.
            rows: whether all that satisfy the conditions are returned.
            relaxing: whether it is noted by how much the others miss them.

        """
        tally = Tally(relaxing=relaxing)
        with paused_collector():
            found = [kept for number in designs if (kept := self._counted(number, tally)) is not None and rows]
        return SweepPart(tally, tuple(found))

    def _counted(self, number: int, tally: Tally) -> Kept | None:
        """Count a design, which may not load; return it if it satisfies all conditions."""
        tally.counted += 1
        try:
            return self._look_at(self.counter.design(number), tally)
        except RefusedDesign as refused:
            tally.refused[refused.code] += 1
            tally.examples.setdefault(refused.code, number)
            return None

    def _look_at(self, design: Design, tally: Tally) -> Kept | None:
        """Count a design; return it if it satisfies all conditions."""
        known = self.asked.of_totals(design)
        relaxing = tally.relaxations
        if relaxing is None and not _hold(self.first, known):
            return None
        if self.asked.dear:
            known |= self.asked.of_network(design)
        row = tuple([known[name] for name in self.columns])
        if not _hold(self.condition.comparisons, known):
            if relaxing is not None:
                relaxing.look_at(self.condition, design.number, known, row)
            return None
        tally.met += 1
        kept = Kept(design.number, row)
        worth = -design.number if self.best is None else _number(self.best.value(known))
        if worth is not None:
            worth = worth if self.request.best is None or self.request.best.largest else -worth
            tally.keep(worth, kept, self.request.keep)
        costs = [_number(term.value(known)) for term in self.front]
        signed = [
            -cost if goal.largest else cost
            for cost, goal in zip(costs, self.request.front, strict=True)
            if cost is not None
        ]
        if signed and len(signed) == len(costs):
            tally.front.add(tuple(signed), kept)
        return kept

    def row_of(self, number: int) -> Row:
        """Return the amounts of a design, in the order of the columns; raise `RefusedDesign`."""
        design = self.counter.design(number)
        known = self.asked.of_totals(design)
        if self.asked.dear:
            known |= self.asked.of_network(design)
        return tuple([known[name] for name in self.columns])

    def values_of(self, number: int) -> list[object]:
        """Return what a design has of what is varied, as it is written."""
        places = self.space.places(number)
        return [axis.shown[place] for axis, place in zip(self.space.axes, places, strict=True)]


def _hold(comparisons: Iterable[Comparison], known: dict[str, Amount | None]) -> bool:
    return all(each.holds(known) for each in comparisons)


def _number(amount: Amount | None) -> Number | None:
    """Return an amount as one number: of sizes the smallest, which is the one that decides."""
    return min(amount) if isinstance(amount, tuple) else amount
