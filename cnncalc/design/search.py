"""The one best design, found exactly: boxes of designs are excluded by what their corners cost.

Where parameters, MACs, activations and layers can only rise with what is varied (`cnncalc.design.rising`), the smallest
design of a box costs no more than any other in it, and the largest no less. So a box is excluded whose smallest design
exceeds a limit, and one whose largest is no better than what was found. Other boxes are halved. What is not shown to
rise is tried value by value.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import prod
from operator import le
from typing import Any, NamedTuple, cast

from cnncalc.core.volume import Volume
from cnncalc.design.conditions import Comparison
from cnncalc.design.rising import repeated_with, rises_with
from cnncalc.design.space import BLOCK, INPUT, PARAMETER, VariedName, with_blocks
from cnncalc.design.sweep import Kept, Row, Sweep
from cnncalc.design.terms import Amount, Number
from cnncalc.network import input_volume
from cnncalc.network.totals import NearLimits, RefusedDesign, Totalling
from cnncalc.spec import tree

RISING = frozenset(("params", "weights", "biases", "macs", "flops", "size", "activations", "layers"))
"""What can be shown to rise."""

Corner = tuple[int, ...]
"""A place along each varied name, in the order in which costs rise."""

_FEW = 3
"""So few values are tried one by one."""


class DesignBox(NamedTuple):
    """Designs whose places along each varied name lie between two places, both included."""

    low: Corner
    high: Corner

    @property
    def size(self) -> int:
        """How many designs there are in it."""
        return prod(high - low + 1 for low, high in zip(self.low, self.high, strict=True))

    def halves(self) -> tuple[DesignBox, DesignBox]:
        """Return its halves along its longest side."""
        lengths = [high - low for low, high in zip(self.low, self.high, strict=True)]
        axis = lengths.index(max(lengths))
        middle = (self.low[axis] + self.high[axis]) // 2
        below, above = list(self.high), list(self.low)
        below[axis], above[axis] = middle, middle + 1
        return DesignBox(self.low, tuple(below)), DesignBox(tuple(above), self.high)


class Found(NamedTuple):
    """What a search has come to.

    Attributes:
        best: the best design; None where nothing satisfies the conditions.
        counted: how many designs were counted.
        excluded: how many were excluded without being counted, by the reason.
        rising: the varied names with which it is shown that costs can only rise.
        refused: designs that do not load, by the code of their error.
        examples: the first of these, by the code.

    """

    best: Kept | None
    counted: int
    excluded: Counter[str]
    rising: tuple[str, ...]
    refused: Counter[str]
    examples: Mapping[str, int]


class DesignSearch:
    """Searches the designs of a sweep that says what is best."""

    def __init__(self, sweep: Sweep) -> None:
        assert sweep.best is not None and sweep.request.best is not None  # what is sought
        self.sweep = sweep
        self.term, self.goal = sweep.best, sweep.request.best
        self.space = sweep.space
        self.rising = [place for place, axis in enumerate(self.space.axes) if self._rises(axis)]
        self.known: dict[Corner, dict[str, Amount | None] | str] = {}
        self.best: Kept | None = None
        self.worth: Number | None = None
        self.excluded: Counter[str] = Counter()
        self.order = [self._order(place, axis) for place, axis in enumerate(self.space.axes)]
        rising_term = self.term.rises and self.term.names <= self._bounded
        self.bounded_best = rising_term and bool(self.rising)
        self.upper = [each for each in sweep.condition.comparisons if self._limits(each, ("<", "<="))]
        self.lower = [each for each in sweep.condition.comparisons if self._limits(each, (">", ">="))]

    @property
    def _bounded(self) -> frozenset[str]:
        """What can only rise along the names that are shown to."""
        names = {self.space.axes[place].name for place in self.rising}
        others = {axis.name for axis in self.space.axes} - names  # the same in a whole box
        return RISING | names | others

    def _limits(self, each: Comparison, signs: tuple[str, ...]) -> bool:
        return each.sign in signs and each.left.rises and each.left.names <= self._bounded and not each.right.names

    def found(self) -> Found:
        """Search all designs."""
        waiting: list[tuple[Number, int, DesignBox]] = []
        number = 0
        for box in self.first_boxes():
            heapq.heappush(waiting, (self._priority(box), number := number + 1, box))
        while waiting:
            _, _, box = heapq.heappop(waiting)
            for part in self._looked_at(box):
                heapq.heappush(waiting, (self._priority(part), number := number + 1, part))
        failed = [(known, corner) for corner, known in self.known.items() if isinstance(known, str)]
        refused = Counter([code for code, _ in failed])
        examples = {code: self.number(corner) for code, corner in reversed(failed)}
        names = tuple([self.space.axes[place].name for place in self.rising])
        return Found(self.best, len(self.known), self.excluded, names, refused, examples)

    def first_boxes(self) -> Iterator[DesignBox]:
        """Yield the boxes in which nothing but what is shown to rise varies."""
        lengths = [len(axis.values) for axis in self.space.axes]
        fixed = [range(1) if place in self.rising else range(count) for place, count in enumerate(lengths)]
        for corner in product(*fixed):
            ends = enumerate(zip(lengths, corner, strict=True))
            yield DesignBox(corner, tuple([count - 1 if place in self.rising else at for place, (count, at) in ends]))

    def _priority(self, box: DesignBox) -> Number:
        """Return what is looked at first: boxes that may hold the best."""
        corner = self.amounts(box.high if self.goal.largest else box.low)
        worth = None if isinstance(corner, str) else self._worth(corner)
        return 0 if worth is None else -worth

    def _looked_at(self, box: DesignBox) -> tuple[DesignBox, ...]:
        """Look at the corners of a box: return its halves, or nothing where it is done."""
        low, high = self.amounts(box.low), self.amounts(box.high)
        for corner, design in ((box.low, low), (box.high, high)):
            if not isinstance(design, str):
                self._consider(corner, design)
        if box.size <= (1 if box.low == box.high else 2):
            return ()
        reason = self._reason(low, high)
        if reason:
            self.excluded[reason] += box.size - 2
            return ()
        return box.halves()

    def _reason(self, low: dict[str, Amount | None] | str, high: dict[str, Amount | None] | str) -> str:
        """Return why no other design of a box can be the best; "" where one may be."""
        if not isinstance(low, str):
            for each in self.upper:
                if not each.holds(low):
                    return f"the smallest of them exceeds {each.text}"
        if not isinstance(high, str):
            for each in self.lower:
                if not each.holds(high):
                    return f"the largest of them falls short of {each.text}"
        if self.bounded_best and self.worth is not None:
            bound = high if self.goal.largest else low
            worth = None if isinstance(bound, str) else self._worth(bound)
            if worth is not None and worth <= self.worth:
                return f"none of them has {'more' if self.goal.largest else 'less'} {self.goal.text} than the best"
        return ""

    def _consider(self, corner: Corner, known: dict[str, Amount | None]) -> None:
        """Keep a design if it satisfies all conditions and is better than the best so far."""
        worth = self._worth(known)
        if worth is None or (self.worth is not None and worth <= self.worth):
            return
        if all(each.holds(known) for each in self.sweep.condition.comparisons):
            row: Row = tuple([known[name] for name in self.sweep.columns])
            self.best, self.worth = Kept(self.number(corner), row), worth

    def _worth(self, known: dict[str, Amount | None]) -> Number | None:
        amount = self.term.value(known)
        value = min(amount) if isinstance(amount, tuple) else amount
        return value if value is None or self.goal.largest else -value

    def amounts(self, corner: Corner) -> dict[str, Amount | None] | str:
        """Return what is known of a design, or the code of its error."""
        known = self.known.get(corner)
        if known is None:
            asked = self.sweep.asked
            design = self.sweep.counter.design(self.number(corner))
            try:
                known = asked.of_totals(design)
                if asked.dear:
                    known |= asked.of_network(design)
            except RefusedDesign as refused:
                known = refused.code
            self.known[corner] = known
        return known

    def number(self, corner: Corner) -> int:
        """Return the number of a design in the space."""
        return self._joined([order[place] for order, place in zip(self.order, corner, strict=True)])

    def _joined(self, places: Sequence[int]) -> int:
        number = 0
        for axis, place in zip(self.space.axes, places, strict=True):
            number = number * len(axis.values) + place
        return number

    def first_number(self, box: DesignBox) -> int:
        """Return the least number of the designs in a box."""
        ranges = zip(self.order, box.low, box.high, strict=True)
        return self._joined([min(order[low : high + 1]) for order, low, high in ranges])

    # ---- what rises

    def _order(self, place: int, axis: VariedName) -> Sequence[int]:
        """Return the places of a name's values, along which they rise."""
        places = range(len(axis.values))
        if place not in self.rising or isinstance(axis.values, range):
            return places
        return sorted(places, key=cast("Sequence[Any]", axis.values).__getitem__)

    def _rises(self, axis: VariedName) -> bool:
        """Say whether it is shown that costs can only rise with a name."""
        counter = self.sweep.counter
        if axis.kind == BLOCK or len(axis.values) < _FEW or not _is_ordered(axis):
            return False
        chosen = [each for each in self.space.axes if each.kind == BLOCK]
        for blocks in product(*[each.values for each in chosen]):
            names = dict(zip([each.name for each in chosen], map(str, blocks), strict=True))
            spec = with_blocks(counter.spec, names) if names else counter.spec
            if not rises_with(spec, axis.name) or not self._repeats_keep_sides(spec, axis):
                return False
        return True

    def _repeats_keep_sides(self, spec: tree.Spec, axis: VariedName) -> bool:
        """Say whether what is repeated as often as a name says keeps the sides of its volume, and is there at all.

        The sides do not depend on filters and such repeats. So it is enough to look at the smallest design for each
        input.
        """
        settings = self.sweep.counter.settings
        steps = {id(step) for step in repeated_with(spec, axis.name)}
        least = {
            each.name: min(cast("Sequence[int]", each.values)) for each in self.space.axes if each.kind == PARAMETER
        }
        given = settings.inputs.get("")
        usual = input_volume(given) if given else None
        inputs = next((each.values for each in self.space.axes if each.kind == INPUT), (usual,))
        shown = False
        for volume in cast("Sequence[Volume | None]", inputs):
            totalling = Totalling(spec, settings)
            try:
                totalling.totals(least, volume)
            except NearLimits:
                return False
            except RefusedDesign as refused:
                if refused.code in ("does-not-fit", "too-large"):
                    continue  # sides are the matter, so that no design with this input loads
                return False
            turns = [turn for turn in totalling.turns if id(turn[0]) in steps]
            if {id(step) for step, _, _ in turns} != steps:
                return False  # repeated no time at all
            if any(before.spatial != after.spatial for _, before, after in turns):
                return False
            if any(value < 0 for value in totalling.parameters.values()):
                return False
            shown = True
        return shown


def _is_ordered(axis: VariedName) -> bool:
    """Say whether of two values one is the larger, in every dimension, and none is negative."""
    if axis.kind == PARAMETER:
        return min(cast("Sequence[int]", axis.values)) >= 0
    volumes = sorted(cast("Sequence[Volume]", axis.values))
    return all(all(map(le, one, other)) for one, other in pairwise(volumes))
