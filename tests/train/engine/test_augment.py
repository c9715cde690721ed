"""Augmentation: every image of a batch next to what NumPy and torchvision make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms.v2 import functional as torchvision

from cnncalc.core.volume import Volume
from cnncalc.train.engine.augment import Augmenter, PixelNormalisation, Targets
from cnncalc.train.recipe.resolved import resolved_flip, resolved_shift
from cnncalc.train.recipe.settings import Recipe

COLOUR = Volume((8, 6, 3))
AS_IT_IS = PixelNormalisation((0.0,) * 3, (1.0,) * 3)
OFF: dict[str, Any] = {"flip": "none", "shift": 0}


def images(count: int, volume: Volume = COLOUR) -> Tensor:
    """Return pixels of noise, uint8 N x C x H x W, none of them 0."""
    generator = torch.Generator().manual_seed(count)
    shape = (count, volume.channels, *volume.spatial)
    return torch.randint(1, 256, shape, generator=generator, dtype=torch.uint8)


def augmenter(volume: Volume = COLOUR, normalisation: PixelNormalisation = AS_IT_IS, **changes: Any) -> Augmenter:
    recipe = Recipe(**{**OFF, **changes})
    return Augmenter(recipe, volume, normalisation, 1000, torch.device("cpu"))


def trained(
    pixels: Tensor, volume: Volume = COLOUR, *, seed: int = 0, epoch: int = 0, **changes: Any
) -> tuple[Tensor, Targets]:
    """Return what training makes of pixels; image i is the i-th training image and shows class i."""
    order = torch.arange(len(pixels))
    generator = torch.Generator().manual_seed(seed)
    return augmenter(volume, **changes).train(pixels, order, order, epoch, generator)


def floats(pixels: Tensor) -> Tensor:
    """Return pixels in 0..1, as `trained` makes them without a change."""
    return pixels * torch.tensor(1 / 255)


# ---- normalisation


def test_normalisation_is_torchvision_s() -> None:
    pixels, ours = images(5), PixelNormalisation((0.49, 0.48, 0.45), (0.25, 0.24, 0.26))
    wanted = torchvision.normalize(pixels / 255, [*ours.mean], [*ours.deviation])
    torch.testing.assert_close(augmenter(normalisation=ours).plain(pixels), wanted, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(trained(pixels, normalisation=ours)[0], wanted, rtol=1e-5, atol=1e-6)


def test_precision_and_layout_are_those_of_the_recipe() -> None:
    half = augmenter(precision="bf16", channels_last=True, shift=2)
    order = torch.arange(5)
    for made in (half.plain(images(5)), half.train(images(5), order, order, 0, torch.Generator())[0]):
        assert made.dtype == torch.bfloat16
        assert made.is_contiguous(memory_format=torch.channels_last)


# ---- shifts and mirrors


def shifted(image: Tensor, size: int, mode: str) -> list[Tensor]:
    """Return all places of an image C x H x W or C x L, with NumPy's padding."""
    axes = image.dim() - 1
    padded = np.pad(image.numpy(), [(0, 0), *[(size, size)] * axes], mode=mode)
    places = np.ndindex(*(2 * size + 1,) * axes)
    windows = [
        padded[(slice(None), *(slice(start, start + side) for start, side in zip(place, image.shape[1:], strict=True)))]
        for place in places
    ]
    return [torch.from_numpy(window.copy()) for window in windows]


@pytest.mark.parametrize(("fill", "mode"), [("zeros", "constant"), ("reflect", "reflect")])
@pytest.mark.parametrize(("volume", "pixels"), [(COLOUR, 2), (Volume((20, 2)), 3), (Volume((5, 4, 4, 1)), 1)])
def test_every_image_moves_to_one_of_all_places(fill: str, mode: str, volume: Volume, pixels: int) -> None:
    """Each by its own; and all (2p + 1)^axes places are reached."""
    if (fill, volume.dimensions) == ("reflect", 3):
        pixels = 1
    before = images(300, volume)
    after, targets = trained(before, volume, shift=pixels, fill=fill, normalisation=_plain(volume))
    assert torch.equal(targets.labels, torch.arange(300))
    reached = set()
    for image, moved in zip(floats(before), after, strict=True):
        places = [index for index, place in enumerate(shifted(image, pixels, mode)) if torch.equal(place, moved)]
        assert len(places) == 1
        reached.update(places)
    assert reached == set(range((2 * pixels + 1) ** volume.dimensions))


