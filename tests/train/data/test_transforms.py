"""Images that torchvision augments one by one: the same whoever reads them, and what torchvision itself makes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from cnncalc.train.data import ImageTransforms, MemorySplit, TransformedSplit, check_augmentations
from cnncalc.train.data.kinds import IGNORED
from cnncalc.train.recipe.augmentations import AUGMENTATIONS, augmentations_of
from tests.train.data.files import noise, volume

COUNT = 12
ORDER = torch.arange(COUNT).split(4)
PIXELS = torch.from_numpy(noise(COUNT, 3, 16, 12))
EVERYTHING = "rotation=20,colour,perspective,erase,randaugment"


def split(workers: int = 0, augment: str = EVERYTHING) -> TransformedSplit:
    images = MemorySplit(PIXELS, torch.arange(COUNT) % 3)
    return TransformedSplit(images, ImageTransforms(augmentations_of(augment)), workers=workers)


def batches(made: TransformedSplit, order: Any = ORDER, seed: int | None = 5) -> list[Tensor]:
    return [pixels for pixels, _ in made.batches(order, seed=seed)]


def test_a_single_image_is_what_torchvision_makes_of_it() -> None:
    ours = ImageTransforms(augmentations_of("rotation=20,colour=0.5")).image(PIXELS[0], seed=3)
    theirs = v2.Compose(
        [v2.RandomAffine(20, interpolation=v2.InterpolationMode.BILINEAR), v2.ColorJitter(0.5, 0.5, 0.5, 0.125)]
    )
    torch.manual_seed(3)
    assert torch.equal(ours, theirs(PIXELS[0]))


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 32, 32), (1, 4, 32, 32), (3, 4, 32, 32)], ids=str)
def test_each_keeps_shape_and_type(name: str, shape: tuple[int, ...]) -> None:
    image = torch.from_numpy(noise(*shape))
    made = ImageTransforms(augmentations_of(name)).image(image, seed=1)
    assert (made.shape, made.dtype, type(made)) == (image.shape, torch.uint8, Tensor)


def test_the_slices_of_a_volume_are_changed_alike() -> None:
    image = torch.from_numpy(noise(1, 1, 16, 16)).expand(1, 5, 16, 16)
    made = ImageTransforms(augmentations_of("rotation=40")).image(image, seed=1)
    assert torch.equal(made, made[:, :1].expand_as(made))
    assert not torch.equal(made, image)


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_a_batch_is_the_same_whoever_reads_it_and_wherever_the_epoch_goes_on(workers: int) -> None:
    whole = batches(split(), seed=5)
    assert [batch.shape for batch in whole] == [(4, 3, 16, 12)] * 3
    again = batches(split(workers), ORDER[1:], seed=5)
    assert all(torch.equal(one, other) for one, other in zip(whole[1:], again, strict=True))


def test_images_differ_by_epoch_and_twice_in_a_batch() -> None:
    first, other = (batches(split(), seed=seed)[0] for seed in (5, 6))
    assert not torch.equal(first, other)
    ((twice, _),) = split().batches([torch.tensor([2, 2])], seed=5)
    assert not torch.equal(twice[0], twice[1])


def test_without_a_seed_images_are_as_they_are() -> None:
    assert torch.equal(torch.cat(batches(split(), seed=None)), PIXELS)


def test_the_generator_from_which_layers_draw_is_left_alone() -> None:
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.manual_seed(0)
    batches(split())
    assert torch.equal(torch.rand(3), wanted)


def test_a_subset_has_the_labels_and_the_digest_of_its_images() -> None:
    some = split().subset(torch.tensor([3, 1]))
    assert some.labels.tolist() == [0, 1]
    assert some.digest() == MemorySplit(PIXELS, torch.arange(COUNT)).subset(torch.tensor([3, 1])).digest()
    assert (len(some), some.volume, some.in_memory) == (2, volume("16x12x3"), False)


@pytest.mark.parametrize("name", [name for name, found in AUGMENTATIONS.items() if found.masks])
def test_a_mask_is_moved_with_its_image(name: str) -> None:
    """An image whose first channel is its mask: where it is moved, both are alike but for smooth edges."""
    mask = torch.zeros(32, 32, dtype=torch.uint8)
    mask[8:20, 6:28] = 1
    image = (mask * 255).expand(3, 32, 32).clone()
    transforms = ImageTransforms(augmentations_of(name))
    moved, told = transforms.image_and_mask(image, mask, seed=2)
    assert (moved.shape, told.shape, told.dtype) == (image.shape, mask.shape, torch.uint8)
    assert set(told.unique().tolist()) <= {0, 1, IGNORED}
    if name in ("rotation", "shear", "scale", "perspective", "elastic", "upside-down"):
        assert ((moved[0] > 127) == (told == 1)).float().mean() > 0.95


def test_masks_of_a_batch_are_moved_with_its_images() -> None:
    images = MemorySplit(PIXELS, torch.arange(COUNT * 16 * 12).view(COUNT, 16, 12).to(torch.uint8))
    made = TransformedSplit(images, ImageTransforms(augmentations_of("upside-down=1")), workers=0)
    for indices, (pixels, masks) in zip(ORDER, made.batches(ORDER, seed=1), strict=True):
        assert torch.equal(pixels, functional.vertical_flip(PIXELS[indices]))
        assert torch.equal(masks, functional.vertical_flip(images.labels[indices]))


def test_what_cannot_move_masks_is_refused(complaint: Any) -> None:
    assert complaint(check_augmentations, augmentations_of("randaugment"), volume("8x8x3"), masks=True) == (
        "error[bad-recipe]: augment: randaugment cannot move masks along with their images\n"
        "  = these can: colour, grey, noise, blur, rotation, shear, scale, perspective, elastic, upside-down, erase"
    )


def test_turned_upside_down_is_the_vertical_flip() -> None:
    transforms = ImageTransforms(augmentations_of("upside-down=1"))
    assert torch.equal(transforms.image(PIXELS[1], seed=0), functional.vertical_flip(PIXELS[1]))


@pytest.mark.parametrize(
    ("augment", "size", "said"),
    [
        ("rotation", "100x2", "augment: rotation is for images, and the spec's input is 100x2\n"
                              "  = `shift` and `mixup` are for signals too"),
        ("blur,colour", "8x8x5", "augment: colour is for 1 or 3 channels, and the spec's input is 8x8x5\n"
                                 "  = leave colour out"),
    ],
)  # fmt: skip
def test_what_an_input_cannot_be_changed_by_is_refused(complaint: Any, augment: str, size: str, said: str) -> None:
    assert complaint(check_augmentations, augmentations_of(augment), volume(size)) == f"error[bad-recipe]: {said}"
