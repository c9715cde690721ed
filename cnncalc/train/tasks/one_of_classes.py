"""What all tasks answer alike in which an image belongs to one of several classes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from cnncalc.report.class_metrics import class_metrics, macro_metrics, percent_text
from cnncalc.report.evaluate import Evaluation, TestedOn, confusion_report
from cnncalc.report.predict import Prediction, predict_report
from cnncalc.report.report import Report
from cnncalc.train.tasks.base import LeftOut, Task, TaskScore


class ConfusionScore(TaskScore, Protocol):
    """How often images of one class were taken for another."""

    @property
    def confusion(self) -> Tensor:
        """Images of class i that were taken for class j, int64 [classes x classes]."""
        ...


class OneOfClasses(Task):
    """A task in which an image belongs to one of several classes, which have names."""

    confusable = True

    @abstractmethod
    def evaluation(self, tested: TestedOn, score: Any) -> Evaluation:
        """Return what a test came to, with its confusion matrix."""

    def measured(self, score: ConfusionScore) -> dict[str, float]:
        """Return the task's measures, the mean F1 of the classes and the loss."""
        measured = super().measured(score)
        loss, f1 = measured.pop("loss"), macro_metrics(class_metrics(score.confusion.tolist())).f1
        return {**measured, **({} if f1 is None else {"macro F1": f1}), "loss": loss}

    def remarks(self, data: str, score: ConfusionScore) -> list[str]:
        """Say which class is recognised worst."""
        found = zip(self.names, class_metrics(score.confusion.tolist()), strict=True)
        recall, name, images = min((one.recall, name, one.images) for name, one in found if one.recall is not None)
        return [f"On {data}, recall is lowest for {name}: {percent_text(recall)} of {images:,} images."]

    def confusion(self, tested: TestedOn, score: ConfusionScore) -> Report:
        """Return a row for each class, a column for each predicted class."""
        return confusion_report(self.evaluation(tested, score))

    def caption(self, target: Tensor) -> str:
        """Name the class."""
        return self.names[int(target)]

    def holding(self, target: Tensor) -> list[str]:
        """Return the class."""
        return [self.caption(target)]

    def guesses(self, result: Tensor, most: int) -> list[tuple[str, float]]:
        """Return the likeliest classes."""
        return likeliest(self.names, result)[:most]

    def predictions(self, model: str, told: Sequence[tuple[str, Tensor]], left_out: LeftOut, top: int) -> Report:
        """Return the likeliest classes of each image, with their probabilities."""
        found = [Prediction(path, self.guesses(shares, top)) for path, shares in told]
        return predict_report(model, found, left_out)


def likeliest(names: Sequence[str], shares: Tensor) -> list[tuple[str, float]]:
    """Return names with their shares, [names], the largest first."""
    return sorted(zip(names, shares.tolist(), strict=True), key=lambda pair: -pair[1])
