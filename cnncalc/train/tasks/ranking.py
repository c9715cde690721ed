"""Metrics of scores, for which no threshold is chosen."""

from __future__ import annotations

import torch
from torch import Tensor


def roc_auc(holds: Tensor, scores: Tensor) -> float | None:
    """Return the area under the ROC curve: how often what holds has a higher score than what does not.

    Equal scores count half (the statistic of Mann and Whitney).

    Args:
        holds: 1 where it holds, else 0, [N].
        scores: likewise [N].

    Returns:
        A share in 0..1; None where it holds for all, or for none.

    """
    holds = holds.double()
    positive, negative = float(holds.sum()), float((1 - holds).sum())
    if not (positive and negative):
        return None
    _, place, counts = torch.unique(scores, return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    ranks = (last - (counts - 1) / 2)[place]  # from 1; equal scores share the mean of theirs
    return float(((ranks * holds).sum() - positive * (positive + 1) / 2) / (positive * negative))


def average_precision(holds: Tensor, scores: Tensor) -> float | None:
    """Return the average precision: the sum over all thresholds of the precision times the gain in recall.

    It is scikit-learn's ``average_precision_score``, without interpolation.

    Args:
        holds: 1 where it holds, else 0, [N].
        scores: likewise [N].

    Returns:
        A share in 0..1; None where it holds for none.

    """
    positive = float(holds.sum())
    if not positive:
        return None
    scores, order = scores.sort(descending=True)
    right = holds.double()[order].cumsum(0)
    ends = torch.ones_like(scores, dtype=torch.bool)
    ends[:-1] = scores[1:] != scores[:-1]  # equal scores lie on one side of every threshold
    right, seen = right[ends], torch.arange(1, len(scores) + 1)[ends]
    gains = torch.diff(right, prepend=torch.zeros(1, dtype=right.dtype)) / positive
    return float((gains * right / seen).sum())
