"""Which inputs a network takes. Oracles: expanding the spec for every size, and the formulas of its flat layers."""

from __future__ import annotations

from random import Random

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.design.input_rule import InputRule, rule_of
from cnncalc.design.inputs import InputTrials, Taken, without_claims
from cnncalc.layers import window
from cnncalc.loading import read_source
from cnncalc.network import SpecSettings, expand
from cnncalc.spec import parse
from tests.oracle.random_specs import spec as random_spec
from tests.oracle.walked_sizes import taken_along


def trials(text: str) -> InputTrials:
    return InputTrials(parse(read_source(text), zoo.blocks), SpecSettings())


def takes(text: str, volume: Volume) -> bool:
    """Say whether the spec, without its claims, can be expanded with an input."""
    spec = without_claims(parse(read_source(text), zoo.blocks))
    try:
        expand(spec, SpecSettings({"": Source("input", str(volume))}))
    except SpecError:
        return False
    return True


def check(text: str, sizes: list[int]) -> Taken:
    """Compare what is said of some sizes with trying them."""
    taken = trials(text).taken()
    usual = taken.usual
    for size in sizes:
        if taken.equal is not None:
            assert taken.equal.takes(size) == takes(text, usual.with_spatial((size,) * usual.dimensions)), size
        for axis, rule in enumerate(taken.sides):
            spatial = list(usual.spatial)
            spatial[axis] = size
            if taken.takes_usual:
                assert rule.takes(size) == takes(text, usual.with_spatial(spatial)), (axis, size)
    return taken


def check_walked(name: str, taken: Taken) -> None:
    """Compare what is said of all sizes with walking the layers of the usual input."""
    network = cnncalc.load(name)
    along = [taken_along(network, axis, 600) for axis in range(network.input.dimensions)]
    for rule, sizes in zip(taken.sides, along, strict=True):
        assert set(rule.taken) & set(range(1, 601)) == sizes
    if taken.equal is not None:
        assert set(taken.equal.taken) & set(range(1, 601)) == set.intersection(*along)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("input 16x16x3\nconv 3x3x4 s2", "2k + 1, from 3"),
        ("input 64x64x3\n(conv 3x3x4 p1 - pool2)*5", "multiples of 32"),
        ("input 28x28x1\nconv 5x5x4 - pool2 - conv 5x5x4 - pool2 - pool2 - fc 10", "8k + 4, from 20"),
        ("input 28x28x1\nrounding floor\nconv 5x5x4 - pool2 - conv 5x5x4 - pool2 - fc 10", "every size from 16"),
        ("input 12x12x1\nadd( conv 3x3x1 p1 | pool 3x3 s3 - upsample x3 )", "multiples of 3"),
        ("input 8x8x1\nupsample 8x8 - add( | conv 3x3x1 p1 )", "1 to 8"),
        ("input 8x8x1\nconcat( upsample 8x8 | )", "8"),
        ("input 8x8x1\nconcat( pool2 | pool 3x3 s3 )", "none up to 600"),
        ("input 30x1\nconv 3x4 s3 => 10x4", "multiples of 3"),
        ("input 30x30x1\npool {H//2}x{W//2} s{H//2}x{W//2}", "2, 3, then multiples of 2, from 4"),
    ],
)
def test_the_rule_in_words_holds_for_every_size(text: str, rule: str) -> None:
    """What is said in words, and that it holds for sizes up to 33."""
    taken = check(text, list(range(1, 34)))
    assert str(taken.equal or taken.sides[0]) == rule


def test_beyond_what_was_tried_the_rule_says_it() -> None:
    text = "input 64x64x3\n(conv 3x3x4 p1 - pool2)*4"
    taken = check(text, [608, 615, 1600, 6400, 6401])
    assert taken.equal is not None
    assert taken.equal.nearest(1000) == (992, 1008)
    assert taken.equal.nearest(10) == (None, 16)
    assert taken.equal.nearest(992) == (992, 992)


