"""Bringing images that are in memory to the size and the colours of the spec's input."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch.nn import functional

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.train.data.dataset import Dataset, Split
from cnncalc.train.data.fit import ImageFit, centre_box, converted_note, inner_size
from cnncalc.train.data.in_memory import MemorySplit
from cnncalc.train.data.kinds import IGNORED, MASKS

_AT_A_TIME = 1024
"""Images that are resized together, so that little memory is needed beside the result."""

_GREY_OF_RGB = (19_595, 38_470, 7_471)
"""Weights of red, green and blue in the grey of ITU-R BT.601, times 2¹⁶, as Pillow has them."""

_COLOURS = {1, 3}
"""Channels of images whose colours can be converted."""


def recoloured(dataset: Dataset, fit: ImageFit) -> Dataset:
    """Convert images that are in memory from colour to grey or back, where they have not the channels of the input.

    What is streamed is converted while it is read, and other numbers of channels stay as they are.

    Raises:
        DataError: for colours that the input cannot hold.

    """
    images = sum(len(split) for _, split in dataset.parts())
    channels = {split.volume.channels for _, split in dataset.parts()}
    volumes = {fit.volume.dimensions, *(split.volume.dimensions for _, split in dataset.parts())}
    if volumes != {2} or not {*channels, fit.volume.channels} <= _COLOURS:
        return dataset
    fit.check_colour()
    if channels == {fit.volume.channels} and not (fit.grey and fit.volume.channels == 3):
        return dataset
    grey = sum(len(split) for _, split in dataset.parts() if split.volume.channels == 1)
    note = converted_note(fit, grey, images - grey)
    changed = _changed(dataset, lambda split: _recoloured(split, fit))
    return changed._replace(notes=(*dataset.notes, note) if note else dataset.notes)


def _recoloured(split: Split, fit: ImageFit) -> Split:
    if not split.in_memory:
        return split
    pixels = cast("MemorySplit", split).pixels
    chunks = [_in_colours(chunk, fit) for chunk in torch.split(pixels, _AT_A_TIME)]
    return MemorySplit(torch.cat(chunks), split.labels, split.digest())


def _in_colours(pixels: torch.Tensor, fit: ImageFit) -> torch.Tensor:
    if fit.grey and pixels.shape[1] == 3:
        weights = torch.tensor(_GREY_OF_RGB, dtype=torch.int32).view(1, 3, 1, 1)
        if pixels.is_floating_point():
            return (pixels * weights / 2**16).sum(1, keepdim=True).expand(-1, fit.volume.channels, -1, -1)
        pixels = ((pixels.int() * weights).sum(1, keepdim=True) + 2**15 >> 16).to(torch.uint8)
    return pixels.expand(-1, fit.volume.channels, -1, -1)


def resized(dataset: Dataset, fit: ImageFit) -> Dataset:
    """Resize images that are in memory to the spatial sizes of the spec's input, where that is asked for.

    Raises:
        DataError: for data that are no images of two dimensions.

    """
    volume = fit.volume
    if fit.resize == "none":
        return dataset
    found = next((split.volume for _, split in dataset.parts() if split.volume.spatial != volume.spatial), volume)
    if found != volume and {len(found), len(volume)} != {3}:
        message = f"only images of two dimensions can be resized, and not {found} to {volume}"
        raise DataError("data-differs", message)
    return _changed(dataset, lambda split: _resized(split, volume, fit.resize, dataset.kind))


def framed(dataset: Dataset, width: int) -> Dataset:
    """Put images that are in memory into a black frame of some pixels' width; their digest stays."""
    return _changed(dataset, lambda split: _framed(cast("MemorySplit", split), width))


def _framed(split: MemorySplit, width: int) -> MemorySplit:
    return MemorySplit(functional.pad(split.pixels, (width,) * 4), split.labels, split.digest())


def _changed(dataset: Dataset, change: Callable[[Split], Split]) -> Dataset:
    return dataset._replace(
        train=change(dataset.train),
        validation=dataset.validation and change(dataset.validation),
        test=dataset.test and change(dataset.test),
    )


def _resized(split: Split, volume: Volume, how: str, kind: str) -> Split:
    if split.volume.spatial == volume.spatial:
        return split
    pixels = cast("MemorySplit", split).pixels  # what is streamed is resized while it is read
    digest = split.digest()  # of the images as they are, since another version may resize to other bits
    chunks = [_WAYS[how](chunk, volume, _scaled, 0) for chunk in torch.split(pixels, _AT_A_TIME)]
    labels = split.labels
    if kind == MASKS:
        masks = labels.unsqueeze(1)
        made = [_WAYS[how](chunk, volume, _nearest, IGNORED) for chunk in torch.split(masks, _AT_A_TIME)]
        labels = torch.cat(made).squeeze(1)
    return MemorySplit(torch.cat(chunks), labels, digest)


_Scale = Callable[[torch.Tensor, int, int], torch.Tensor]
"""Makes images N x C of a height and a width."""


def _stretched(pixels: torch.Tensor, volume: Volume, scale: _Scale, fill: int) -> torch.Tensor:
    return scale(pixels, *volume.spatial)


def _cropped(pixels: torch.Tensor, volume: Volume, scale: _Scale, fill: int) -> torch.Tensor:
    high, wide = pixels.shape[2:]
    left, top, right, bottom = map(round, centre_box(wide, high, volume))
    return scale(pixels[:, :, top:bottom, left:right], *volume.spatial)


def _padded(pixels: torch.Tensor, volume: Volume, scale: _Scale, fill: int) -> torch.Tensor:
    """Scale images to the largest size that fits, and put them in the middle of a volume of one value."""
    high, wide = volume.spatial
    across, down = inner_size(pixels.shape[3], pixels.shape[2], volume)
    left, top = (wide - across) // 2, (high - down) // 2
    sides = (left, wide - across - left, top, high - down - top)
    return functional.pad(scale(pixels, down, across), sides, value=fill)


def _scaled(pixels: torch.Tensor, high: int, wide: int) -> torch.Tensor:
    from torchvision.transforms.v2 import functional as images

    return cast("torch.Tensor", images.resize(pixels, [high, wide], antialias=True))


def _nearest(masks: torch.Tensor, high: int, wide: int) -> torch.Tensor:
    return functional.interpolate(masks, (high, wide), mode="nearest-exact")


_WAYS = {"stretch": _stretched, "crop": _cropped, "pad": _padded}
"""The ways to resize, by what `--resize` calls them."""
