"""The parts of a look that are about single images: what is predicted, where it is seen, what layers make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.core.cleaning import cell
from cnncalc.core.words import shorten
from cnncalc.inspect.cam import cam_layer, class_activation_maps, over_image
from cnncalc.inspect.images import grid, maps_picture, mask_tile, photo_tiles, sized
from cnncalc.inspect.maps import activations
from cnncalc.inspect.options import LookOptions
from cnncalc.inspect.parts import LookPart, LookRow, Shot
from cnncalc.inspect.subject import Subject
from cnncalc.network import Node
from cnncalc.train.data import read_image
from cnncalc.train.data.dataset import spread
from cnncalc.train.ends import heads_of
from cnncalc.train.engine.scoring import as_outputs

MOST_MAPS = 64
"""Most maps of a layer that are shown."""

OWN_IMAGES = 2
"""Test images that are shown where no image is named."""

TOP = 3
"""Classes whose probabilities are shown beside an image."""

SIDE = 128
"""Pixels that an image aims at along its longer side."""


class ShownImage(NamedTuple):
    """An image that is shown.

    Attributes:
        name: what it is called.
        pixels: uint8 C x H x W.
        label: its class in words; "" where that is not known.
        target: what it is to be predicted as; None where that is not known.

    """

    name: str
    pixels: Tensor
    label: str = ""
    target: Tensor | None = None


def image_parts(
    subject: Subject, nodes: Sequence[Node], images: Sequence[ShownImage], options: LookOptions
) -> Iterator[LookPart]:
    """Yield a part for each image: what is predicted, where it is seen, and what the layers make of it."""
    if subject.network.input.dimensions != 2:
        yield LookPart("Maps", f"They cannot be shown: the input {subject.network.input} has no height and width.")
        return
    if not images:
        yield LookPart("Maps", f"{subject.without_images} Name an image to see what the layers make of it.")
    text = (
        "A tile for each channel, all of a layer on one scale: black is 0, white the largest value. Where there are "
        "negative values, they are blue, 0 is white, and positive values are red."
    )
    for image in images:
        rows: list[LookRow] = [_predicted(subject, image)]
        if options.wants("cam") and subject.classifies:
            rows += _cam(subject, image)
        if options.wants("maps"):
            rows += _maps(subject, image, nodes)
        title = "Activation maps" if options.wants("maps") else "Class activation maps"
        yield LookPart(f"{title} of {image.name}", text if options.wants("maps") else "", tuple(rows))


def shown_images(subject: Subject, options: LookOptions) -> list[ShownImage]:
    """Return the images that are named, or a few of those to test on.

    Raises:
        DataError: for an image that cannot be read, or that is not of the input's size.

    """
    if options.images or subject.images is None:
        return [ShownImage(cell(Path(path).name), read_image(path, subject.fit)) for path in options.images]
    chosen = spread(len(subject.images.split), OWN_IMAGES)
    return [
        ShownImage(f"test image {index + 1:,}", pixels, cell(subject.task.caption(label)), label)
        for index, pixels, label in zip(chosen.tolist(), *subject.fetch(chosen), strict=True)
    ]


def photo(pixels: Tensor) -> Tensor:
    """Return an image, C x H x W, as tiles 1 x H x W x 3; of one with two channels or many the mean of them."""
    if len(pixels) not in (1, 3):
        pixels = pixels.float().mean(0, keepdim=True).round().to(pixels.dtype)
    return photo_tiles(pixels[None])


def _predicted(subject: Subject, image: ShownImage) -> LookRow:
    """Return an image with what it is predicted to be."""
    shots = [Shot(grid(sized(photo(image.pixels), SIDE)), image.name)]
    lines = [f"true: {shorten(image.label)}"] if image.label else []
    scores: tuple[tuple[str, float], ...] = ()
    if subject.classifies:
        found = _probabilities(subject, image.pixels).topk(min(TOP, len(subject.classes)))
        pairs = zip(found.indices.tolist(), found.values.tolist(), strict=True)
        scores = tuple((shorten(cell(subject.classes[place]), 36), share) for place, share in pairs)
    elif subject.epoch is not None:  # a run, whose task is known
        result = _result(subject, image.pixels)
        scores = tuple((shorten(cell(name), 36), share) for name, share in subject.task.guesses(result, TOP))
        estimated = subject.task.estimated(result)
        lines += [f"predicted: {shorten(cell(estimated))}"] if estimated else []
        shots += _masks(subject, image, result)
    return LookRow("input", (str(subject.network.input), *lines), tuple(shots), scores=scores)


def _result(subject: Subject, pixels: Tensor) -> Tensor:
    """Return what is predicted for an image, as the task of the run has it."""
    with torch.no_grad():
        output = activations(subject.module, subject.network, subject.seen(pixels[None]), []).output
    view = as_outputs(output)[heads_of(subject.network).main]
    return subject.task.results(subject.task.joined([view]))[0].cpu()


def _masks(subject: Subject, image: ShownImage, result: Tensor) -> Iterator[Shot]:
    """Yield the mask of an image, where it is known, and the predicted one."""
    for word, mask in subject.task.pictured(image.target, result):
        yield Shot(grid(sized(mask_tile(mask), SIDE)), f"{word} of {image.name}", (word,))


def _probabilities(subject: Subject, pixels: Tensor) -> Tensor:
    """Return the probability of each class, float32 [classes]."""
    with torch.no_grad():
        logits = activations(subject.module, subject.network, subject.seen(pixels[None]), []).output
    return functional.softmax(logits.flatten(1).float(), 1)[0].cpu()


def _cam(subject: Subject, image: ShownImage) -> Iterator[LookRow]:
    """Yield where the two likeliest classes are seen."""
    node = cam_layer(subject.network)
    if node is None:
        return
    likeliest = _probabilities(subject, image.pixels).topk(2).indices.tolist()
    found = class_activation_maps(subject, subject.seen(image.pixels[None]), node, likeliest)
    shown = photo(image.pixels)[0].movedim(-1, 0)
    shots = []
    for place, shares in zip(likeliest, found, strict=True):
        name = shorten(cell(subject.classes[place]), 20)
        nothing = "" if bool(shares.any()) else ": nothing"
        picture = grid(over_image(shown, shares, SIDE)[None])
        shots.append(Shot(picture, f"Class activation map for {name}{nothing}", (f"for {name}{nothing}",)))
    yield LookRow("class activation", (f"Grad-CAM at {node.name}",), tuple(shots))


def _maps(subject: Subject, image: ShownImage, nodes: Sequence[Node]) -> Iterator[LookRow]:
    indices = [node.index for node in nodes]
    with torch.no_grad():
        found = activations(subject.module, subject.network, subject.seen(image.pixels[None]), indices)
    for node in nodes:
        value = found.layers[node.index][0]
        planes = value.dim() == 3 and max(value.shape[1:]) > 1
        shown = value[:MOST_MAPS] if planes else value
        some = (f"the first {MOST_MAPS} maps",) if len(value) > len(shown) else ()
        shot = Shot(maps_picture(shown), f"Activation maps of {node.name} for {image.name}")
        yield LookRow(node.name, (node.written, str(node.output), *some), (shot,))
