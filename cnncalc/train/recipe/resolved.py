"""What the settings mean that a recipe leaves open. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import replace

from cnncalc.core.volume import Volume
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.recipe.settings import AUTO, Recipe


def resolved_flip(recipe: Recipe, volume: Volume, *, floats: bool = False) -> str:
    """Return how images are mirrored: ``auto`` mirrors colour photos in turn, and neither digits, signals nor floats.

    Mirroring all images in turn shows both sides sooner than a coin for each does (Jordan, 2024, arXiv:2404.00498).
    """
    if recipe.flip != "auto":
        return recipe.flip
    return "alternating" if volume.dimensions == 2 and volume.channels == 3 and not floats else "none"


def resolved_shift(recipe: Recipe, volume: Volume, *, floats: bool = False) -> int:
    """Return by how many pixels images move: ``auto`` is an eighth of the smaller side; floats may be no images."""
    if recipe.shift != AUTO:
        return recipe.shift
    return 0 if floats else min(volume.spatial) // 8


def resolved(recipe: Recipe, volume: Volume, *, floats: bool = False) -> Recipe:
    """Return a recipe with the optimizer's own rate and decay, and with flips and shifts that suit the images.

    Args:
        recipe: some of whose settings are ``auto``.
        volume: of an image.
        floats: whether the images are floats, which may be no images at all.

    """
    usual = OPTIMIZERS[recipe.optimizer]
    return replace(
        recipe,
        learning_rate=usual.learning_rate if recipe.learning_rate == AUTO else recipe.learning_rate,
        weight_decay=usual.weight_decay if recipe.weight_decay == AUTO else recipe.weight_decay,
        flip=resolved_flip(recipe, volume, floats=floats),
        shift=resolved_shift(recipe, volume, floats=floats),
    )
