"""What is predicted for every image of a test, from all processes: for metrics that need all images at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor

from cnncalc.train.tasks.base import TaskScore

S = TypeVar("S", bound=TaskScore)


class Collected(Generic[S]):
    """Keeps what is predicted for each image, and its target.

    Args:
        images: how many there are.
        columns: of what is predicted, and of targets.
        like: a tensor on the device that tests.
        judge: makes the score of targets and predictions, both float64 [images x columns] on the CPU.

    """

    def __init__(self, images: int, columns: int, like: Tensor, judge: Callable[[Tensor, Tensor], S]) -> None:
        self._targets = torch.zeros((images, columns), device=like.device)
        self._predicted = torch.zeros_like(self._targets)
        self._judge = judge

    def add(self, places: Tensor, targets: Tensor, predicted: Tensor) -> None:
        """Keep a batch."""
        rows = places.to(self._targets.device)
        self._targets[rows] = targets.float().view(len(rows), -1)
        self._predicted[rows] = predicted.float().view(len(rows), -1)

    def counted(self) -> list[Tensor]:
        """Return both; those of images that other processes test are 0."""
        return [self._targets, self._predicted]

    def score(self, counted: Sequence[Tensor]) -> S:
        """Return what they come to."""
        targets, predicted = (values.cpu().double() for values in counted)
        return self._judge(targets, predicted)
