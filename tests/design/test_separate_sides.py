"""Sides that are taken one by one. The oracle is expanding the spec for every pair of sides."""

from __future__ import annotations

from itertools import product

import pytest

from cnncalc import zoo
from cnncalc.core.volume import Volume
from cnncalc.design.inputs import without_claims
from cnncalc.design.separate_sides import sides_are_separate
from cnncalc.loading import read_source
from cnncalc.spec import parse
from tests.design.test_inputs import check, takes

SEPARATE = (
    "input 12x12x3\nconv 3x5x4 s2x3 - relu - pool 2x3",
    "input 9x9x3\nconv 3x3x{C + 1} p1 - add( bn - conv 3x3x{C} s2x1 p1 floor | pool 1x1 s2x1 floor ) - gap - fc {C}",
    "input 8x8x2\nblock unit(n)\n  concat( conv 1x1x{n} | pool 3x1 s1 p1x0 )\nend\n"
    "unit(3)*2 - mul( | gap - fc 8 - sigmoid )",
)
NOT_SEPARATE = (
    "input 12x12x3\nfc {H} - relu",  # it asks for a side
    "input 12x12x3\nparam n = 3\nblock b(k=W)\n  conv 1x1x{k}\nend\nb()",
    "input 4x4x4\nreshape 2x8x4",  # it asks for all sides together
    "input 6x6x2\nflatten - conv 1x1x4 g4",
    "input 8x8x1\nupsample 8x8 - add( | conv 3x3x1 p1 )",
    "input 8x8x3\nsub( fc 3 weights=a | pool2 - fc 3 weights=a )",
    "input 8x8x3\na: conv 3x3x4 p1 - pool2 - upsample 2 - concat( | @a )",
)


def separate(text: str) -> bool:
    return sides_are_separate(without_claims(parse(read_source(text), zoo.blocks)))


@pytest.mark.parametrize("text", SEPARATE)
def test_sides_that_are_taken_one_by_one(text: str) -> None:
    """A pair of sides is taken where pairs are taken that have one of them each."""
    assert separate(text)
    sizes = range(1, 13)
    channels = parse(read_source(text), zoo.blocks).statements[0].volume.constant.split("x")[-1]  # type: ignore[union-attr]
    taken = {pair for pair in product(sizes, sizes) if takes(text, Volume((*pair, int(channels))))}
    assert {(one, other) for one, _ in taken for _, other in taken} == taken
    check(text, list(sizes))


@pytest.mark.parametrize("text", NOT_SEPARATE)
def test_sides_of_which_nothing_is_shown(text: str) -> None:
    assert not separate(text)


def test_networks_of_the_zoo() -> None:
    """Many layers of which no two are alike take a while: each side alone need not be tried."""
    assert all(map(separate, ("pyramidnet110", "resnet50", "densenet121", "mobilenet_v2")))
