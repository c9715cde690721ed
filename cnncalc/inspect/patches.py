"""The parts of images that excite the units of a layer most, as Zeiler and Fergus show them (2014, arXiv:1311.2901).

A unit of a map looks at its receptive field: the patch is exactly the part of the image that its value depends on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from cnncalc.analysis.receptive import Fields
from cnncalc.core.errors import ArgumentError
from cnncalc.inspect.images import photo_tiles
from cnncalc.inspect.maps import activations, images_at_once
from cnncalc.inspect.subject import Subject
from cnncalc.network import Network, Node
from cnncalc.train.data.dataset import spread

MOST_IMAGES = 2000
"""Most images that are searched, evenly spaced among those to test on."""

AT_ONCE = 64
"""Most images that are searched at a time."""

KEPT = 9
"""Patches that are shown of a unit."""


class PatchBox(NamedTuple):
    """A part of an image, ends included; it may begin before the image and end behind it, in the padding."""

    top: int
    bottom: int
    left: int
    right: int


class Patch(NamedTuple):
    """What excites a unit.

    Attributes:
        image: its index among the images to test on.
        value: of the unit.
        position: in the map, from the top and from the left.

    """

    image: int
    value: float
    position: tuple[int, int]


def check_units(nodes: Sequence[Node], units: Sequence[int]) -> None:
    """Refuse units that one of some layers has not.

    Raises:
        ArgumentError: for a number that is too large.

    """
    for node in nodes:
        channels = node.output.channels
        if any(not 0 <= unit < channels for unit in units):
            message = f"`{node.name}` has no unit {max(units)}: its units are 0 to {channels - 1}"
            raise ArgumentError("bad-option", message, hints=["name the layers that have one: --layer NAME"])


def exciting_patches(subject: Subject, nodes: Sequence[Node]) -> dict[int, list[list[Patch]]]:
    """Return what excites the units of layers, by the index of the layer and then by the channel, the most first.

    Of each image a unit counts once, where it is excited most.
    """
    assert subject.images is not None  # callers check that there are images
    split = subject.images.split.to(subject.device)
    order = torch.split(spread(len(split), MOST_IMAGES), images_at_once(subject.network, AT_ONCE))
    best: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
    for indices, (pixels, _) in zip(order, split.batches(order), strict=True):
        with torch.no_grad():
            found = activations(subject.module, subject.network, subject.seen(pixels), [node.index for node in nodes])
        for index, value in found.layers.items():
            values, places = value.float().flatten(2).max(2) if value.dim() == 4 else (value.float(), None)
            places = torch.zeros_like(values, dtype=torch.int64) if places is None else places
            ours = (values.cpu(), indices[:, None].expand(values.shape), places.cpu())
            best[index] = _best_of(ours, best.get(index))
    return {node.index: _patches(node, *best[node.index]) for node in nodes}


def _best_of(new: tuple[Tensor, ...], old: tuple[Tensor, ...] | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest values of each channel, with their images and places: each of shape K x C."""
    values, images, places = new if old is None else (torch.cat(pair) for pair in zip(old, new, strict=True))
    order = values.topk(min(KEPT, len(values)), dim=0).indices
    return values.gather(0, order), images.gather(0, order), places.gather(0, order)


def _patches(node: Node, values: Tensor, images: Tensor, places: Tensor) -> list[list[Patch]]:
    wide = node.output.spatial[-1]
    rows = zip(values.T.tolist(), images.T.tolist(), places.T.tolist(), strict=True)
    return [
        [Patch(image, value, divmod(place, wide)) for value, image, place in zip(*row, strict=True)] for row in rows
    ]


def most_active_units(patches: Sequence[Sequence[Patch]], most: int) -> list[int]:
    """Return the channels that are activated most, in the order of their numbers, without those that never are."""
    strength = [sum(patch.value for patch in unit) / len(unit) for unit in patches]
    order = sorted(range(len(patches)), key=lambda unit: -strength[unit])
    return sorted(unit for unit in order[:most] if patches[unit][0].value > 0)


def box_of(network: Network, fields: Fields, position: tuple[int, int]) -> PatchBox:
    """Return the part of the image that the unit at a position looks at.

    It is the whole image where the receptive field is not known, or not smaller than the image.

    Args:
        network: whose input is the image.
        fields: of the layer, as `cnncalc.analysis.receptive.receptive_fields` has them.
        position: in the map, from the top and from the left.

    """
    ends: list[int] = []
    for size, field, place in zip(network.input.spatial, fields, position, strict=True):
        ends += (0, size - 1) if field is None or field.size >= size else field.at(place)
    return PatchBox(*ends)


def patch_size(network: Network, fields: Fields) -> tuple[int, int]:
    """Return the height and width of the largest patch of a layer's units; see `box_of`."""
    high, wide = (
        size if field is None else min(size, field.size)
        for size, field in zip(network.input.spatial, fields, strict=True)
    )
    return high, wide


def cut_out(pixels: Tensor, box: PatchBox, size: tuple[int, int]) -> Tensor:
    """Return a part of an image as a tile.

    Args:
        pixels: uint8 1 x H x W or 3 x H x W.
        box: the part. What lies outside of the image is transparent.
        size: height and width of the tile, at least those of the box, which begins in its corner.

    Returns:
        Uint8, height x width x 4.

    """
    _, high, wide = pixels.shape
    tile = torch.zeros(*size, 4, dtype=torch.uint8)
    top, left = max(0, box.top), max(0, box.left)
    bottom, right = min(high - 1, box.bottom), min(wide - 1, box.right)
    if bottom < top or right < left:
        return tile
    rows = slice(top - box.top, bottom - box.top + 1)
    columns = slice(left - box.left, right - box.left + 1)
    tile[rows, columns, :3] = photo_tiles(pixels[None, :, top : bottom + 1, left : right + 1])[0]
    tile[rows, columns, 3] = 255
    return tile
