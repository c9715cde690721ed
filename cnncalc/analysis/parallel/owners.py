"""Which card updates which parameter in ZeRO-1 (Rajbhandari et al., "ZeRO", 2020), as PyTorch shares them out."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace


def shared_out(values: Sequence[int], cards: int) -> list[list[int]]:
    """Return for each card the places of its parameters, in the order in which its optimizer has them.

    ``ZeroRedundancyOptimizer`` is greedy: the largest parameter goes to the card that has the fewest values.
    ``values`` are those of every parameter.
    """
    found: list[list[int]] = [[] for _ in range(cards)]
    held = [(0, card) for card in range(cards)]
    heapify(held)
    for place in sorted(range(len(values)), key=values.__getitem__, reverse=True):
        most, card = held[0]
        found[card].append(place)
        heapreplace(held, (most + values[place], card))
    return found
