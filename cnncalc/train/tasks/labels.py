"""Several labels at once: each holds for an image or does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.core.numbers import bar, whole
from cnncalc.report.class_metrics import ClassMetrics, macro_metrics, percent_text
from cnncalc.report.evaluate import TestedOn, tested_data, tested_lines
from cnncalc.report.predict import left_out_lines, predictions_data
from cnncalc.report.report import Report
from cnncalc.report.table import Column, Table
from cnncalc.train.measures import ACCURACY, F1, PRECISION, named_by
from cnncalc.train.tasks.base import LeftOut, Task
from cnncalc.train.tasks.collecting import Collected
from cnncalc.train.tasks.logistic import joined_logits, logistic_loss
from cnncalc.train.tasks.one_of_classes import likeliest
from cnncalc.train.tasks.ranking import average_precision

_FINE = 10_000


class LabelScore(NamedTuple):
    """How well labels were predicted.

    Attributes:
        loss: mean binary cross-entropy.
        images: how many were tested.
        labels: for each label, how many images have it, how many are predicted to, and how many of these rightly, at
            a probability of a half.
        average_precision: of each label; None where no image has it.
        right: labels of all images that are predicted rightly.
        exact: images of which all labels are.

    """

    loss: float
    images: int
    labels: Sequence[ClassMetrics]
    average_precision: Sequence[float | None]
    right: int
    exact: int

    @property
    def accuracy(self) -> float:
        """Share of the labels of all images that are predicted rightly, in 0..1."""
        return self.right / (self.images * len(self.labels))

    @property
    def mean_average_precision(self) -> float | None:
        """Mean over the labels that some image has."""
        known = [value for value in self.average_precision if value is not None]
        return sum(known) / len(known) if known else None

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The means, by their names."""
        f1 = macro_metrics(self.labels).f1
        return {PRECISION.name: self.mean_average_precision, F1.name: f1, ACCURACY.name: self.accuracy}


