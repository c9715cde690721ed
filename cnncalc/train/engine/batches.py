"""Whether the images of a run can be shared out into batches."""

from __future__ import annotations

from typing import Any

from cnncalc.core.errors import SpecError
from cnncalc.core.numbers import counted
from cnncalc.network import Network, Node
from cnncalc.train.engine.bounds import batch_bounds, smallest_part
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.recipe.settings import Recipe


def check_batches(network: Network, recipe: Recipe, images: int, processes: Processes) -> None:
    """Refuse batches that cannot be shared out among processes and parts of a step, or whose parts are too small.

    Raises:
        SpecError: where a process or a part would have no image, where a batch norm would see a single value, which
            PyTorch refuses, and where a layer lets nothing through that could be learned from.

    """
    _check_shares(recipe, images, processes)
    for node in network.layers:
        _check_node(node, network, recipe, images, processes)


def _check_shares(recipe: Recipe, images: int, processes: Processes) -> None:
    shares = processes.size * recipe.accumulate
    if recipe.batch < shares:
        message = f"a batch of {recipe.batch} is too small for {processes.size} processes x {recipe.accumulate} parts"
        raise SpecError("bad-batch", message, hints=[f"use a --batch of at least {shares}"])
    if images < shares:
        raise SpecError("too-few-images", f"there are {images} images to train on; {shares} are needed at a time")
    bounds = batch_bounds(images, recipe.batch, shares)
    if bounds[-1] - bounds[-2] < shares:
        message = f"of {images:,} images in batches of {recipe.batch}, the last batch is too small for {shares} parts"
        raise SpecError("bad-batch", message, hints=[f"use a --batch of at least {2 * shares}"])


def _check_node(node: Node, network: Network, recipe: Recipe, images: int, processes: Processes) -> None:
    """Refuse a layer that makes the same of every image in training."""
    values = node.layer.values_per_statistic(node.sources)
    place: dict[str, Any] = {"span": node.span, "source": network.source}
    if node.layer.keeps_nothing():
        message = f"{node.name}: `{node.written}` lets nothing through in training: what stands before it cannot learn"
        raise SpecError("nothing-to-train", message, **place, hints=["take a rate below 1"])
    if values != 1:
        return
    if not node.layer.statistic_over_batch:
        message = f"{node.name}: `{node.written}` over a single value is 0 everywhere; the input is {node.sources[0]}"
        raise SpecError("nothing-to-train", message, **place, hints=["leave it out, or norm an earlier volume"])
    least = smallest_part(images, recipe.batch, processes.size, recipe.accumulate)
    if least == 1:
        message = f"{node.name}: a batch norm of {node.sources[0]} needs two images at a time to train with"
        detail = f"the smallest part of a batch has one: {_how_shared(recipe, images, processes)}"
        hints = [*_larger_batch(recipe, images, processes), "or leave it out, or norm an earlier volume"]
        raise SpecError("bad-batch", message, **place, detail=detail, hints=hints)


def _how_shared(recipe: Recipe, images: int, processes: Processes) -> str:
    shares = [(processes.size, "processes"), (recipe.accumulate, "parts")]
    among = " x ".join(f"{number} {what}" for number, what in shares if number > 1)
    return f"{counted(images, 'image')} in batches of {recipe.batch}" + (f", {among}" if among else "")


def _larger_batch(recipe: Recipe, images: int, processes: Processes) -> list[str]:
    """Return the hint with the next batch size whose parts all have two images, if there is one."""
    first, shares = recipe.batch + 1, processes.size * recipe.accumulate
    sizes = range(first, min(images, first + 4 * shares) + 1)
    fitting = (size for size in sizes if smallest_part(images, size, processes.size, recipe.accumulate) > 1)
    size = next(fitting, None)
    return [f"use a --batch of {size}"] if size else [f"train on more images, at least {2 * shares} at a time"]