def _plain(volume: Volume) -> PixelNormalisation:
    return PixelNormalisation((0.0,) * volume.channels, (1.0,) * volume.channels)


def test_what_comes_in_at_the_border_is_the_mean_colour() -> None:
    """Zeros stand behind the normalisation, as in the ConvNetJS demo."""
    grey = torch.full((50, 3, 8, 6), 51, dtype=torch.uint8)
    made, _ = trained(grey, shift=2, normalisation=PixelNormalisation((0.2,) * 3, (0.5,) * 3))
    assert made.abs().max() < 1e-6


def test_random_mirrors_are_either_way_round() -> None:
    before = images(1000)
    after, _ = trained(before, flip="random")
    same, mirrored = floats(before), torchvision.horizontal_flip(floats(before))
    turned = [torch.equal(image, other) for image, other in zip(after, mirrored, strict=True)]
    assert 440 < sum(turned) < 560
    for image, plain, other, was_turned in zip(after, same, mirrored, turned, strict=True):
        assert torch.equal(image, other if was_turned else plain)


def test_alternating_mirrors_change_sides_every_epoch() -> None:
    """Keller Jordan's: a coin for each image in the first epoch, the other side in the next."""
    before = images(100)
    first, second, third = (trained(before, flip="alternating", seed=epoch, epoch=epoch)[0] for epoch in range(3))
    turned = [torch.equal(a, b) for a, b in zip(first, torchvision.horizontal_flip(floats(before)), strict=True)]
    assert 30 < sum(turned) < 70
    assert torch.equal(second, torchvision.horizontal_flip(first))
    assert torch.equal(third, first)


def test_an_image_keeps_its_coin_in_whatever_batch_it_stands() -> None:
    before, order = images(100), torch.randperm(100)
    whole = trained(before, flip="alternating")[0]
    made, _ = augmenter(flip="alternating").train(before[order], order, order, 0, torch.Generator())
    assert torch.equal(made, whole[order])


@pytest.mark.parametrize(
    ("size", "flip", "shift"),
    [
        ((32, 32, 3), "alternating", 4),
        ((28, 28, 1), "none", 3),
        ((16000, 1), "none", 2000),
        ((8, 16, 16, 3), "none", 1),
    ],
)
def test_what_auto_means(size: tuple[int, ...], flip: str, shift: int) -> None:
    """Colour photos are mirrored, digits and signals are not; everything moves by an eighth of its shorter side."""
    assert (resolved_flip(Recipe(), Volume(size)), resolved_shift(Recipe(), Volume(size))) == (flip, shift)


# ---- crops, and what is cut out


@given(least=st.floats(0.1, 0.99), seed=st.integers(0, 1000))
def test_a_crop_stays_within_the_image_and_is_large_enough(least: float, seed: int) -> None:
    """Of an image that shows its own coordinates, the corners tell what was cut out.

    A pixel's centre is half a pixel from its border, so a crop of width w has centres that lie w − w/n apart.
    """
    size = 64
    ramp = torch.linspace(0, 252, size).round().to(torch.uint8)  # 4 grey values a pixel
    pixels = torch.stack([ramp.expand(size, size), ramp[:, None].expand(size, size)])[None].repeat(20, 1, 1, 1)
    made, _ = trained(pixels, Volume((size, size, 2)), crop=least, seed=seed, normalisation=_plain(Volume((1, 1, 2))))

    across, down = made[:, 0] * 255 / 4, made[:, 1] * 255 / 4  # in pixels
    assert across.std(1).max() < 1e-3  # no turning, no shearing
    assert down.std(2).max() < 1e-3
    x, y = across[:, 0, 8:-8], down[:, 8:-8, 0]  # away from the border, where the first pixel has no neighbour
    share = [(line[:, -1] - line[:, 0]) / (size - 17) for line in (x, y)]
    assert all(((part > 0) & (part < 1.001)).all() for part in share)
    assert (share[0] * share[1]).min() > least - 0.02
    assert (share[0] / share[1]).max() < 4 / 3 + 0.02
    for line, part in zip((x, y), share, strict=True):
        first = line[:, 0] - 8.5 * part  # where the crop begins
        assert first.min() > -0.51
        assert (first + size * part).max() < size - 0.49


