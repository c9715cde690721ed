"""Whether the images of a run can be shared out into batches."""

from __future__ import annotations

from cnncalc.errors import SpecError
from cnncalc.train.order import batch_bounds
from cnncalc.train.recipe import Recipe
from cnncalc.train.world import World


def check_batches(recipe: Recipe, images: int, world: World) -> None:
    """Refuse batches that would leave a process or a part of a step without images."""
    shares = world.size * recipe.accumulate
    if recipe.batch_size < shares:
        message = f"a batch of {recipe.batch_size} is too small for {world.size} processes x {recipe.accumulate} parts"
        raise SpecError("bad-batch", message, hints=[f"use a --batch-size of at least {shares}"])
    if images < shares:
        raise SpecError("too-few-images", f"there are {images} images to train on; {shares} are needed at a time")
    bounds = batch_bounds(images, recipe.batch_size, shares)
    if bounds[-1] - bounds[-2] < shares:
        message = (
            f"of {images:,} images in batches of {recipe.batch_size}, the last batch is too small for {shares} parts"
        )
        raise SpecError("bad-batch", message, hints=[f"use a --batch-size of at least {2 * shares}"])
