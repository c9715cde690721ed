"""From a data set to what a run works with: which images are trained on, which are tested when."""

from __future__ import annotations

from typing import NamedTuple

import torch

from cnncalc.core.cleaning import printable
from cnncalc.core.errors import SpecError
from cnncalc.core.words import listed, shorten
from cnncalc.train.data import Dataset, Split, channel_statistics, folds_of, held_out
from cnncalc.train.data.kinds import CLASSES, LABELS
from cnncalc.train.engine.augment import BYTES, FLOATS, PixelNormalisation
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.seeds import FOLDS, SPLIT, mixed


class RunSplits(NamedTuple):
    """What a run works with.

    Attributes:
        train: what is trained on.
        tested: what every epoch is tested on: validation images, or the test images.
        test: what is tested once in the end, where ``tested`` are validation images.
        classes: names of the classes, the labels or the numbers.
        normalisation: see `PixelNormalisation`.
        validates: whether ``tested`` are validation images.
        kind: what the targets are, one of `cnncalc.train.data.kinds.KINDS`.

    """

    train: Split
    tested: Split | None
    test: Split | None
    classes: tuple[str, ...]
    normalisation: PixelNormalisation
    validates: bool = False
    kind: str = CLASSES

    @property
    def tested_name(self) -> str:
        """What the images are called that every epoch is tested on; "" where there are none."""
        return "" if self.tested is None else "validation" if self.validates else "test"

    def to(self, device: torch.device) -> RunSplits:
        """Return the same with the images that are in memory on a device."""
        return self._replace(
            train=self.train.to(device),
            tested=self.tested and self.tested.to(device),
            test=self.test and self.test.to(device),
        )


HELD_BACK = 0.1
"""Share of the training images that is kept for validation where the data have no other images to test with."""


def validation_share(recipe: Recipe, dataset: Dataset) -> float:
    """Return the share of the training images that a run keeps for validation.

    Raises:
        SpecError: where a share is asked for, and the data have validation images of their own.

    """
    if recipe.folds:
        _check_folds(dataset, recipe)
        return 0.0
    if dataset.validation is None:
        return recipe.validation or (0.0 if dataset.test is not None else HELD_BACK)
    if recipe.validation:
        message = f"{printable(dataset.name)} has {len(dataset.validation):,} validation images of its own"
        raise SpecError("bad-recipe", message, hints=["leave `--validation` out: the best epoch is chosen on them"])
    return 0.0


def _check_folds(dataset: Dataset, recipe: Recipe) -> None:
    images = len(dataset.train)
    if not recipe.fold:
        raise SpecError("bad-recipe", "a run holds one fold out", hints=["say which: --fold 1"])
    if recipe.folds > images:
        message = f"{images:,} images cannot be divided into {recipe.folds:,} folds"
        raise SpecError("too-few-images", message, hints=["choose fewer `--folds`"])
    if dataset.validation is not None:
        message = f"{printable(dataset.name)} has {len(dataset.validation):,} validation images of its own"
        raise SpecError("bad-recipe", message, hints=["leave `--folds` out: the best epoch is chosen on them"])


def run_splits(
    dataset: Dataset, recipe: Recipe, normalisation: PixelNormalisation | None, *, by_class: bool = True
) -> RunSplits:
    """Return what a run works with; without a normalisation, that of the images that are trained on.

    Every epoch is tested on the validation images, if there are any, and else on the test images. Runs that are older
    than fingerprints have not kept the same share of every class: ``by_class`` is False for them.
    """
    train, validation = dataset.train, dataset.validation
    by_class = by_class and dataset.kind == CLASSES
    if recipe.validation or recipe.folds:
        kept, held = _split(train, recipe, by_class)
        train, validation = train.subset(kept), train.subset(held)
    tested, test = (dataset.test, None) if validation is None else (validation, dataset.test)
    normalisation = normalisation or _normalisation(train, recipe)
    validates = validation is not None
    return RunSplits(train, tested, test, dataset.classes, normalisation, validates, dataset.kind)


def held_back(dataset: Dataset, recipe: Recipe, *, by_class: bool = True) -> Split:
    """Return the validation images of a run whose data have no others; see `run_splits`."""
    return dataset.train.subset(_split(dataset.train, recipe, by_class and dataset.kind == CLASSES)[1])


def _split(train: Split, recipe: Recipe, by_class: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which images are trained on and which are kept for validation, each in the order of the data.

    Raises:
        SpecError: where one of the two would be empty.

    """
    images = len(train)
    if recipe.folds:
        generator = torch.Generator().manual_seed(mixed(recipe.seed, FOLDS))
        labels = train.labels if by_class else torch.zeros(images, dtype=torch.int64)
        out = folds_of(labels, recipe.folds, generator) == recipe.fold - 1
        return (~out).nonzero().flatten(), out.nonzero().flatten()
    if not 0 < round(images * recipe.validation) < images:
        message = f"a validation share of {recipe.validation:g} of {images:,} images leaves nothing on one side"
        hint = "choose a share between 0 and 1 that leaves images on both"
        raise SpecError("too-few-images", message, hints=[hint, "or add images, or a folder `val` or `test`"])
    generator = torch.Generator().manual_seed(mixed(recipe.seed, SPLIT))
    if not by_class:
        order, count = torch.randperm(images, generator=generator), round(images * recipe.validation)
        return order[count:].sort().values, order[:count].sort().values
    held = held_out(train.labels, recipe.validation, generator)
    if not len(held):
        message = "no class has two images: none can be kept for validation"
        raise SpecError("too-few-images", message, hints=["add images, or a folder `val` or `test` with others"])
    kept = torch.ones(images, dtype=torch.bool)
    kept[held] = False
    return kept.nonzero().flatten(), held


def _normalisation(split: Split, recipe: Recipe) -> PixelNormalisation:
    unit = FLOATS if split.floats else BYTES
    if recipe.normalise == "data":
        return PixelNormalisation(*channel_statistics(split), unit)
    channels = split.volume.channels
    return PixelNormalisation((0.5 if recipe.normalise == "half" else 0.0,) * channels, (1.0,) * channels, unit)


def missing_classes(splits: RunSplits) -> str:
    """Return a sentence that names classes without images to train or to validate with; "" where there are none."""
    if splits.kind not in (CLASSES, LABELS):
        return ""
    found = [("to train with", _missing(splits.train, splits.classes))]
    if splits.validates and splits.tested is not None:
        found.append(("to validate with", _missing(splits.tested, splits.classes)))
    of = f"of {len(splits.classes):,} {splits.kind}"
    return "; ".join(
        f"{len(names):,} {of} have no image {what}: {shorten(listed(names, 5), 200)}" for what, names in found if names
    )


def images_of_each(split: Split, classes: tuple[str, ...]) -> torch.Tensor:
    """Return how many images each class has, or each label, int64 [classes]."""
    labels = split.labels
    return labels.long().sum(0) if labels.dim() > 1 else torch.bincount(labels, minlength=len(classes))


def _missing(split: Split, classes: tuple[str, ...]) -> list[str]:
    counts = images_of_each(split, classes).tolist()
    return [name for name, count in zip(classes, counts, strict=True) if not count]
