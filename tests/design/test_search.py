"""The best design. The oracle is counting every design."""

from __future__ import annotations

from random import Random

import pytest

from cnncalc import zoo
from cnncalc.core.source import Source
from cnncalc.design.pareto import Goal
from cnncalc.design.rising import rises_with
from cnncalc.design.search import DesignSearch, Found
from cnncalc.design.sweep import Sweep, SweepRequest
from cnncalc.network import SpecSettings
from cnncalc.spec import parse, tree

STAGES = """
input 16x16x3
param width = 8
param depth = 2
param head = 4
block unit(width, stride=1)
  conv 3x3x{width} s{stride} p1 - bn - relu
end
rounding floor
unit({width})*{depth}
unit({2*width}, stride=2) - unit({2*width})*{depth - OFF}
add( conv 1x1x{width} | conv 3x3x{width} p1 ) - BODY
gap - fc {head*width} - relu - fc 10
"""
BODIES = (
    "relu",
    "conv 3x3x{head} p1",
    "(pool 2x2 s2)*{min(depth, 2)}",
    "conv 1x1x{max(1, 40 - width)}",
    "conv 1x1x{C//2 + 1} - concat( | conv 1x1x{head} )",
    "conv 3x3x{2*width} p1 g{width}",
    "(conv 3x3x{width + head})*{depth}",
    "conv3-16 - maxpool2 - conv3-{width}",
    "dwconv 3x3 p1 - mul( gap - conv 1x1x{C//4 + 1} - relu - conv 1x1x{C} | )",
)
RANGES = {
    "width": ("1..24", "4..40:step=3", "0..12", "16,8,4,32", "1..64:log"),
    "depth": ("1..6", "0..4", "2..9:step=2", "3,1,2"),
    "head": ("1..9", "2..30:step=7", "5,50"),
    "input": ("8,16,24", "7..20", "16"),
}
GOALS = ("params", "macs", "activations", "params + macs", "macs/params", "width*depth", "macs - params")


def spec_of(random: Random) -> tree.Spec:
    text = STAGES.replace("BODY", random.choice(BODIES)).replace("OFF", random.choice("01"))
    return parse(Source("text", text), zoo.blocks)


def problem(seed: int) -> Sweep:
    """Return a random problem: a spec, what is varied, what must hold, and what is best."""
    random = Random(seed)
    names = random.sample(list(RANGES), random.randint(1, 4))
    vary = tuple(f"{name}={random.choice(RANGES[name])}" for name in names)
    signs = [f"params {random.choice(['<', '<=', '>'])} {random.choice([500, 3000, 20000, 10**5])}"]
    signs += [f"macs {random.choice(['<', '>='])} {random.choice([10**4, 10**5, 10**6, 10**7])}"]
    signs += ["field >= 20", "activations < 9K", "depth*width < 40", "layers >= 12", "params/2 < macs"]
    where = tuple(random.sample(signs, random.randint(0, 3)))
    goal = Goal(random.choice(GOALS), random.random() < 0.7)
    return Sweep(spec_of(random), SpecSettings(), SweepRequest(vary, where, goal, keep=1))


def worth(sweep: Sweep, design: int) -> object:
    assert sweep.best is not None
    return sweep.best.value(sweep.asked.of_totals(sweep.counter.design(design)))


def compare(seed: int) -> Found:
    """Compare the best design with the best of all, and what was excluded with what was not counted."""
    sweep = problem(seed)
    every = sweep.part(range(sweep.space.size)).tally.ranked()
    found = DesignSearch(sweep).found()
    assert (found.best is None) == (not every)
    if found.best is not None:
        assert worth(sweep, found.best.design) == worth(sweep, every[0].design)
    assert found.counted + found.excluded.total() == sweep.space.size
    return found


@pytest.mark.parametrize("seed", range(40))
def test_the_design_found_is_the_best_of_all(seed: int) -> None:
    compare(seed)


@pytest.mark.slow
def test_the_design_found_is_the_best_of_all_in_500_random_problems() -> None:
    """Most of them have something that is shown to rise, and designs that were excluded."""
    found = [compare(seed) for seed in range(500)]
    assert sum(bool(each.rising) for each in found) > 150
    assert sum(bool(each.excluded) for each in found) > 100


@pytest.mark.parametrize(
    ("body", "name", "rises"),
    [
        ("relu", "width", True),
        ("relu", "depth", True),
        ("relu", "input", True),
        ("conv 1x1x{max(1, 40 - width)}", "width", False),
        ("conv 3x3x{2*width} p1 g{width}", "width", False),
        ("conv {width}x3x8 p1", "width", False),
        ("conv 3x3x8 s{width}", "width", False),
        ("conv 1x1x{40 % width}", "width", False),
        ("conv 1x1x{40 // width}", "width", False),
        ("conv 1x1x{(width - 4)*head}", "head", False),
        ("conv 1x1x{width*head + 3}", "head", True),
        ("pool {H}x{W}", "input", False),
        ("conv3-64 - pool2", "width", True),
        ("conv3-64 - pool2", "input", True),
        ("conv3-64 s{head}", "head", False),
        ("upsample x{head}", "head", False),
    ],
)
def test_what_is_shown_to_rise(body: str, name: str, rises: bool) -> None:
    """By the text alone; whether repeats keep their sides is looked at beside it."""
    text = STAGES.replace("BODY", body).replace("OFF", "1")
    assert rises_with(parse(Source("text", text)), name) is rises


@pytest.mark.slow
def test_a_large_space_takes_few_designs() -> None:
    """Of a million designs some thousands are counted, and every one of the others has a reason."""
    text = STAGES.replace("BODY", "relu").replace("OFF", "1")
    varied = ("width=1..1000", "depth=2..101", "head=1..10")
    request = SweepRequest(varied, ("params < 1M", "macs < 50M"), Goal("params", True), keep=1)
    sweep = Sweep(parse(Source("text", text)), SpecSettings(), request)
    found = DesignSearch(sweep).found()
    assert sweep.space.size == 1_000_000
    assert found.counted < 30_000
    assert found.counted + found.excluded.total() == sweep.space.size
    assert found.best is not None
