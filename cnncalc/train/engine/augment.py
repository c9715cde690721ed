"""From uint8 pixels to what the network sees, a whole batch at a time, on the device where training happens."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import log
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.core.volume import Volume
from cnncalc.train.data.kinds import IGNORED
from cnncalc.train.recipe.resolved import resolved_flip, resolved_shift
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.seeds import COINS, mixed
from cnncalc.train.tasks import Targets


class MaskedImages(NamedTuple):
    """A batch of images, floats N x C x H x W, and the masks that move with them.

    Masks are floats N x 1 x H x W of whole numbers, the classes of the pixels; None where the targets are no masks.
    """

    images: Tensor
    masks: Tensor | None = None


Change = Callable[[MaskedImages, torch.Generator], MaskedImages]


BYTES, FLOATS = 255.0, 1.0
"""What a value of 1 is among bytes, and among floats."""


class PixelNormalisation(NamedTuple):
    """What is taken from a value per channel, and what it is then divided by.

    Bytes are values of 0..1, of which a ``unit`` of 255 is 1; floats are as they are, with a unit of 1.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    unit: float = BYTES


class Augmenter:
    """Makes of pixels what the network sees.

    Args:
        recipe: what is done in training.
        volume: of one image.
        normalisation: see `PixelNormalisation`.
        images: how many training images there are, for flips that alternate.
        device: where pixels arrive.
        masks: whether the targets are masks, which move with their images.

    """

    def __init__(
        self,
        recipe: Recipe,
        volume: Volume,
        normalisation: PixelNormalisation,
        images: int,
        device: torch.device,
        *,
        masks: bool = False,
    ) -> None:
        ones = (1,) * volume.dimensions
        self._dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(recipe.precision, torch.float32)
        self._unit = normalisation.unit
        self._mean = torch.tensor(normalisation.mean, device=device).view(-1, *ones) * self._unit
        self._factor = 1 / (torch.tensor(normalisation.deviation, device=device).view(-1, *ones) * self._unit)
        self._format = torch.channels_last if recipe.channels_last and volume.dimensions == 2 else None
        self._recipe, self._masks = recipe, masks
        self.flip = resolved_flip(recipe, volume)
        self._changes = _changes(recipe, volume, self.flip)
        self._coins = _coins(recipe.seed, images, device) if self.flip == "alternating" else None

    def plain(self, pixels: Tensor) -> Tensor:
        """Return images as they are tested: floats N x C x H x W of uint8 pixels of the same shape."""
        return self._laid_out(self._floats(pixels))

    def shown(self, images: Tensor) -> Tensor:
        """Return what the network sees as values to look at, float32, of the same shape: 0 is black and 1 white.

        Floats, which have no range of their own, go from the least to the largest value of the batch.
        """
        values = images.float() / self._factor + self._mean
        if self._unit > 1:
            return values / self._unit
        low, high = values.amin(), values.amax()
        return (values - low) / (high - low).clamp(min=torch.finfo(values.dtype).tiny)

    def _floats(self, pixels: Tensor) -> Tensor:
        return torch.sub(pixels, self._mean).mul_(self._factor).to(self._dtype)

    def _laid_out(self, images: Tensor) -> Tensor:
        return images if self._format is None else images.contiguous(memory_format=self._format)

    def train(
        self, pixels: Tensor, labels: Tensor, indices: Tensor, epoch: int, generator: torch.Generator
    ) -> tuple[Tensor, Targets]:
        """Return images as they are trained on, and what they show.

        Args:
            pixels: uint8 N x C x H x W.
            labels: their targets.
            indices: which training images these are, int64 [N].
            epoch: counted from 0.
            generator: where everything random comes from; of the pixels' device.

        """
        batch = MaskedImages(self._floats(pixels), labels.unsqueeze(1).float() if self._masks else None)
        if self._coins is not None:
            batch = _mirror(batch, self._coins[indices.to(self._coins.device)] ^ bool(epoch % 2))
        for change in self._changes:
            batch = change(batch, generator)
        if batch.masks is not None:
            labels = batch.masks.squeeze(1).to(labels.dtype)
        images, targets = self._mixed(batch.images, labels, generator)
        return self._laid_out(images), targets

    def _mixed(self, images: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Targets]:
        if not (self._recipe.mixup or self._recipe.cutmix):
            return images, Targets(labels)
        order = torch.randperm(len(images), generator=generator, device=images.device)
        draw = Random(generator.initial_seed())  # numbers that stay on the CPU need no synchronisation
        if self._recipe.mixup:
            share = draw.betavariate(self._recipe.mixup, self._recipe.mixup)
            return images * share + images[order] * (1 - share), Targets(labels, labels[order], share)
        wanted = draw.betavariate(self._recipe.cutmix, self._recipe.cutmix)
        box, share = _box(images, 1 - wanted, draw)
        images = _pasted(images, images[order], box)
        if self._masks:
            return images, Targets(_pasted(labels, labels[order], box))
        return images, Targets(labels, labels[order], share)

    def number_of_views(self, count: int) -> int:
        """Return how many views `views` makes where so many are asked for: half of them are mirrored ones."""
        return count // 2 if count > 1 and self.flip == "none" else count

    def views(self, pixels: Tensor, count: int) -> list[Tensor]:
        """Return views of images to average over: as they are, mirrored (of 2), and moved by a pixel as well (of 6).

        Mirrored ones only where training mirrors too.
        """
        image = self._floats(pixels)
        moved = [image, *_diagonal(image, self._recipe.fill)] if count == 6 else [image]
        mirrored = [view.flip(-1) for view in moved] if count > 1 and self.flip != "none" else []
        return [self._laid_out(view) for view in [*moved, *mirrored]]


