"""The augmentations of torchvision that a recipe may name, and the number that each takes. Nothing here imports torch.

How each is made is said here too, by a function that is handed ``torchvision.transforms.v2``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, NamedTuple

Make = Callable[[Any, float], Any]
"""Makes a transform of ``torchvision.transforms.v2``, the first argument, with a number."""


OUTSIDE = 255
"""What the pixels of a mask are that come in where it is moved."""


class Augmentation(NamedTuple):
    """An augmentation of single images.

    Attributes:
        name: what a recipe calls it.
        usual: its number where none is written; None for one that takes none.
        least, most: its number is above the one and at most the other.
        meaning: what it does, and what the number is.
        make: how torchvision makes it.
        colours: whether it changes values as colours, and so needs bytes of one channel or three.
        masks: whether it can move a mask along with its image.

    """

    name: str
    usual: float | None
    least: float
    most: float
    meaning: str
    make: Make
    colours: bool = False
    masks: bool = True


class ChosenAugmentation(NamedTuple):
    """An augmentation that a recipe names, with its number; 0 where it takes none."""

    augmentation: Augmentation
    number: float


def _affine(v2: Any, **settings: Any) -> Any:
    usual = {"degrees": 0, "interpolation": v2.InterpolationMode.BILINEAR, "fill": _fill()}
    return v2.RandomAffine(**usual | settings)


def _fill() -> dict[Any, int]:
    """Return what comes in where an image is moved: black, and in a mask what belongs to no class."""
    from torchvision import tv_tensors

    return {tv_tensors.Mask: OUTSIDE, "others": 0}


def _blur(v2: Any, sigma: float) -> Any:
    return v2.GaussianBlur(2 * ceil(3 * sigma) + 1, (min(0.1, sigma), sigma))  # three deviations on either side


AUGMENTATIONS = {
    found.name: found
    for found in (
        Augmentation(
            "randaugment", 9, 0, 30, "RandAugment: two changes of this magnitude",
            lambda v2, number: v2.RandAugment(magnitude=int(number)), colours=True, masks=False,
        ),
        Augmentation(
            "trivialaugment", None, 0, 0, "TrivialAugment: one change of any magnitude",
            lambda v2, number: v2.TrivialAugmentWide(), colours=True, masks=False,
        ),
        Augmentation(
            "autoaugment", None, 0, 0, "AutoAugment, with the policy found for ImageNet",
            lambda v2, number: v2.AutoAugment(), colours=True, masks=False,
        ),
        Augmentation(
            "augmix", 3, 0, 10, "AugMix: mixed chains of changes of this severity",
            lambda v2, number: v2.AugMix(severity=int(number)), colours=True, masks=False,
        ),
        Augmentation(
            "colour", 0.4, 0, 1, "brightness, contrast and saturation by up to this share, hue by a quarter of it",
            lambda v2, number: v2.ColorJitter(number, number, number, number / 4), colours=True,
        ),
        Augmentation(
            "grey", 0.1, 0, 1, "grey in place of colours, with this probability",
            lambda v2, number: v2.RandomGrayscale(number), colours=True,
        ),
        Augmentation(
            "noise", 0.05, 0, 1, "Gaussian noise of this deviation; white is 1",
            lambda v2, number: v2.GaussianNoise(sigma=number), colours=True,
        ),
        Augmentation("blur", 1, 0, 20, "Gaussian blur with a deviation of up to so many pixels", _blur),
        Augmentation(
            "rotation", 15, 0, 180, "rotation by up to so many degrees",
            lambda v2, number: _affine(v2, degrees=number),
        ),
        Augmentation(
            "shear", 10, 0, 89, "horizontal shear by up to so many degrees",
            lambda v2, number: _affine(v2, shear=number),
        ),
        Augmentation(
            "scale", 0.2, 0, 0.99, "larger or smaller by up to this share",
            lambda v2, number: _affine(v2, scale=(1 - number, 1 + number)),
        ),
        Augmentation(
            "perspective", 0.3, 0, 1, "perspective of this distortion, of every second image",
            lambda v2, number: v2.RandomPerspective(number, fill=_fill()),
        ),
        Augmentation(
            "elastic", 50, 0, 1000, "elastic deformation of this strength",
            lambda v2, number: v2.ElasticTransform(float(number), fill=_fill()),
        ),
        Augmentation(
            "upside-down", 0.5, 0, 1, "vertical flip, with this probability",
            lambda v2, number: v2.RandomVerticalFlip(number),
        ),
        Augmentation(
            "erase", 0.5, 0, 1, "a random rectangle is blanked, with this probability",
            lambda v2, number: v2.RandomErasing(number),
        ),
    )
}  # fmt: skip
"""What `augment` may name."""


def augmentations_of(written: str) -> list[ChosenAugmentation]:
    """Return the augmentations of a text, in their order: ``rotation=15, colour``.

    Raises:
        ValueError: where it is something else; the message says what it is to be.

    """
    found = [_chosen(part.strip().lower()) for part in written.split(",")] if written.strip() else []
    names = [chosen.augmentation.name for chosen in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ValueError(f"a list in which {twice} stands once")
    return found


def _chosen(part: str) -> ChosenAugmentation:
    name, equals, number = (word.strip() for word in part.partition("="))
    known = AUGMENTATIONS.get(name)
    if known is None:
        raise ValueError(f"a list of {', '.join(AUGMENTATIONS)}")
    if not equals:
        return ChosenAugmentation(known, known.usual or 0)
    if known.usual is None:
        raise ValueError(f"{name} without a number")
    try:
        value = float(number)
    except ValueError:
        value = -1
    if not known.least < value <= known.most:
        raise ValueError(f"{name}=NUMBER, above {known.least:g} and at most {known.most:g}")
    return ChosenAugmentation(known, value)
