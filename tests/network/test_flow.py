"""The layers of many designs without their names. The oracle is loading each of them from its text."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.core.errors import SpecError
from cnncalc.core.volume import Volume
from cnncalc.loading import read_source
from cnncalc.network import Network, SpecSettings
from cnncalc.network.totals import NearLimits, RefusedDesign, Totalling
from cnncalc.spec import parse
from tests.network.test_repeated_calls import TEXTS
from tests.network.test_totals import LABELS, LIMITS, PLAIN, SIZES, THREE_STAGES
from tests.oracle.random_specs import spec as random_spec

SAME_LABEL = """
input 8x8x4
param depth = 1
x: relu
y: bn
add( @x | @y | ) - z: add( @x | conv 1x1x4 )
(add( relu | @x ) - add( @y | @z ))*{depth}
v: add( @x | ) - add( @v | @x )
(w: conv 1x1x4 - add( @w | @v ))*2 - add( @w | )
output @w @y
"""


def plan_of(text: str, rounding: str | None = None) -> Totalling:
    """Return what counts designs with their layers."""
    return Totalling(parse(read_source(text), zoo.blocks), SpecSettings(rounding=rounding), layers=True)


def flow(network: Network) -> object:
    """Return the layers of a network without their names."""
    layers = [
        (node.index, node.written, node.inputs, node.sources, node.output, node.params, node.macs)
        for node in network.layers
    ]
    return network.input, layers, network.ends, network.output_names


def counted(plan: Totalling, parameters: dict[str, int], volume: Volume) -> object:
    try:
        plan.totals(parameters, volume)
    except RefusedDesign as refused:
        return refused.code
    return flow(plan.network_counted())


def loaded(text: str, parameters: dict[str, int], volume: Volume, rounding: str | None = None) -> object:
    try:
        return flow(cnncalc.load(text, params=parameters, input=volume, rounding=rounding))
    except SpecError as error:
        return error.code


@pytest.mark.parametrize("text", [THREE_STAGES, PLAIN, LABELS, SIZES, SAME_LABEL])
def test_layers_are_those_of_loading(text: str) -> None:
    """What each layer does and reads, whatever was counted before."""
    plan = plan_of(text)
    designs = list(product([1, 8], [0, 1, 3], [8, 9, 16], [1, 4]))
    Random(0).shuffle(designs)
    for width, depth, size, channels in designs:
        own = {"depth": depth} if text is SAME_LABEL else {"width": width, "depth": depth}
        volume = Volume((size, size, channels))
        assert counted(plan, own, volume) == loaded(text, own, volume)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_steps_depend_on(text: str) -> None:
    text = text if text.startswith("input") else f"input 16x16x3\n{text}"
    plan = plan_of(text)
    for channels in (3, 4, 3) if plan.regular else ():
        volume = Volume((16, 16, channels))
        wanted = loaded(text, {}, volume)
        if wanted in LIMITS:
            with pytest.raises(NearLimits):
                plan.totals({}, volume)
        else:
            assert counted(plan, {}, volume) == wanted


@pytest.mark.parametrize("name", ["resnet50", "unet", "densenet121", "googlenet", "yolov3"])
def test_networks_of_the_zoo(name: str) -> None:
    plan = plan_of(name)
    channels = cnncalc.load(name).input.channels
    for size in (224, 64, 224):
        volume = Volume((size, size, channels))
        assert counted(plan, {}, volume) == loaded(name, {}, volume)


@pytest.mark.parametrize("seed", range(60))
def test_random_specs(seed: int) -> None:
    """Every layer of the language, with branches, labels, blocks and repeats."""
    spec = random_spec(Random(seed))
    text = f"input {spec.input}\n{spec.text}\n"
    plan = plan_of(text, "floor")
    given = Volume(map(int, spec.input.split("x")))
    for more in (0, 1, 0) if plan.regular else ():
        volume = given.with_spatial([size + more for size in given.spatial])
        assert counted(plan, {}, volume) == loaded(text, {}, volume, "floor")