def _changes(recipe: Recipe, volume: Volume, flip: str) -> list[Change]:
    """Return what is done to a batch, in order."""
    shift = resolved_shift(recipe, volume)
    plan: list[tuple[bool, Change]] = [
        (flip == "random", _random_mirror),
        (shift > 0, partial(_moved, pixels=shift, fill=recipe.fill)),
        (0 < recipe.crop < 1, partial(_random_crop, least=recipe.crop)),
        (recipe.cutout > 0, partial(_cutout, side=recipe.cutout)),
    ]
    return [change for wanted, change in plan if wanted]


def _coins(seed: int, images: int, device: torch.device) -> Tensor:
    generator = torch.Generator().manual_seed(mixed(seed, COINS))
    return (torch.rand(images, generator=generator) < 0.5).to(device)


def _mirror(batch: MaskedImages, which: Tensor) -> MaskedImages:
    def mirrored(images: Tensor) -> Tensor:
        return torch.where(which.view(-1, *(1,) * (images.dim() - 1)), images.flip(-1), images)

    return _each(batch, mirrored, mirrored)


def _each(batch: MaskedImages, images: Callable[[Tensor], Tensor], masks: Callable[[Tensor], Tensor]) -> MaskedImages:
    """Change the images of a batch, and its masks, if there are any."""
    return MaskedImages(images(batch.images), None if batch.masks is None else masks(batch.masks))


def _random_mirror(batch: MaskedImages, generator: torch.Generator) -> MaskedImages:
    images = batch.images
    return _mirror(batch, torch.rand(len(images), generator=generator, device=images.device) < 0.5)


def _padded(images: Tensor, pixels: int, fill: str, value: float = 0.0) -> Tensor:
    sides = (pixels,) * 2 * (images.dim() - 2)
    if fill == "reflect":
        return functional.pad(images, sides, mode="reflect")
    return functional.pad(images, sides, value=value)


