"""Testing: every image exactly once, in one process or in many."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.train.data import Split
from cnncalc.train.engine.augment import Augmenter
from cnncalc.train.engine.distributed import Processes

TOP = 5

Hearer = Callable[[Tensor, Tensor, Tensor], None]
"""Is told of every batch: indices of its images, int64 [N], their labels, log-probabilities (float32 N x classes)."""


class Score(NamedTuple):
    """How well images were told apart.

    Attributes:
        loss: mean cross-entropy.
        confusion: int64 [classes x classes]: images of class i that were taken for class j.
        top5: how many had their class among the five best scores; None for five classes or fewer.

    """

    loss: float
    confusion: Tensor
    top5: int | None

    @property
    def images(self) -> int:
        """How many were tested."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """How many were told right."""
        return int(self.confusion.diagonal().sum())

    @property
    def accuracy(self) -> float:
        """Share told right, in 0..1."""
        return self.right / self.images

    @property
    def top5_accuracy(self) -> float | None:
        """Share with their class among the five best scores, in 0..1."""
        return None if self.top5 is None else self.top5 / self.images


class Stopped(Exception):
    """A test was broken off; what it had counted is of no use."""


def score(
    module: nn.Module,
    split: Split,
    augmenter: Augmenter,
    *,
    classes: int,
    batch: int,
    views: int = 1,
    cast: Callable[[], torch.autocast],
    processes: Processes | None = None,
    stop: Callable[[], bool] = lambda: False,
    hear: Hearer = lambda indices, labels, logs: None,
) -> Score:
    """Test a module that makes logits N x classes (or N x classes x 1 x 1).

    Args:
        module: is left as it was found, training or not.
        split: the images; each process takes every so manieth.
        augmenter: makes of pixels what the module sees.
        classes: how many there are.
        batch: images at a time.
        views: see `Augmenter.views`; probabilities are averaged.
        cast: makes the context in which the module runs.
        processes: who shares the work; nobody if None.
        stop: asked before every batch whether to break the test off.
        hear: told of every batch what came out for it.

    Raises:
        Stopped: where it was broken off.

    """
    processes = processes or Processes()
    indices = torch.arange(processes.rank, len(split), processes.size)
    device = next(module.parameters()).device
    confusion = torch.zeros(classes * classes, dtype=torch.int64, device=device)
    loss = torch.zeros((), dtype=torch.float64 if device.type != "mps" else torch.float32, device=device)
    top = torch.zeros((), dtype=torch.int64, device=device)
    was_training = module.training
    module.eval()
    with torch.no_grad():
        batches = torch.split(indices, batch)
        for places, (pixels, labels) in zip(batches, split.batches(batches), strict=True):
            if stop():
                raise Stopped
            logs = _log_probabilities(module, augmenter, pixels, views, cast)
            hear(places, labels, logs)
            loss += functional.nll_loss(logs, labels, reduction="sum")
            confusion += torch.bincount(labels * classes + logs.argmax(1), minlength=classes * classes)
            if classes > TOP:
                top += (logs.topk(TOP, dim=1).indices == labels[:, None]).sum()
    module.train(was_training)
    confusion, loss, top = (processes.total(values) for values in (confusion, loss, top))
    counted = confusion.view(classes, classes).cpu()
    return Score(float(loss) / len(split), counted, int(top) if classes > TOP else None)


def _log_probabilities(
    module: nn.Module, augmenter: Augmenter, pixels: Tensor, views: int, cast: Callable[[], torch.autocast]
) -> Tensor:
    """Return the logarithm of the mean probabilities over all views, float32 N x classes."""
    logs = []
    for images in augmenter.views(pixels, views) if views > 1 else [augmenter.plain(pixels)]:
        with cast():
            logits = module(images)
        logs.append(functional.log_softmax(logits.flatten(1).float(), 1))
    if len(logs) == 1:
        return logs[0]
    return torch.logsumexp(torch.stack(logs), 0) - torch.tensor(float(len(logs))).log().item()
