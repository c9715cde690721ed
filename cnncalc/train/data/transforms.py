"""Augmentation of single images by torchvision, before they are joined to a batch and normalised."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from cnncalc.core.errors import SpecError
from cnncalc.core.volume import Volume
from cnncalc.train.recipe.augmentations import AUGMENTATIONS, ChosenAugmentation
from cnncalc.train.seeds import IMAGE, mixed

_COLOURS = (1, 3)
"""Numbers of channels whose values are colours."""

_MASKED = 3
"""Dimensions of the targets of a batch from which on they are masks."""


def check_augmentations(chosen: Sequence[ChosenAugmentation], volume: Volume, *, masks: bool = False) -> None:
    """Refuse augmentations of images that have no height and width, or no colours, or masks that cannot be moved.

    Raises:
        SpecError: for signals, for changes of colour where there are neither 1 nor 3 channels, and for what torchvision
            cannot do to masks.

    """
    for augmentation, _ in chosen:
        if masks and not augmentation.masks:
            message = f"augment: {augmentation.name} cannot move masks along with their images"
            moving = ", ".join(found.name for found in AUGMENTATIONS.values() if found.masks)
            raise SpecError("bad-recipe", message, hints=[f"these can: {moving}"])
        if volume.dimensions not in (2, 3):
            message = f"augment: {augmentation.name} is for images, and the spec's input is {volume}"
            raise SpecError("bad-recipe", message, hints=["`shift` and `mixup` are for signals too"])
        if augmentation.colours and volume.channels not in _COLOURS:
            message = f"augment: {augmentation.name} is for 1 or 3 channels, and the spec's input is {volume}"
            raise SpecError("bad-recipe", message, hints=[f"leave {augmentation.name} out"])


class ImageTransforms:
    """Changes images one by one, each by its own random numbers, on the CPU.

    Volumes of three dimensions are seen as clips: each of their slices is changed alike.

    Args:
        chosen: what is done, in this order.

    """

    def __init__(self, chosen: Sequence[ChosenAugmentation]) -> None:
        self._chosen = chosen

    @cached_property
    def _transform(self) -> Any:
        from torchvision.transforms import v2

        return v2.Compose([augmentation.make(v2, number) for augmentation, number in self._chosen])

    def batch(self, pixels: Tensor, targets: Tensor, indices: Sequence[int], seed: int) -> tuple[Tensor, Tensor]:
        """Return the images of a batch, changed, and their targets; masks among these are moved along.

        What is drawn depends on the seed and the batch's indices alone. So an image that stands in several batches, or
        twice in one, is changed in another way each time, and any process that reads the batch draws the
        same.

        Args:
            pixels: uint8 N x C x H x W, or N x C x D x H x W.
            targets: of the images; masks are N x H x W.
            indices: which training images these are.
            seed: of the epoch.

        """
        seeds = [mixed(seed, IMAGE, *indices, row) for row in range(len(indices))]
        with _generator_kept():
            if targets.dim() < _MASKED:
                return torch.stack([self.image(*pair) for pair in zip(pixels, seeds, strict=True)]), targets
            both = [self.image_and_mask(*found) for found in zip(pixels, targets, seeds, strict=True)]
            images, masks = zip(*both, strict=True)
            return torch.stack(images), torch.stack(masks)

    def image(self, image: Tensor, seed: int) -> Tensor:
        """Return an image, C x H x W or C x D x H x W, changed as a seed says; sets torch's own generator."""
        torch.default_generator.manual_seed(seed)
        from torchvision import tv_tensors

        if image.dim() == 3:
            return _plain(self._transform(tv_tensors.Image(image)))
        return _plain(self._transform(tv_tensors.Video(image.transpose(0, 1)))).transpose(0, 1)

    def image_and_mask(self, image: Tensor, mask: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Return an image, C x H x W, and its mask, uint8 H x W, moved alike.

        What comes in from outside belongs to no class. What is not moved but changed (colours, erased rectangles)
        leaves the mask as it is.
        """
        torch.default_generator.manual_seed(seed)
        from torchvision import tv_tensors

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # erasing says that it leaves masks alone
            moved, told = self._transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
        return _plain(moved), _plain(told)


def _plain(image: Any) -> Tensor:
    plain: Tensor = image.as_subclass(Tensor)
    return plain


@contextmanager
def _generator_kept() -> Iterator[None]:
    """Leave torch's own generator, from which layers draw, as it was."""
    state = torch.default_generator.get_state()
    try:
        yield
    finally:
        torch.default_generator.set_state(state)
