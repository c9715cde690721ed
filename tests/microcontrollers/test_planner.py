"""The planner: by hand, and what must hold of any plan."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from cnncalc.microcontrollers.planner import PlannedBuffer, plan_offsets


def test_a_chain_of_three() -> None:
    """The largest lies at 0, its neighbours behind it; those that never live together share their place."""
    assert plan_offsets([PlannedBuffer(32, 0, 1), PlannedBuffer(64, 1, 2), PlannedBuffer(48, 2, 3)]) == [64, 0, 64]


def test_a_small_one_goes_into_the_lowest_gap() -> None:
    """64 lives alone at first, so that the 16 of later steps fit below the 32."""
    buffers = [PlannedBuffer(64, 0, 1), PlannedBuffer(32, 1, 3), PlannedBuffer(16, 2, 3)]
    assert plan_offsets(buffers) == [0, 64, 0]


def test_of_equal_ones_the_later_one_is_placed_first() -> None:
    assert plan_offsets([PlannedBuffer(16, 0, 2), PlannedBuffer(16, 0, 2)]) == [16, 0]


@pytest.mark.parametrize("seed", range(30))
def test_what_lives_together_does_not_overlap(seed: int) -> None:
    """And a plan is never smaller than what is alive at once, nor larger than everything side by side."""
    random = Random(seed)
    buffers = []
    for _ in range(random.randint(1, 25)):
        first = random.randint(0, 20)
        buffers.append(PlannedBuffer(16 * random.randint(1, 50), first, first + random.randint(0, 5)))
    offsets = plan_offsets(buffers)
    for (one, at), (other, there) in combinations(zip(buffers, offsets, strict=True), 2):
        together = one.first <= other.last and other.first <= one.last
        assert not together or at + one.size <= there or there + other.size <= at
    alive = [sum(each.size for each in buffers if each.first <= step <= each.last) for step in range(27)]
    taken = max(offset + each.size for each, offset in zip(buffers, offsets, strict=True))
    assert max(alive) <= taken <= sum(each.size for each in buffers)