@pytest.mark.slow
def test_an_own_input_beyond_what_can_be_tried() -> None:
    """The rule is found from smaller sizes, and the own input is asked about by itself."""
    taken = trials("input 1000000000000x4\nconv 3x4 s3").taken()
    assert (str(taken.sides[0]), taken.takes_usual) == ("multiples of 3", False)  # 10**12 = 3k + 1
    taken = trials("input 999999999999x4\nconv 3x4 s3").taken()
    assert (str(taken.sides[0]), taken.takes_usual) == ("multiples of 3", True)


def test_sides_that_depend_on_each_other() -> None:
    """A fully connected layer takes any volume, a reshape one number of values."""
    taken = trials("input 8x8x1\nreshape 4x4x4").taken()
    assert not taken.independent
    assert str(taken.equal) == "8"
    assert taken.sides[0].taken == (8,)


def test_the_parameters_of_a_fully_connected_layer() -> None:
    taken = trials("input 8x8x3\nconv 3x3x4 p1 - fc 10 - fc 5").taken()
    assert taken.parameters.layers == ("fc1",)
    assert taken.parameters.counts[10] == 3 * 3 * 3 * 4 + 4 + 10 * 10 * 4 * 10 + 10 + 10 * 5 + 5
    assert not trials("input 8x8x3\nconv 3x3x4 p1 - gap - fc 10").taken().parameters.change


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        (range(32, 601, 32), "multiples of 32"),
        (range(12, 601, 16), "16k + 12"),
        (range(44, 601, 16), "16k + 12, from 44"),
        ([5, 7, *range(20, 601)], "5, 7, then every size from 20"),
        ([3, 4, 5, 9], "3 to 5, 9"),
        ([size for size in range(1, 601) if size % 8 in (0, 3)], "8k or 8k + 3, from 3"),
        ([size for size in range(8, 601) if size % 8 != 7], "all but 8k + 7, from 8"),
        ([], "none up to 600"),
    ],
)
def test_rules_in_words(sizes: list[int], text: str) -> None:
    assert str(rule_of(list(sizes), 600)) == text


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_random_specs(seed: int) -> None:
    """Sizes up to 30, for all sides together and for each alone."""
    drawn = random_spec(Random(seed))
    text = f"rounding {Random(seed).choice(['floor', 'strict'])}\ninput {drawn.input}\n{drawn.text}\n"
    try:
        cnncalc.load(text)
    except SpecError:
        return  # what was drawn fits where sizes are rounded down
    if "weights=" not in text:
        check(text, list(range(1, 31)))


@pytest.mark.parametrize("name", ["lenet5", "alexnet"])
def test_networks_of_the_zoo(name: str) -> None:
    check(name, [1, 2, *Random(0).sample(range(1, 601), 10), 599, 600])


@pytest.mark.parametrize("name", ["squeezenet1_1", "fcn8s"])
def test_every_size_is_as_the_formulas_of_the_layers_say(name: str) -> None:
    """The oracle walks (W − F + 2P)/S + 1 over the flat list of layers."""
    check_walked(name, trials(name).taken())


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.names())
def test_every_network_of_the_zoo(name: str) -> None:
    """A few sizes of each are expanded, and all are walked where layers have no sizes that follow from the input."""
    if trials(name).totalling.inputs.named:
        return
    taken = check(name, Random(name).sample(range(1, 601), 8))
    if name not in ("deeplabv3_resnet50", "segnet"):
        check_walked(name, taken)


def test_a_rule_needs_three_periods() -> None:
    """Two sizes are no rule."""
    assert rule_of([300, 600], 600) == InputRule((300, 600), 600, None, 1, ())


def test_nothing_is_proposed_for_sizes_that_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would fit is worked out where somebody reads it, and not for each of the sizes that are tried."""
    asked: list[str] = []
    monkeypatch.setattr(window, "_repairs", lambda what, *others: asked.append(what) or [])
    taken = trials("input 8x8x4\nconv 3x3x6 s2").taken()
    assert (str(taken.equal), asked) == ("2k + 1, from 3", [])
    with pytest.raises(SpecError) as caught:
        cnncalc.load("input 8x8x4\nconv 3x3x6 s2")
    assert caught.value.hints
    assert set(asked) == {"stride", "padding", "kernel"}