@pytest.mark.slow
@given(side=st.integers(1, 12), seed=st.integers(0, 1000))
def test_cutout_blanks_a_square(side: int, seed: int) -> None:
    """All channels of a box; its centre is in the image, so at least a quarter of it is too."""
    before = images(20)
    after, _ = trained(before, cutout=side, seed=seed)
    for image, made in zip(floats(before), after, strict=True):
        blank = (made == 0).all(0)
        assert torch.equal(made, image * ~blank)
        rows, columns = blank.any(1), blank.any(0)
        assert torch.equal(blank, rows[:, None] & columns[None, :])
        assert all(_is_a_stretch(line) for line in (rows, columns))
        assert all(
            min(side // 2 or 1, size) <= line.sum() <= min(side, size)
            for line, size in zip((rows, columns), COLOUR.spatial, strict=True)
        )


def _is_a_stretch(line: Tensor) -> bool:
    places = line.nonzero().flatten().tolist()
    return places == list(range(places[0], places[-1] + 1))


# ---- mixing


@pytest.mark.parametrize("seed", range(5))
def test_mixup_adds_two_images_in_the_shares_of_their_labels(seed: int) -> None:
    before = images(30)
    after, targets = trained(before, mixup=0.4, seed=seed)
    assert targets.others is not None
    assert 0 <= targets.share <= 1
    assert sorted(targets.others.tolist()) == list(range(30))
    plain = floats(before)
    wanted = targets.share * plain[targets.labels] + (1 - targets.share) * plain[targets.others]
    torch.testing.assert_close(after, wanted)


@pytest.mark.parametrize("seed", range(20))
def test_cutmix_pastes_a_box_as_large_as_the_share_of_its_label(seed: int) -> None:
    before = images(30)
    after, targets = trained(before, cutmix=1.0, seed=seed)
    assert targets.others is not None
    plain = floats(before)
    pasted = torch.stack([(a != b).any(0) for a, b in zip(after, plain, strict=True)]).any(0)
    assert torch.equal(after, torch.where(pasted, plain[targets.others], plain[targets.labels]))
    assert targets.share == pytest.approx(1 - pasted.double().mean().item())
    if pasted.any():
        assert torch.equal(pasted, pasted.any(1)[:, None] & pasted.any(0)[None, :])
        assert _is_a_stretch(pasted.any(0))
        assert _is_a_stretch(pasted.any(1))


def test_shares_are_drawn_from_a_beta_distribution() -> None:
    """Beta(a, a) has the mean 1/2 and the variance 1 / (4 (2a + 1)); here from 2,000 batches."""
    shares = [trained(images(2), mixup=0.4, seed=seed)[1].share for seed in range(2000)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)
    assert np.var(shares) == pytest.approx(1 / (4 * 1.8), abs=0.01)


# ---- everything together

EVERYTHING: dict[str, Any] = {"flip": "random", "shift": 2, "crop": 0.5, "cutout": 3, "cutmix": 1.0}


def test_the_same_seed_gives_the_same_batch() -> None:
    """Every change draws from the generator it is given, and from nothing else."""
    torch.manual_seed(0)
    first = trained(images(20), seed=4, **EVERYTHING)
    torch.manual_seed(1)
    again = trained(images(20), seed=4, **EVERYTHING)
    assert torch.equal(first[0], again[0])
    assert (first[1].share, first[1].others.tolist()) == (again[1].share, again[1].others.tolist())  # type: ignore[union-attr]
    assert not torch.equal(first[0], trained(images(20), seed=5, **EVERYTHING)[0])


def test_the_pixels_themselves_are_left_alone() -> None:
    before = images(20)
    trained(before, **EVERYTHING)
    assert torch.equal(before, images(20))


# ---- views of a test


@pytest.mark.parametrize(
    ("count", "flip", "number"), [(2, "random", 2), (6, "random", 6), (6, "none", 3), (2, "none", 1), (1, "random", 1)]
)
def test_views_are_the_image_its_mirror_and_both_moved_by_a_pixel(count: int, flip: str, number: int) -> None:
    pixels = images(4)
    plain = floats(pixels)
    padded = torch.nn.functional.pad(plain, (1, 1, 1, 1))
    moved = [plain, padded[..., :-2, :-2], padded[..., 2:, 2:]] if count == 6 else [plain]
    mirrored = [torchvision.horizontal_flip(view) for view in moved] if count > 1 and flip != "none" else []

    views = augmenter(flip=flip).views(pixels, count)
    assert len(views) == number
    assert all(torch.equal(view, other) for view, other in zip(views, [*moved, *mirrored], strict=True))
