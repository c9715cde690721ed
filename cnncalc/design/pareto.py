"""Designs that no other design beats in everything (Pareto front)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import le
from typing import Generic, NamedTuple, TypeVar

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.words import shorten
from cnncalc.design.terms import Number

T = TypeVar("T")


class Goal(NamedTuple):
    """What is made as small or as large as can be.

    Attributes:
        text: an expression, such as ``macs``.
        largest: whether more of it is better.

    """

    text: str
    largest: bool

    def __str__(self) -> str:
        return f"{'most' if self.largest else 'least'} {self.text}"


def read_goals(text: str) -> tuple[Goal, ...]:
    """Read ``macs,params``: the least of the first, the most of the others; a sign says otherwise: ``-macs,-memory``.

    Raises:
        SpecError: for fewer than two, and for one that is named twice.
    """
    found = []
    for place, part in enumerate(filter(None, map(str.strip, text.split(",")))):
        sign = part[0] if part[0] in "+-" else ""
        found.append(Goal(part.removeprefix(sign).strip(), sign == "+" if sign else place > 0))
    if len(found) < 2:
        hints = ["write for example --pareto macs,params: the least MACs, the most parameters"]
        message = "a front weighs two quantities or more against each other"
        raise SpecError("bad-condition", message, hints=hints, source=Source("--pareto", text), span=None)
    names = [goal.text.lower() for goal in found]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        hints = ["name each quantity once: --pareto macs,params"]
        message = f"`{shorten(twice)}` is weighed against itself"
        raise SpecError("bad-condition", message, hints=hints, source=Source("--pareto", text), span=None)
    return tuple(found)


class ParetoFront(Generic[T]):
    """The designs that are not beaten so far: by one that is as good in everything and better in something.

    Of designs that are equally good in everything, the first one stays.

    Attributes:
        entries: what they cost, less being better in every place, with the designs; the cheapest in the first place
            comes first.

    """

    def __init__(self) -> None:
        self.entries: list[tuple[tuple[Number, ...], T]] = []
        self.costs: list[tuple[Number, ...]] = []

    def add(self, costs: tuple[Number, ...], design: T) -> None:
        """Add a design, unless it is beaten; those that it beats go."""
        place = bisect_left(self.costs, costs)
        if len(costs) == 2:
            # costs rise in the first place and fall in the second, so that its neighbours decide
            if place and self.costs[place - 1][1] <= costs[1]:
                return
            if place < len(self.costs) and self.costs[place] == costs:
                return
            end = place
            while end < len(self.costs) and self.costs[end][1] >= costs[1]:
                end += 1
            self.costs[place:end] = [costs]
            self.entries[place:end] = [(costs, design)]
            return
        if any(_as_good(other, costs) for other in self.costs):
            return
        kept = [entry for entry in self.entries if not _as_good(costs, entry[0])]
        self.entries = sorted([*kept, (costs, design)], key=lambda entry: entry[0])
        self.costs = [entry[0] for entry in self.entries]

    def add_all(self, entries: Iterable[tuple[tuple[Number, ...], T]]) -> None:
        """Add the designs of another front."""
        for costs, design in entries:
            self.add(costs, design)


def _as_good(one: Sequence[Number], other: Sequence[Number]) -> bool:
    return all(map(le, one, other))
