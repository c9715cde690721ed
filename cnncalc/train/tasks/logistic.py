"""Logistic outputs: each is the logit of something that holds or does not, whatever the others are."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import torch
from torch import Tensor
from torch.nn import functional


def logistic_loss(logits: Tensor, targets: Tensor, smoothing: float, weights: Tensor | None = None) -> Tensor:
    """Return the mean binary cross-entropy of logits, each times its weight.

    Smoothing moves targets of 0 and 1 towards a half.
    """
    wanted = targets.to(logits.dtype)
    wanted = wanted * (1 - smoothing) + smoothing / 2 if smoothing else wanted
    return functional.binary_cross_entropy_with_logits(logits, wanted, weights)


def joined_logits(views: Sequence[Tensor]) -> Tensor:
    """Return the logits of the mean probabilities over views, float32 of the views' shape."""
    logits = torch.stack([view.float() for view in views])
    if len(views) == 1:
        return logits[0]
    holds = torch.logsumexp(functional.logsigmoid(logits), 0) - log(len(views))
    fails = torch.logsumexp(functional.logsigmoid(-logits), 0) - log(len(views))
    return holds - fails
