"""Where a sequence repeats itself: the runs that save most, from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Run(NamedTuple):
    """Some elements that come ``times`` times one after another; a single element comes once."""

    at: int
    period: int
    times: int


def runs(
    count: int, longest: int, turns: Callable[[int, int, int], int], saves: Callable[[int, int, int], float]
) -> Iterator[Run]:
    """Return a sequence of elements as runs, none of which a run that begins inside its first turn would beat.

    Args:
        count: how many elements there are.
        longest: the most elements of one turn.
        turns: from where a run begins, its period, and how many elements another run takes there already, how often it
            comes; 1 where it does not repeat, or is known to take no more.
        saves: how much a run saves that begins at an element, with a period and a number of turns.
    """
    at = 0
    while at < count:
        best = _best(at, count, longest, turns, saves)
        for start in range(at + 1, at + best.period) if best.times > 1 else ():
            later = _best(start, count, longest, turns, saves)
            if saves(*later) > saves(*best):
                best = later
        yield from (Run(single, 1, 1) for single in range(at, best.at))
        yield best
        at = best.at + best.period * best.times


def _best(
    at: int,
    count: int,
    longest: int,
    turns: Callable[[int, int, int], int],
    saves: Callable[[int, int, int], float],
) -> Run:
    """Return the run from an element on that saves most, of those that save the same the one of the shortest period."""
    best, most = Run(at, 1, 1), 0.0
    for period in range(1, min(longest, (count - at) // 2) + 1):
        times = turns(at, period, best.period * best.times)
        if times > 1 and (saved := saves(at, period, times)) > most:
            best, most = Run(at, period, times), saved
    return best