class Labels(Task):
    """``labels``: an image has any number of labels; binary cross-entropy of each."""

    name = "labels"
    learned = "labels"
    named = named_by("labels")
    loss_words = "binary cross-entropy of each label"
    ends = ("sigmoid",)
    measures = (PRECISION, F1, ACCURACY._replace(shown=False))
    model_words = "network that labels images"
    hub_task = "image-classification"
    evaluates = "precision, recall and average precision per label"
    predicts = "predicts the labels of images"
    confuses = False

    def plain_loss(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """Return the mean binary cross-entropy over all labels of logits N x labels."""
        return logistic_loss(outputs.flatten(1), targets, smoothing)

    def right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return how many logits lie on the right side of 0, and how many there are."""
        right = ((outputs.flatten(1) > 0) == targets.bool()).sum()
        return torch.stack([right, right.new_tensor(targets.numel())])

    def joined(self, views: Sequence[Tensor]) -> Tensor:
        """Return the logits of the mean probabilities over all views, N x labels."""
        return joined_logits([view.flatten(1) for view in views])

    def tally(self, images: int, like: Tensor) -> Collected[LabelScore]:
        """Return what keeps the logits of all images."""
        return Collected(images, len(self.names), like, label_score)

    def report(self, tested: TestedOn, score: LabelScore) -> Report:
        """Return a row for each label, with precision, recall, F1 and average precision."""
        columns = (
            Column("label", "label"),
            Column("images", "images", whole, right=True, rank=2),
            Column("predicted", "predicted", whole, right=True, rank=3),
            Column("precision", "precision", percent_text, right=True),
            Column("recall", "recall", percent_text, right=True),
            Column("f1", "F1", percent_text, right=True, rank=1),
            Column("average_precision", "AP", percent_text, right=True),
        )
        rows = [
            (name, one.images, one.predicted, one.precision, one.recall, one.f1, precision)
            for name, one, precision in zip(self.names, score.labels, score.average_precision, strict=True)
        ]
        mean = macro_metrics(score.labels)
        count = score.images * len(score.labels)
        lines = [
            ("mean AP", f"{percent_text(score.mean_average_precision)} (mean over the labels that occur)"),
            ("mean F1", f"{percent_text(mean.f1)} (at a probability of 50%)"),
            ("accuracy", f"{100 * score.accuracy:.2f}% ({score.right:,} of {count:,} labels)"),
            ("all right", f"{100 * score.exact / score.images:.2f}% ({score.exact:,} of {score.images:,} images)"),
            ("loss", f"{score.loss:.4f} (mean binary cross-entropy)"),
        ]
        return Report(Table(columns, rows), lambda: self._data(tested, score), tested_lines(tested, lines))

    def _data(self, tested: TestedOn, score: LabelScore) -> dict[str, Any]:
        found = score.labels
        return {
            **tested_data(tested),
            "images": score.images,
            "labels": list(self.names),
            **score.metrics,
            "exact": score.exact / score.images,
            "loss": score.loss,
            "label_images": [one.images for one in found],
            "precision": [one.precision for one in found],
            "recall": [one.recall for one in found],
            "label_f1": [one.f1 for one in found],
            "average_precision": list(score.average_precision),
        }

    def results(self, predicted: Tensor) -> Tensor:
        """Return the probability of each label, N x labels."""
        return predicted.sigmoid()

    def caption(self, target: Tensor) -> str:
        """Name the labels."""
        return ", ".join(self.holding(target)) or "no label"

    def holding(self, target: Tensor) -> list[str]:
        """Return the labels."""
        return [self.names[place] for place in target.nonzero().flatten().tolist()]

    def guesses(self, result: Tensor, most: int) -> list[tuple[str, float]]:
        """Return the likeliest labels."""
        return likeliest(self.names, result)[:most]

    def predictions(self, model: str, told: Sequence[tuple[str, Tensor]], left_out: LeftOut, top: int) -> Report:
        """Return the likeliest labels of each image, with their probabilities, and all that are predicted."""
        columns = (
            Column("first", "image", programs=False),
            Column("image", "image", people=False),
            Column("label", "label"),
            Column("probability", "probability", lambda share: f"{100 * share:.2f}%", right=True),
            Column("predicted", "predicted", lambda holds: "yes" if holds else "no"),
            Column("bar", "", lambda share: bar(round(_FINE * share), _FINE), rank=1, programs=False),
        )
        ranked = [(path, self._ranked(shares, top)) for path, shares in told]
        rows = [
            (path if place == 0 else None, path, name, share, share > 0.5, share)
            for path, labels in ranked
            for place, (name, share) in enumerate(labels)
        ]
        data = [
            {
                "image": path,
                "labels": [{"label": name, "probability": share, "predicted": share > 0.5} for name, share in labels],
            }
            for path, labels in ranked
        ]
        return Report(Table(columns, rows), lambda: predictions_data(model, data, left_out), left_out_lines(left_out))

    def _ranked(self, shares: Tensor, top: int) -> list[tuple[str, float]]:
        """Return labels with their probabilities, the likeliest first: those that are predicted, and at least some."""
        ranked = likeliest(self.names, shares)
        return ranked[: max(top, sum(share > 0.5 for _, share in ranked))]


def label_score(targets: Tensor, logits: Tensor) -> LabelScore:
    """Return the score of logits, of targets 0 and 1, both float64 [N x labels]."""
    loss = functional.binary_cross_entropy_with_logits(logits, targets)
    holds, told = targets.bool(), logits > 0
    counts = zip(holds.sum(0).tolist(), told.sum(0).tolist(), (holds & told).sum(0).tolist(), strict=True)
    precisions = [average_precision(targets[:, label], logits[:, label]) for label in range(targets.shape[1])]
    labels = [ClassMetrics(*count) for count in counts]
    agree = holds == told
    return LabelScore(float(loss), len(targets), labels, precisions, int(agree.sum()), int(agree.all(1).sum()))
