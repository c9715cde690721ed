"""What a trained network sees, for the page of its run: first filters, some images with guesses, activation maps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx

from cnncalc.core.cleaning import cell
from cnncalc.inspect.choosing import chosen_layers, mapped_layers
from cnncalc.inspect.filters import filters_picture, first_filters
from cnncalc.inspect.images import Picture, grid, map_tiles, mask_tile, photo_tiles, sized
from cnncalc.inspect.maps import activations
from cnncalc.network import Network, Node
from cnncalc.page.run.view import Guessed, Seen, SeenLayer, SeenPicture
from cnncalc.train.data import Split
from cnncalc.train.data.dataset import spread
from cnncalc.train.engine.augment import Augmenter
from cnncalc.train.engine.scoring import as_outputs
from cnncalc.train.show.mask_colours import mask_colour
from cnncalc.train.tasks import Task

IMAGES, MAPPED = 8, 3
"""How many images are shown with what they are taken for, and how many of them with their maps."""
GUESSES = 3
CHANNELS, COLUMNS = 16, 8
"""Most maps of a layer that are shown, and how many of them stand in a row."""
SIDE = 64
"""Pixels of the longer side of the largest maps; the page enlarges small ones, which have a pixel for each number."""
SHOWN_SIDE, SHOWN_PHOTO = 44, 72
"""Pixels of a map and of a photo on the page, about."""


class Samples(NamedTuple):
    """Some images, as they are on the disk (uint8 N x C x H x W), and their targets."""

    pixels: Tensor
    targets: Tensor


def samples_of(split: Split) -> Samples | None:
    """Return some images of a part of a data set, of as many classes as can be; None where it has none."""
    if not len(split):
        return None
    labels = split.labels
    chosen = _few(labels) if labels.dim() == 1 else spread(len(labels), IMAGES)
    [(pixels, labels)] = split.batches([chosen])
    return Samples(pixels, labels)


def _few(labels: Tensor) -> Tensor:
    """Return the places of the first image of some classes, evenly spread, and of others where classes are few."""
    rounds = torch.zeros_like(labels)  # how many images of its class stand before an image
    for label in set(labels.tolist()):
        own = labels == label
        rounds[own] = torch.arange(int(own.sum()))
    firsts = (rounds == 0).nonzero().flatten()
    if len(firsts) >= IMAGES:
        return firsts[spread(len(firsts), IMAGES)]
    return torch.argsort(rounds, stable=True)[:IMAGES]


class Watched(NamedTuple):
    """A network that is looked at.

    Attributes:
        module: what `cnncalc.build` made of ``network``, which makes logits.
        augmenter: makes of pixels what the module sees.
        cast: makes the context in which the module runs.
        task: what it learns.
        main: which of several outputs counts.

    """

    module: fx.GraphModule
    network: Network
    augmenter: Augmenter
    cast: Callable[[], AbstractContextManager[Any]]
    task: Task
    main: int = 0


@torch.no_grad()
def look(watched: Watched, samples: Samples | None, when: str) -> Seen:
    """Return what a network sees; it runs as in a test, and is left as it was found.

    Args:
        watched: the network.
        samples: the images; without any, filters are all there is to see.
        when: says with which weights it sees.

    """
    found = first_filters(watched.module, watched.network)
    seen = Seen(when=when)
    if found is not None:
        node, weight = found
        picture = _shown(filters_picture(weight, enlarged=False), max(weight.shape[2:]), SHOWN_SIDE)
        seen = seen._replace(filters_of=cell(node.name), filters=picture)
    return seen if samples is None else _images(watched, samples, seen)


def _images(watched: Watched, samples: Samples, seen: Seen) -> Seen:
    nodes = mapped_layers(chosen_layers(watched.network))
    with watched.cast():
        images = watched.augmenter.plain(samples.pixels)
        made = activations(watched.module, watched.network, images, [node.index for node in nodes])
    task = watched.task
    results = task.results(task.joined([as_outputs(made.output)[watched.main]])).cpu()
    photos = _photos(samples.pixels)
    layers = [_layer(node, made.layers[node.index][:MAPPED]) for node in nodes]
    shown = zip(photos, samples.targets.cpu(), results, strict=True)
    return seen._replace(images=[_guessed(task, *one) for one in shown], layers=layers)


def _guessed(task: Task, photo: SeenPicture | None, target: Tensor, result: Tensor) -> Guessed:
    """Return an image with what it is and what is predicted for it."""
    guesses = task.guesses(result, GUESSES)
    masks = [(word, _mask(mask)) for word, mask in task.pictured(target, result)]
    return Guessed(
        photo,
        cell(task.captioned(target, result)),
        [(cell(name), share) for name, share in guesses],
        task.confusable,
        [cell(name) for name in task.holding(target)],
        masks,
        [mask_colour(task.names.index(name)) for name, _ in guesses] if masks else (),
    )


def _mask(mask: Tensor) -> SeenPicture:
    """Return a mask, whole numbers H x W, as a picture in the colours of its classes."""
    tiles = mask_tile(mask)
    tiles = sized(tiles, SIDE) if max(mask.shape) > SIDE else tiles
    return _shown(grid(tiles), max(tiles.shape[1:3]), SHOWN_PHOTO)


def _photos(pixels: Tensor) -> list[SeenPicture | None]:
    """Return images as pictures; what is no picture (one or three dimensions, other channels) is None."""
    if pixels.dim() != 4 or pixels.shape[1] not in (1, 3):
        return [None] * len(pixels)
    tiles = sized(photo_tiles(pixels), SIDE) if max(pixels.shape[2:]) > SIDE else photo_tiles(pixels)
    return [_shown(grid(tile[None]), max(tile.shape[:2]), SHOWN_PHOTO) for tile in tiles]


def _layer(node: Node, maps: Tensor) -> SeenLayer:
    channels = maps.shape[1]
    tiles = [map_tiles(one[:CHANNELS]) for one in maps]
    small = [sized(tile, SIDE) if max(tile.shape[1:3]) > SIDE else tile for tile in tiles]
    columns = min(channels, COLUMNS)
    pictures = [_shown(grid(tile, columns=columns, gap=1), max(tile.shape[1:3]), SHOWN_SIDE) for tile in small]
    shown = min(channels, CHANNELS)
    return SeenLayer(cell(node.name), cell(node.written), str(node.output), channels, shown, pictures)


def _shown(picture: Picture, side: int, wanted: int) -> SeenPicture:
    """Return a picture whose tiles are shown about as large as is wanted."""
    high, wide = picture.shape[:2]
    return SeenPicture(picture.tobytes(), wide, high, max(1, -(-wanted // side)))
