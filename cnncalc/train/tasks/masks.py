"""Masks: a class for each pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.core.numbers import whole
from cnncalc.report.class_metrics import ClassMetrics, class_metrics, mean_of_known, percent_text
from cnncalc.report.evaluate import TestedOn, tested_data, tested_lines
from cnncalc.report.predict import left_out_lines, predictions_data
from cnncalc.report.report import Report
from cnncalc.report.table import Column, Table
from cnncalc.train.data.kinds import IGNORED
from cnncalc.train.dense import middle
from cnncalc.train.measures import ACCURACY, DICE, IOU
from cnncalc.train.tasks.base import LeftOut, Task
from cnncalc.train.tasks.classes import mean_log_probabilities
from cnncalc.train.tasks.one_of_classes import likeliest


class MaskScore(NamedTuple):
    """How well pixels were classified.

    Attributes:
        loss: mean cross-entropy of a pixel.
        confusion: int64 [classes x classes]: pixels of class i that were taken for class j.
        images: how many were tested.

    """

    loss: float
    confusion: Tensor
    images: int

    @property
    def classes(self) -> list[ClassMetrics]:
        """Pixels of every class; `ClassMetrics.f1` is Dice."""
        return class_metrics(self.confusion.tolist())

    @property
    def pixels(self) -> int:
        """How many were tested; those of no class do not count."""
        return int(self.confusion.sum())

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The means over the classes that occur, and the share of pixels classified correctly, by their names."""
        classes = self.classes
        right = int(self.confusion.diagonal().sum())
        return {
            IOU.name: mean_of_known([intersection_over_union(one) for one in classes]),
            DICE.name: mean_of_known([one.f1 for one in classes]),
            ACCURACY.name: right / self.pixels if self.pixels else None,
        }


