"""What would have to give where a search finds nothing: the designs that miss the conditions by least, exactly.

They are those that a sweep over all designs would name. A box of designs is passed over where its corners already miss
the conditions by more than what was found.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.design.relaxing import LeastRelaxations, Relaxation, missed_by
from cnncalc.design.search import DesignBox, DesignSearch


class _Bound(NamedTuple):
    """What every design of a box misses at least: for each condition that is certain to be missed, by what share."""

    shares: dict[int, float]
    first: int

    def may_better(self, known: Relaxation | None, share: float) -> bool:
        """Say whether a design of the box may be nearer than a known one, or come before it."""
        return known is None or (share, self.first) < (known.share, known.design)


def least_relaxations(search: DesignSearch) -> LeastRelaxations:
    """Return what would have to give, of a search that has found nothing."""
    found = LeastRelaxations()
    waiting = list(search.first_boxes())
    while waiting:
        box = waiting.pop()
        for corner in (box.low, box.high):
            known = search.amounts(corner)
            if not isinstance(known, str):
                row = tuple([known[name] for name in search.sweep.columns])
                found.look_at(search.sweep.condition, search.number(corner), known, row)
        if box.size > (1 if box.low == box.high else 2) and _may_hold(search, box, found):
            waiting.extend(box.halves())
    return found


def _may_hold(search: DesignSearch, box: DesignBox, found: LeastRelaxations) -> bool:
    """Say whether a box may hold a design that is nearer than those found."""
    bound = _bound(search, box)
    places = range(len(search.sweep.condition.comparisons))
    alone = [place for place in places if not bound.shares.keys() - {place}]
    if any(bound.may_better(found.alone.get(place), bound.shares.get(place, 0.0)) for place in alone):
        return True
    return not found.alone and bound.may_better(found.nearest, max(bound.shares.values(), default=0.0))


def _bound(search: DesignSearch, box: DesignBox) -> _Bound:
    shares = {}
    for place, comparison in enumerate(search.sweep.condition.comparisons):
        end = box.low if comparison in search.upper else box.high if comparison in search.lower else None
        known = "" if end is None else search.amounts(end)
        missed = None if isinstance(known, str) else missed_by(comparison, known)
        if missed is not None:
            shares[place] = missed.share
    return _Bound(shares, search.first_number(box))
