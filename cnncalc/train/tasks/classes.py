"""One class for each image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.network import Network
from cnncalc.report.evaluate import Evaluation, TestedOn, evaluate_report
from cnncalc.report.report import Report
from cnncalc.train.ends import ends_in
from cnncalc.train.measures import ACCURACY, TOP5
from cnncalc.train.tasks.one_of_classes import OneOfClasses

TOP = 5


class ClassScore(NamedTuple):
    """How well images were classified.

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
        """How many were classified correctly."""
        return int(self.confusion.diagonal().sum())

    @property
    def accuracy(self) -> float:
        """Share that was classified correctly, in 0..1."""
        return self.right / self.images

    @property
    def top5_accuracy(self) -> float | None:
        """Share with their class among the five best scores, in 0..1."""
        return None if self.top5 is None else self.top5 / self.images

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Both shares, by their names."""
        return {ACCURACY.name: self.accuracy, TOP5.name: self.top5_accuracy}


class Classes(OneOfClasses):
    """``classes``: each image belongs to one class; cross-entropy."""

    name = "classes"
    learned = "classes"
    loss_words = "cross-entropy"
    ends = ("softmax", "logsoftmax")
    measures = (ACCURACY, TOP5)

    def loss_note(self, network: Network) -> str:
        """Say what the loss makes of the network's end."""
        if ends_in(network, self.ends):
            return super().loss_note(network)
        last = network.layers[-1].layer.kind
        if last in ("fc", "conv", "gap", "flatten"):
            return "cross-entropy with a softmax of its own: the spec ends in logits"
        return f"cross-entropy with a softmax of its own: the spec ends in `{last}`, whose output it takes as logits"

    def plain_loss(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """Return the mean cross-entropy of logits N x classes, or N x classes x 1 x 1."""
        logits = outputs.flatten(1)
        if weights is None:
            return functional.cross_entropy(logits, targets, label_smoothing=smoothing)
        each = functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="none")
        return (each * weights[targets]).mean()

    def right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return how many images have their largest logit at their class, and how many there are."""
        right = (outputs.flatten(1).argmax(1) == targets).sum()
        return torch.stack([right, targets.new_tensor(len(targets))])

    def joined(self, views: Sequence[Tensor]) -> Tensor:
        """Return the logarithm of the mean probabilities over all views, N x classes."""
        return mean_log_probabilities([view.flatten(1) for view in views])

    def tally(self, images: int, like: Tensor) -> _ClassTally:
        """Return what counts images by their class and the one that they are taken for."""
        return _ClassTally(len(self.names), images, like)

    def report(self, tested: TestedOn, score: ClassScore) -> Report:
        """Return a row for each class, with precision, recall and F1."""
        return evaluate_report(self.evaluation(tested, score))

    def evaluation(self, tested: TestedOn, score: ClassScore) -> Evaluation:
        """Return what a test came to, with its confusion matrix."""
        on, notes = tested[:-1], tested.notes
        return Evaluation(*on, self.names, score.confusion.tolist(), score.loss, score.top5, notes)

    def results(self, predicted: Tensor) -> Tensor:
        """Return probabilities, N x classes."""
        return predicted.exp()


def mean_log_probabilities(views: Sequence[Tensor]) -> Tensor:
    """Return the logarithm of the mean over views of the softmax over dimension 1, float32."""
    logs = [functional.log_softmax(view.float(), 1) for view in views]
    if len(logs) == 1:
        return logs[0]
    return torch.logsumexp(torch.stack(logs), 0) - torch.tensor(float(len(logs))).log().item()


class _ClassTally:
    def __init__(self, classes: int, images: int, like: Tensor) -> None:
        self._classes, self._images = classes, images
        exact = torch.float64 if like.device.type != "mps" else torch.float32
        self._confusion = torch.zeros(classes * classes, dtype=torch.int64, device=like.device)
        self._loss = torch.zeros((), dtype=exact, device=like.device)
        self._top = torch.zeros((), dtype=torch.int64, device=like.device)

    def add(self, places: Tensor, targets: Tensor, predicted: Tensor) -> None:
        """Count a batch."""
        classes = self._classes
        self._loss += functional.nll_loss(predicted, targets, reduction="sum")
        self._confusion += torch.bincount(targets * classes + predicted.argmax(1), minlength=classes * classes)
        if classes > TOP:
            self._top += (predicted.topk(TOP, dim=1).indices == targets[:, None]).sum()

    def counted(self) -> list[Tensor]:
        """Return the sums."""
        return [self._confusion, self._loss, self._top]

    def score(self, counted: Sequence[Tensor]) -> ClassScore:
        """Return what they come to."""
        confusion, loss, top = counted
        matrix = confusion.view(self._classes, self._classes).cpu()
        return ClassScore(float(loss) / self._images, matrix, int(top) if self._classes > TOP else None)