class Masks(Task):
    """``masks``: each pixel belongs to one class; cross-entropy of each pixel.

    One channel of outputs tells two classes apart: it is the logit of the second. Outputs smaller than the masks, of a
    network without padding, are about their middle.
    """

    name = "masks"
    learned = "masks"
    loss_words = "cross-entropy of each pixel"
    ends = ("softmax", "logsoftmax", "sigmoid")
    measures = (IOU, DICE, ACCURACY._replace(shown=False))
    model_words = "network that segments images"
    hub_task = "image-segmentation"
    evaluates = "IoU and Dice per class"
    predicts = "predicts the masks of images"
    most_views = 2

    def plain_loss(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """Return the mean cross-entropy of logits N x classes x H x W over the pixels that belong to a class."""
        targets = middle(targets, outputs)
        logits, wanted = _both(outputs), targets.long()
        if torch.are_deterministic_algorithms_enabled():  # CUDA has no deterministic one over images
            logits, wanted = logits.movedim(1, -1).flatten(0, -2), wanted.flatten()
        loss = functional.cross_entropy(
            logits, wanted, ignore_index=IGNORED, label_smoothing=smoothing, reduction="sum"
        )
        return loss / (targets != IGNORED).sum().clamp(min=1)

    def right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return how many pixels have their largest logit at their class, and how many belong to one."""
        targets = middle(targets, outputs)
        right = (_both(outputs).argmax(1) == targets).sum()
        return torch.stack([right, (targets != IGNORED).sum()])

    def joined(self, views: Sequence[Tensor]) -> Tensor:
        """Return the logarithm of the mean probabilities, N x classes x H x W; the second view is mirrored back."""
        return mean_log_probabilities(
            [_both(view).flip(-1) if place else _both(view) for place, view in enumerate(views)]
        )

    def tally(self, images: int, like: Tensor) -> _MaskTally:
        """Return what counts pixels by their class and the one that they are taken for."""
        return _MaskTally(len(self.names), images, like)

    def remarks(self, data: str, score: MaskScore) -> list[str]:
        """Say which class is found worst."""
        found = [(intersection_over_union(one), name) for name, one in zip(self.names, score.classes, strict=True)]
        iou, name = min((iou, name) for iou, name in found if iou is not None)
        return [f"On {data}, IoU is lowest for {name}: {percent_text(iou)}."]

    def report(self, tested: TestedOn, score: MaskScore) -> Report:
        """Return a row for each class, with IoU and Dice."""
        columns = (
            Column("class", "class"),
            Column("pixels", "pixels", whole, right=True, rank=2),
            Column("iou", "IoU", percent_text, right=True),
            Column("dice", "Dice", percent_text, right=True),
            Column("precision", "precision", percent_text, right=True, rank=1),
            Column("recall", "recall", percent_text, right=True, rank=1),
        )
        rows = [
            (name, one.images, intersection_over_union(one), one.f1, one.precision, one.recall)
            for name, one in zip(self.names, score.classes, strict=True)
        ]
        metrics = score.metrics
        lines = [
            ("mean IoU", f"{IOU.text(metrics[IOU.name])} (mean over the classes that occur)"),
            ("mean Dice", DICE.text(metrics[DICE.name])),
            ("accuracy", f"{ACCURACY.text(metrics[ACCURACY.name])} of {score.pixels:,} pixels"),
            ("loss", f"{score.loss:.4f} (mean cross-entropy of a pixel)"),
        ]
        return Report(Table(columns, rows), lambda: self._data(tested, score), tested_lines(tested, lines))

    def confusion(self, tested: TestedOn, score: MaskScore) -> Report:
        """Return a row for each class, a column for each predicted class; they count pixels."""
        columns = (Column("class", "class"), *(Column(name, name, whole, right=True) for name in self.names))
        rows = [(name, *row) for name, row in zip(self.names, score.confusion.tolist(), strict=True)]
        remarks = ["rows are true classes of pixels, columns are predicted classes"]
        report = self.report(tested, score)
        return report._replace(table=Table(columns, rows), remarks=remarks)

    def _data(self, tested: TestedOn, score: MaskScore) -> dict[str, Any]:
        classes = score.classes
        return {
            **tested_data(tested),
            "images": score.images,
            "pixels": score.pixels,
            "classes": list(self.names),
            **score.metrics,
            "loss": score.loss,
            "iou": [intersection_over_union(one) for one in classes],
            "dice": [one.f1 for one in classes],
            "precision": [one.precision for one in classes],
            "recall": [one.recall for one in classes],
            "confusion": score.confusion.tolist(),
        }

    def results(self, predicted: Tensor) -> Tensor:
        """Return the likeliest class of each pixel, uint8 N x H x W."""
        return predicted.argmax(1).to(torch.uint8)

    def caption(self, target: Tensor) -> str:
        """Return nothing: a mask is a picture."""
        return ""

    def captioned(self, target: Tensor, result: Tensor) -> str:
        """Say what the shares of `guesses` are."""
        return "classes predicted for the pixels"

    def pictured(self, target: Tensor | None, result: Tensor) -> Sequence[tuple[str, Tensor]]:
        """Return the mask, where there is one, and the predicted one, each H x W of its own size."""
        return [*([] if target is None else [("mask", target)]), ("predicted", result)]

    def holding(self, target: Tensor) -> list[str]:
        """Return the classes that the mask has."""
        return [self.names[place] for place in sorted(set(target.flatten().tolist())) if place != IGNORED]

    def guesses(self, result: Tensor, most: int) -> list[tuple[str, float]]:
        """Return the classes with the shares of the pixels that are predicted to have them."""
        counts = torch.bincount(result.flatten().long(), minlength=len(self.names))
        return [pair for pair in likeliest(self.names, counts / result.numel()) if pair[1]][:most]

    def predictions(self, model: str, told: Sequence[tuple[str, Tensor]], left_out: LeftOut, top: int) -> Report:
        """Return the classes of each image, with the share of its pixels that they have, the largest first."""
        columns = (
            Column("first", "image", programs=False),
            Column("image", "image", people=False),
            Column("class", "class"),
            Column("pixels", "pixels", whole, right=True),
            Column("share", "share", lambda share: f"{100 * share:.2f}%", right=True),
        )
        rows, data = [], []
        for path, mask in told:
            counts = torch.bincount(mask.flatten().long(), minlength=len(self.names)).tolist()
            ranked = sorted(zip(self.names, counts, strict=True), key=lambda pair: -pair[1])
            kept = [(name, count, count / mask.numel()) for name, count in ranked if count]
            rows += [(None if place else path, path, *one) for place, one in enumerate(kept)]
            found = [{"class": name, "pixels": count, "share": share} for name, count, share in kept]
            data.append({"image": path, "classes": found})
        return Report(Table(columns, rows), lambda: predictions_data(model, data, left_out), left_out_lines(left_out))


def intersection_over_union(one: ClassMetrics) -> float | None:
    """Return the share that pixels of a class and pixels predicted as it have in common, in 0..1; None without any."""
    union = one.images + one.predicted - one.right
    return one.right / union if union else None


def _both(outputs: Tensor) -> Tensor:
    """Return logits of at least two classes: a single logit is the difference of the second to the first."""
    return torch.cat([torch.zeros_like(outputs), outputs], 1) if outputs.shape[1] == 1 else outputs


class _MaskTally:
    def __init__(self, classes: int, images: int, like: Tensor) -> None:
        self._classes, self._images = classes, images
        exact = torch.float64 if like.device.type != "mps" else torch.float32
        self._confusion = torch.zeros(classes * classes, dtype=torch.int64, device=like.device)
        self._loss = torch.zeros((), dtype=exact, device=like.device)

    def add(self, places: Tensor, targets: Tensor, predicted: Tensor) -> None:
        """Count a batch."""
        targets = middle(targets, predicted)
        counted = targets != IGNORED
        true, taken = targets[counted].long(), predicted.argmax(1)[counted]
        own = predicted.gather(1, targets.long().clamp(max=self._classes - 1).unsqueeze(1)).squeeze(1)
        self._loss -= own[counted].to(self._loss.dtype).sum()
        self._confusion += torch.bincount(true * self._classes + taken, minlength=self._classes**2)

    def counted(self) -> list[Tensor]:
        """Return the sums."""
        return [self._confusion, self._loss]

    def score(self, counted: Sequence[Tensor]) -> MaskScore:
        """Return what they come to."""
        confusion, loss = counted
        matrix = confusion.view(self._classes, self._classes).cpu()
        return MaskScore(float(loss) / max(1, int(matrix.sum())), matrix, self._images)