def _moved(batch: MaskedImages, generator: torch.Generator, *, pixels: int, fill: str) -> MaskedImages:
    """Move every image by up to some pixels along each axis, each by its own; what comes in belongs to no class."""
    images = batch.images
    axes = images.dim() - 2
    places = torch.randint(2 * pixels + 1, (axes, len(images)), generator=generator, device=images.device)

    def moved(images: Tensor, value: float = 0.0) -> Tensor:
        windows = _padded(images, pixels, fill, value)
        for axis, size in enumerate(images.shape[2:], 2):
            windows = windows.unfold(axis, size, 1)  # a view: one dimension of places, one of what is seen there
        place: tuple[Any, ...] = (torch.arange(len(images), device=images.device), slice(None), *places)
        return windows[place]

    return _each(batch, moved, partial(moved, value=IGNORED))


def _random_crop(batch: MaskedImages, generator: torch.Generator, *, least: float) -> MaskedImages:
    """Cut out a part of every image, of at least a share of its area, and enlarge it (Szegedy et al., 2015)."""
    images = batch.images
    count, device = len(images), images.device
    area, aspect, x, y = torch.rand(4, count, generator=generator, device=device)
    side = torch.sqrt(least + (1 - least) * area)
    ratio = torch.exp((2 * aspect - 1) * log(4 / 3) / 2).clamp(side, 1 / side)  # so that neither side exceeds 1
    width, height = side * ratio, side / ratio
    zeros = torch.zeros(count, device=device)
    rows = (
        torch.stack([width, zeros, (2 * x - 1) * (1 - width)], 1),
        torch.stack([zeros, height, (2 * y - 1) * (1 - height)], 1),
    )
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)

    def cut(images: Tensor, mode: str = "bilinear") -> Tensor:
        return functional.grid_sample(images, grid.to(images.dtype), mode, "reflection", align_corners=False)

    return _each(batch, cut, partial(cut, mode="nearest"))


def _cutout(batch: MaskedImages, generator: torch.Generator, *, side: int) -> MaskedImages:
    """Blank a square of every image (DeVries and Taylor, 2017); its centre may lie at the border."""
    images = batch.images
    each = (len(images), *(1,) * (images.dim() - 1))
    outside = torch.zeros(each, dtype=torch.bool, device=images.device)
    for axis, size in enumerate(images.shape[2:], 2):
        shape = [1] * images.dim()
        shape[axis] = size
        centre = torch.randint(size, each, generator=generator, device=images.device)
        place = torch.arange(size, device=images.device).view(shape)
        outside = outside | (place < centre - side // 2) | (place >= centre - side // 2 + side)
    return batch._replace(images=images * outside)


def _box(images: Tensor, share: float, draw: Random) -> tuple[tuple[Any, ...], float]:
    """Return a box of about a share of the area (Yun et al., 2019), and the share that lies outside of it.

    The box is the same for the whole batch, as in the authors' code.
    """
    sides = [round(size * share ** (1 / (images.dim() - 2))) for size in images.shape[2:]]
    starts = [draw.randint(0, size - side) for size, side in zip(images.shape[2:], sides, strict=True)]
    box: tuple[Any, ...] = (..., *(slice(start, start + side) for start, side in zip(starts, sides, strict=True)))
    pasted = 1.0
    for size, side in zip(images.shape[2:], sides, strict=True):
        pasted *= side / size
    return box, 1 - pasted


def _pasted(images: Tensor, others: Tensor, box: tuple[Any, ...]) -> Tensor:
    images = images.clone()
    images[box] = others[box]
    return images


def _diagonal(images: Tensor, fill: str) -> list[Tensor]:
    """Return the images moved by a pixel towards the first corner, and towards the last."""
    padded = _padded(images, 1, fill)
    first: tuple[Any, ...] = (..., *(slice(0, size) for size in images.shape[2:]))
    last: tuple[Any, ...] = (..., *(slice(2, size + 2) for size in images.shape[2:]))
    return [padded[first], padded[last]]
