"""One of two classes, by a single logistic output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.core.words import shorten
from cnncalc.network import Network
from cnncalc.report.evaluate import Evaluation, TestedOn, evaluate_report
from cnncalc.report.report import Report
from cnncalc.train.measures import ACCURACY, AUC
from cnncalc.train.tasks.collecting import Collected
from cnncalc.train.tasks.logistic import joined_logits, logistic_loss
from cnncalc.train.tasks.one_of_classes import OneOfClasses
from cnncalc.train.tasks.ranking import roc_auc


class BinaryScore(NamedTuple):
    """How well two classes were classified.

    Attributes:
        loss: mean binary cross-entropy.
        confusion: int64 [2 x 2]: images of class i that were taken for class j.
        auc: area under the ROC curve; None where one class has no images.

    """

    loss: float
    confusion: Tensor
    auc: float | None

    @property
    def images(self) -> int:
        """How many were tested."""
        return int(self.confusion.sum())

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Accuracy and area, by their names."""
        return {ACCURACY.name: float(self.confusion.diagonal().sum() / self.confusion.sum()), AUC.name: self.auc}


class Binary(OneOfClasses):
    """``binary``: each image belongs to one of two classes; the output is the logit of the second."""

    name = "binary"
    learned = "two classes"
    loss_words = "binary cross-entropy"
    ends = ("sigmoid",)
    measures = (ACCURACY, AUC)

    def loss_note(self, network: Network) -> str:
        """Say which class the output is the probability of."""
        return f"{super().loss_note(network)}; the output is that of class {shorten(self.names[1])}"

    def plain_loss(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """Return the mean binary cross-entropy of logits N x 1."""
        return logistic_loss(outputs.flatten(), targets, smoothing, None if weights is None else weights[targets])

    def right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return how many logits lie on the right side of 0, and how many there are."""
        return torch.stack([((outputs.flatten() > 0) == targets.bool()).sum(), targets.new_tensor(len(targets))])

    def joined(self, views: Sequence[Tensor]) -> Tensor:
        """Return the logit of the mean probability over all views, N x 1."""
        return joined_logits([view.flatten(1) for view in views])

    def tally(self, images: int, like: Tensor) -> Collected[BinaryScore]:
        """Return what keeps the logits of all images."""
        return Collected(images, 1, like, binary_score)

    def report(self, tested: TestedOn, score: BinaryScore) -> Report:
        """Return a row for each class, with precision, recall and F1."""
        report = evaluate_report(self.evaluation(tested, score))
        area = "" if score.auc is None else f"{score.auc:.4f}"
        summary = [*report.summary[:2], ("ROC AUC", area), *report.summary[2:]]
        return report._replace(summary=summary, data=lambda: {**report.data(), AUC.name: score.auc})

    def evaluation(self, tested: TestedOn, score: BinaryScore) -> Evaluation:
        """Return what a test came to, with its confusion matrix."""
        on, notes, loss = tested[:-1], tested.notes, "mean binary cross-entropy"
        return Evaluation(*on, self.names, score.confusion.tolist(), score.loss, None, notes, loss)

    def results(self, predicted: Tensor) -> Tensor:
        """Return the probabilities of both classes, N x 2."""
        return torch.cat([torch.sigmoid(-predicted), torch.sigmoid(predicted)], 1)


def binary_score(targets: Tensor, logits: Tensor) -> BinaryScore:
    """Return the score of logits, of targets 0 and 1, both float64 [N x 1]."""
    loss = functional.binary_cross_entropy_with_logits(logits, targets)
    pairs = targets.long() * 2 + (logits > 0).long()
    confusion = torch.bincount(pairs.flatten(), minlength=4).view(2, 2)
    return BinaryScore(float(loss), confusion, roc_auc(targets.flatten(), logits.flatten()))
