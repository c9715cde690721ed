"""Totals of many designs. The oracle is loading each of them from its text."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from random import Random

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.loading import read_source
from cnncalc.network import SpecSettings
from cnncalc.network import totals as totals_module
from cnncalc.network.totals import NearLimits, RefusedDesign, Totalling
from cnncalc.spec import parse
from tests.network.test_repeated_calls import TEXTS
from tests.oracle.random_specs import spec as random_spec

Counted = tuple[object, ...] | str


def totalling(text: str, rounding: str | None = None) -> Totalling:
    """Return what counts the designs of a text."""
    return Totalling(parse(read_source(text), zoo.blocks), SpecSettings(rounding=rounding))


def counted(plan: Totalling, parameters: Mapping[str, int], volume: Volume | None) -> Counted:
    """Return what is counted of a design, or the code of its error."""
    try:
        return tuple(plan.totals(parameters, volume))
    except RefusedDesign as refused:
        return refused.code


LIMITS = ("too-long", "too-deep")
"""Codes of errors about the limits of a text, which only loading knows."""


def loaded(text: str, parameters: Mapping[str, int], volume: Volume | None, rounding: str | None = None) -> Counted:
    """Return the same of the network that is loaded."""
    try:
        network = cnncalc.load(text, params=parameters, input=volume, rounding=rounding)
    except SpecError as error:
        return error.code
    return (
        *(len(network), network.weights, network.biases, network.macs, network.activations),
        *(network.input, network.output, network.parameters),
    )


THREE_STAGES = """
input 32x32x3
param width = 16
param depth = 3
block unit(width, stride=1)
  add( conv 3x3x{width} s{stride} p1 nobias - bn - relu - conv 3x3x{width} p1 - bn | conv 1x1x{width} s{stride} ) - relu
end
rounding floor
conv 3x3x{width} p1 nobias - bn - relu
unit({width})*{depth}
unit({2*width}, stride=2) - unit({2*width})*{depth - 1}
unit({4*width}, stride=2) - unit({4*width})*{depth - 1}
gap - fc 10
"""
PLAIN = """
input 32x32x3
param width = 8
param depth = 2
[(conv 3x3x{width*2} p1 - bn - relu)*{depth} - pool]*3 - fc {8*C} - relu - fc 10
"""
LABELS = """
input 16x16x1
param width = 8
param depth = 1
a: conv 3x3x{width} p1 => 16x16x{width}
b: maxpool 2x2 s2
(conv 3x3x{width} p1 - c: relu)*{depth}
unpool @b
upsample @a
add( @a | ) - concat( x: conv 1x1x{width} | @a | @c )
add( @x | conv 1x1x{width} )
"""
SIZES = """
input 12x12x4
param width = {2*C}
param depth = width//4
block squeeze(reduced={max(C//4, 1)})
  mul( gap - conv 1x1x{reduced} - relu - conv 1x1x{C} - sigmoid | )
end
conv 3x3x{width} p1
param w = 3
squeeze - squeeze*{depth} - squeeze(w)
conv 1x1x{C + W + w}
"""


@pytest.mark.parametrize("text", [THREE_STAGES, PLAIN, LABELS, SIZES], ids=["blocks", "repeats", "labels", "sizes"])
def test_designs_are_as_loading_counts_them(text: str) -> None:
    """Totals, volumes and the codes of errors, whatever was counted before."""
    plan = totalling(text)
    assert plan.regular
    designs = list(product([1, 2, 7, 8], [-1, 0, 1, 3], [8, 9, 12, 16]))
    Random(0).shuffle(designs)
    for width, depth, size in designs:
        parameters = {"width": width, "depth": depth}
        volume = Volume((size, size, 1))
        assert counted(plan, parameters, volume) == loaded(text, parameters, volume)
        assert counted(plan, {"depth": depth}, None) == loaded(text, {"depth": depth}, None)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_steps_depend_on(text: str) -> None:
    """Texts in which a step depends on more than its own words; where it depends on too much, that is said."""
    text = text if text.startswith("input") else f"input 16x16x3\n{text}"
    plan = totalling(text)
    for channels in (3, 4, 3):
        volume = Volume((16, 16, channels))
        wanted = loaded(text, {}, volume)
        if not plan.regular or wanted in LIMITS:
            with pytest.raises(NearLimits):
                plan.totals({}, volume)
        else:
            assert counted(plan, {}, volume) == wanted


@pytest.mark.parametrize("name", ["resnet50", "unet", "densenet121", "googlenet", "fcn8s", "efficientnet_b0"])
def test_networks_of_the_zoo_on_other_inputs(name: str) -> None:
    plan = totalling(name)
    channels = cnncalc.load(name).input.channels
    for size in (224, 64, 65, 224, 20):
        volume = Volume((size, size + 32, channels))
        assert counted(plan, {}, volume) == loaded(name, {}, volume)


@pytest.mark.slow
def test_every_network_of_the_zoo() -> None:
    for name in zoo.names():
        plan = totalling(name)
        if plan.regular:
            assert counted(plan, {}, None) == loaded(name, {}, None)


@pytest.mark.parametrize("seed", range(60))
def test_random_specs_on_other_inputs(seed: int) -> None:
    """Every layer of the language, in one to three dimensions."""
    spec = random_spec(Random(seed))
    text = f"input {spec.input}\n{spec.text}\n"
    plan = totalling(text, "floor")
    assert plan.regular == ("weights=" not in text)
    given = Volume(map(int, spec.input.split("x")))
    for more in (0, 1, 2, 0):
        volume = given.with_spatial([size + more for size in given.spatial])
        if plan.regular:
            assert counted(plan, {}, volume) == loaded(text, {}, volume, "floor")


def test_what_is_known_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has a bound: what many designs left behind goes, and the next one is counted as before."""
    monkeypatch.setattr(totals_module, "MOST_KNOWN", 50)
    plan = totalling(THREE_STAGES)
    for width in (*range(1, 30), 1):
        assert counted(plan, {"width": width}, None) == loaded(THREE_STAGES, {"width": width}, None)
        assert plan.known < 150


@pytest.mark.parametrize("text", ["(conv 1x1x1)*{n}", "((@a)*1000)*{100*n}", "(relu*0)*{1000*n}"])
def test_what_comes_near_a_limit_is_left_to_loading(text: str) -> None:
    plan = Totalling(parse(Source("text", f"input 4x4x1\nparam n = 1\na: relu\n{text}")), SpecSettings())
    assert counted(plan, {"n": 2}, None)
    with pytest.raises(NearLimits):
        plan.totals({"n": 200_000}, None)


@pytest.mark.parametrize(
    "text",
    [
        "conv 3x3x4 p1 weights=a - conv 3x3x4 p1 weights=a",
        "block relu\nbn\nend\nrelu",
        "block a\nb\nend\nblock b\na\nend\na",
        "relu\ninput 8x8x4",
    ],
)
def test_what_only_loading_knows(text: str) -> None:
    """Shared weights, blocks called as layers, circles, and an input that stands too late."""
    plan = Totalling(parse(Source("text", f"input 4x4x4\n{text}")), SpecSettings())
    assert not plan.regular
    with pytest.raises(NearLimits):
        plan.totals({})
