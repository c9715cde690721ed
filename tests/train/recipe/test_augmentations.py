"""What `augment` may say: names of augmentations, with a number or without."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from torchvision.transforms import v2

from cnncalc.train.recipe.augmentations import AUGMENTATIONS, augmentations_of
from cnncalc.train.recipe.presets import with_changes
from cnncalc.train.recipe.settings import Recipe

NAMES = (
    "randaugment, trivialaugment, autoaugment, augmix, colour, grey, noise, blur, rotation, shear, scale, perspective, "
    "elastic, upside-down, erase"
)


def numbers(written: str) -> dict[str, float]:
    return {found.augmentation.name: found.number for found in augmentations_of(written)}


def test_augmentations_have_an_order_and_a_number_of_their_own_or_the_usual_one() -> None:
    assert list(numbers("rotation=30, colour,erase=1").items()) == [("rotation", 30), ("colour", 0.4), ("erase", 1)]
    assert numbers("TrivialAugment") == {"trivialaugment": 0}
    assert numbers("  ") == {}


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_each_is_a_transform_of_torchvision(name: str) -> None:
    """With the usual number and with the largest one."""
    found = AUGMENTATIONS[name]
    for number in {found.usual or 0, found.most}:
        assert isinstance(found.make(v2, number), v2.Transform)


@pytest.mark.parametrize(
    ("name", "argument", "of"),
    [("randaugment", "magnitude", v2.RandAugment), ("augmix", "severity", v2.AugMix), ("erase", "p", v2.RandomErasing),
     ("elastic", "alpha", v2.ElasticTransform), ("grey", "p", v2.RandomGrayscale),
     ("upside-down", "p", v2.RandomVerticalFlip)],
)  # fmt: skip
def test_usual_numbers_are_torchvision_s_own(name: str, argument: str, of: Any) -> None:
    assert AUGMENTATIONS[name].usual == inspect.signature(of).parameters[argument].default


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("rotatoin", f"augment is a list of {NAMES}, not 'rotatoin'"),
        ("rotation,,colour", f"augment is a list of {NAMES}, not 'rotation,,colour'"),
        ("rotation=0", "augment is rotation=NUMBER, above 0 and at most 180, not 'rotation=0'"),
        ("rotation=nan", "augment is rotation=NUMBER, above 0 and at most 180, not 'rotation=nan'"),
        ("colour=red", "augment is colour=NUMBER, above 0 and at most 1, not 'colour=red'"),
        ("trivialaugment=3", "augment is trivialaugment without a number, not 'trivialaugment=3'"),
        ("grey,colour,grey=1", "augment is a list in which grey stands once, not 'grey,colour,grey=1'"),
    ],
)
def test_anything_else_is_refused(complaint: Any, written: str, said: str) -> None:
    assert complaint(with_changes, Recipe(), {"augment": written}) == f"error[bad-recipe]: {said}"
