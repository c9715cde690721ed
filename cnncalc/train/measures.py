"""The numbers by which a test is judged: what they are called, and which of two is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.report.class_metrics import percent_text


class Measure(NamedTuple):
    """A number by which a test is judged.

    Attributes:
        name: what programs call it: a column of ``metrics.csv``, a key of JSON.
        title: the head of a narrow column.
        words: what it is called in a sentence.
        share: whether it lies in 0..1 and is shown in percent.
        higher: whether more is better.
        shown: whether the line of an epoch has it.

    """

    name: str
    title: str
    words: str
    share: bool = True
    higher: bool = True
    shown: bool = True

    def text(self, value: float | None) -> str:
        """Write a value for people; nothing for what is not known."""
        if value is None:
            return ""
        return f"{100 * value:.2f}%" if self.share else f"{value:.4g}"

    def short_text(self, value: float | None) -> str:
        """Write a value for a headline: ``66.7%``; a dash for what is not known."""
        return percent_text(value) if self.share or value is None else self.text(value)

    @property
    def names(self) -> dict[str, str]:
        """What programs call the scores of a run."""
        return {"score": self.name, "best_score": f"best_{self.name}", "test_score": f"test_{self.name}"}

    def named(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values in whose names ``score`` is the name of the measure."""
        return {self.names.get(name, name): value for name, value in values.items()}

    def better(self, value: float | None, best: float | None) -> bool:
        """Say whether a value is better than the best so far; what is not known is not."""
        if value is None or best is None:
            return value is not None
        return value > best if self.higher else value < best


ACCURACY = Measure("accuracy", "acc", "accuracy")
TOP5 = Measure("top5_accuracy", "top 5", "top-5 accuracy", shown=False)
AUC = Measure("auc", "AUC", "area under the ROC curve")
PRECISION = Measure("mean_ap", "mAP", "mean average precision")
F1 = Measure("f1", "F1", "mean F1")
RMSE = Measure("rmse", "RMSE", "root mean square error", share=False, higher=False)
MAE = Measure("mae", "MAE", "mean absolute error", share=False, higher=False)
R2 = Measure("r2", "R²", "coefficient of determination", share=False, shown=False)
IOU = Measure("mean_iou", "mIoU", "mean IoU")
DICE = Measure("mean_dice", "Dice", "mean Dice")

_BY_NAME = {each.name: each for each in (ACCURACY, TOP5, AUC, PRECISION, F1, RMSE, MAE, R2, IOU, DICE)}


def measure_called(words: str) -> Measure:
    """Return the measure that is called so in sentences; one that is not known is a share."""
    return next((each for each in _BY_NAME.values() if each.words == words), Measure(words, words, words))


def measure_of(name: str) -> Measure:
    """Return what is known of a measure; of one with another name that it is a number, and more is better."""
    return _BY_NAME.get(name) or Measure(name, name, name, share=False)


def named_by(task: str) -> str:
    """Return what an output of a network stands for that has learned a task: a class, a label or a number."""
    return {"labels": "label", "regression": "number"}.get(task, "class")
