"""Which images are kept for validation: the same share of every class, once or in folds."""

from __future__ import annotations

import torch


def held_out(labels: torch.Tensor, share: float, generator: torch.Generator) -> torch.Tensor:
    """Return which images are kept for validation, as indices in the order of the data.

    Together they are the share of all images, rounded. Each class gives its share of its images, rounded down, and the
    images that are then missing come from the classes of which rounding took the largest part (the method of largest
    remainders). Every class keeps an image to train with, so that one with a single image gives none.

    Args:
        labels: the class of every image, int64 of shape [N].
        share: of the images, above 0 and below 1.
        generator: what chooses among the images of a class, and among classes with the same remainder.

    Returns:
        Indices, int64, ascending; none where no class can give an image.

    """
    counts = torch.bincount(labels)
    order = torch.randperm(len(labels), generator=generator)
    quotas = _quotas(counts, round(len(labels) * share), share, generator)
    by_class = order[labels[order].argsort(stable=True)]  # in each class in the order that was drawn
    starts = counts.cumsum(0) - counts
    place = torch.arange(len(labels)) - starts.repeat_interleave(counts)
    return by_class[place < quotas.repeat_interleave(counts)].sort().values


def _quotas(counts: torch.Tensor, wanted: int, share: float, generator: torch.Generator) -> torch.Tensor:
    """Return how many images each class gives, of those that it has."""
    most = (counts - 1).clamp(min=0)
    exact = counts.double() * share
    quotas = exact.floor().long().minimum(most)
    remainders = torch.where(quotas < most, exact - quotas, -1)
    drawn = torch.randperm(len(counts), generator=generator)
    largest_first = drawn[remainders[drawn].argsort(descending=True, stable=True)]
    missing = min(max(wanted - int(quotas.sum()), 0), int((quotas < most).sum()))
    quotas[largest_first[:missing]] += 1
    return quotas


def folds_of(labels: torch.Tensor, folds: int, generator: torch.Generator) -> torch.Tensor:
    """Return the fold of every image, counted from 0: int64 [N].

    Folds have the same number of images, to one, and so do they of each class: sorted by class, the images are dealt
    out in turn, as scikit-learn's ``StratifiedKFold`` does. Which image of a class comes into which fold is drawn.

    Args:
        labels: the class of every image, int64 of shape [N].
        folds: how many.
        generator: what chooses among the images of a class.

    """
    sorted_labels = labels.sort().values
    dealt = torch.arange(len(labels)) % folds
    by_class = (sorted_labels * folds + dealt).sort().values % folds  # in each class its folds, one after the other
    order = torch.randperm(len(labels), generator=generator)
    found = torch.empty_like(labels)
    found[order[labels[order].argsort(stable=True)]] = by_class
    return found
