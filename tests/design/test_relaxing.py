"""By how little conditions are missed. The oracle loads every design and looks at all of them."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.core.source import Source
from cnncalc.design.sweep import Sweep, SweepRequest
from cnncalc.network import SpecSettings
from cnncalc.spec import parse

TEXT = "input 16x16x3\nparam width = 8\nparam depth = 2\n(conv 3x3x{width} p1 - relu)*depth - pool2 - gap - fc 10\n"
WIDTHS, DEPTHS = (2, 5, 9, 14), (1, 2, 4)


def by(have: int, sign: str, bound: int) -> float:
    """Return by how much a number misses a bound, as a share of it; 0 where it does not."""
    holds = {"<": have < bound, ">": have > bound, "<=": have <= bound, ">=": have >= bound, "==": have == bound}[sign]
    return 0.0 if holds else abs(have - bound) / bound


@pytest.mark.parametrize("seed", range(30))
def test_random_problems_that_nothing_satisfies(seed: int) -> None:
    """For each condition the design that misses it alone, and by least; and the one whose worst miss is least."""
    random = Random(seed)
    bounds = {
        "params": (random.choice(["<", "<=", ">", "=="]), random.choice([100, 700, 1500, 9000])),
        "macs": (random.choice(["<", ">", ">="]), random.choice([10_000, 300_000, 2_000_000])),
        "layers": (random.choice(["<", ">="]), random.choice([6, 8, 12])),
    }
    designs = list(product(WIDTHS, DEPTHS))
    misses = []
    for width, depth in designs:
        network = cnncalc.load(TEXT, params={"width": width, "depth": depth})
        amounts = {"params": network.params, "macs": network.macs, "layers": len(network.layers)}
        misses.append([by(amounts[name], *bound) for name, bound in bounds.items()])
    where = tuple(f"{name} {sign} {bound}" for name, (sign, bound) in bounds.items())
    vary = (f"width={','.join(map(str, WIDTHS))}", f"depth={','.join(map(str, DEPTHS))}")
    sweep = Sweep(parse(Source("text", TEXT), zoo.blocks), SpecSettings(), SweepRequest(vary, where, None, keep=1))
    found = sweep.part(range(len(designs)), relaxing=True).tally.relaxations
    assert found is not None
    unmet = [missed for missed in misses if any(missed)]
    assert found.nearest is None if not unmet else found.nearest.share == pytest.approx(min(map(max, unmet)))
    for place in range(len(bounds)):
        alone = [missed[place] for missed in unmet if not any(missed[:place] + missed[place + 1 :])]
        known = found.alone.get(place)
        assert known is None if not alone else known is not None and known.share == pytest.approx(min(alone))
