"""The report of ``cnncalc evaluate``: how well a trained network classifies images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.core.numbers import whole
from cnncalc.report.class_metrics import ClassMetrics, MacroMetrics, class_metrics, macro_metrics, percent_text
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Column, Table


class TestedOn(NamedTuple):
    """What was tested, by which weights.

    Attributes:
        run: the run's folder.
        weights: which weights, ``best`` or ``last``; of a spec, where they come from, in words.
        epoch: after which they were taken; None for those of a spec.
        data: what was tested.
        views: how many views of an image were averaged.
        notes: how the files of the data were understood, where that is not plain.

    """

    run: str
    weights: str
    epoch: int | None
    data: str
    views: int
    notes: Sequence[str] = ()


def tested_lines(tested: TestedOn, results: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the lines below the table of a test: what was tested, what it came to, and notes."""
    views = f", {tested.views} views of each" if tested.views > 1 else ""
    weights = tested.weights if tested.epoch is None else f"the {tested.weights} weights (epoch {tested.epoch})"
    notes = [("note", note) for note in tested.notes]
    return [("tested", f"{tested.data}{views}, with {weights}"), *results, *notes]


def tested_data(tested: TestedOn) -> dict[str, Any]:
    """Return what was tested as data for programs."""
    return {
        "schema": SCHEMA,
        "run": tested.run,
        "weights": tested.weights,
        "epoch": tested.epoch,
        "data": tested.data,
        "views": tested.views,
    }


class Evaluation(NamedTuple):
    """What a test came to.

    Attributes:
        run: the run's folder.
        weights: which weights, ``best`` or ``last``; of a spec, where they come from, in words.
        epoch: after which they were taken; None for those of a spec.
        data: what was tested.
        views: how many views of an image were averaged.
        classes: their names.
        confusion: for each class, how many of its images were predicted as each class.
        loss: mean cross-entropy.
        top5: how many had their class among the five best; None for five classes or fewer.
        notes: how the files of the data were understood, where that is not plain.
        loss_words: what the loss is called.

    """

    run: str
    weights: str
    epoch: int | None
    data: str
    views: int
    classes: Sequence[str]
    confusion: Sequence[Sequence[int]]
    loss: float
    top5: int | None
    notes: Sequence[str] = ()
    loss_words: str = "mean cross-entropy"

    @property
    def on(self) -> TestedOn:
        """What was tested, by which weights."""
        return TestedOn(self.run, self.weights, self.epoch, self.data, self.views, self.notes)

    @property
    def images(self) -> int:
        """How many were tested."""
        return sum(map(sum, self.confusion))

    @property
    def per_class(self) -> list[ClassMetrics]:
        """Precision, recall and F1 of every class."""
        return class_metrics(self.confusion)

    @property
    def macro(self) -> MacroMetrics:
        """Their means over the classes."""
        return macro_metrics(self.per_class)

    @property
    def right(self) -> int:
        """How many were classified correctly."""
        return sum(row[place] for place, row in enumerate(self.confusion))


def evaluate_report(evaluation: Evaluation) -> Report:
    """Make the report: a row for each class, with what it is most often confused with."""
    columns = (
        Column("class", "class"),
        Column("images", "images", whole, right=True, rank=3),
        Column("right", "right", whole, right=True, rank=2),
        Column("precision", "precision", percent_text, right=True),
        Column("recall", "recall", percent_text, right=True),
        Column("f1", "F1", percent_text, right=True, rank=1),
        Column("taken_for", "most often confused with", rank=4),
    )
    rows = [
        (name, one.images, one.right, one.precision, one.recall, one.f1, _taken_for(evaluation, place))
        for place, (name, one) in enumerate(zip(evaluation.classes, evaluation.per_class, strict=True))
    ]
    total = ("total", evaluation.images, evaluation.right, None, None, None, None)
    return Report(Table(columns, rows, total), lambda: _data(evaluation), evaluation_lines(evaluation))


def confusion_report(evaluation: Evaluation) -> Report:
    """Make the report: a row for each class, a column for each predicted class."""
    columns = (
        Column("class", "class"),
        *(Column(name, name, whole, right=True) for name in evaluation.classes),
    )
    rows = [(name, *row) for name, row in zip(evaluation.classes, evaluation.confusion, strict=True)]
    remarks = ["rows are true classes, columns are predicted classes"]
    return Report(Table(columns, rows), lambda: _data(evaluation), evaluation_lines(evaluation), remarks)


def _taken_for(evaluation: Evaluation, place: int) -> str | None:
    """Name the class that a class is most often confused with, and how often."""
    row = evaluation.confusion[place]
    count, other = max((count, -other) for other, count in enumerate(row) if other != place)
    return f"{evaluation.classes[-other]} ({count:,})" if count else None


def evaluation_lines(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return what stands below the table: what was tested, accuracy, means over the classes, loss."""
    images, right = evaluation.images, evaluation.right
    lines = [("accuracy", f"{100 * right / images:.2f}% ({right:,} of {images:,})")]
    if evaluation.top5 is not None:
        lines.append(("top 5", f"{100 * evaluation.top5 / images:.2f}% ({evaluation.top5:,} of {images:,})"))
    loss = f"{evaluation.loss:.4f} ({evaluation.loss_words})"
    return tested_lines(evaluation.on, [*lines, ("macro F1", _macro(evaluation)), ("loss", loss)])


def _macro(evaluation: Evaluation) -> str:
    """Say what precision, recall and F1 are on average, where each class counts alike."""
    precision, recall, f1 = map(percent_text, evaluation.macro)
    return f"{f1} (mean over the classes; precision {precision}, recall {recall})"


def _data(evaluation: Evaluation) -> dict[str, Any]:
    return {**tested_data(evaluation.on), **metrics_data(evaluation)}


def metrics_data(evaluation: Evaluation) -> dict[str, Any]:
    """Return what was tested and what it came to, as data for programs."""
    images, right, found = evaluation.images, evaluation.right, evaluation.per_class
    return {
        "data": evaluation.data,
        "views": evaluation.views,
        "images": images,
        "right": right,
        "accuracy": right / images,
        "top5_accuracy": None if evaluation.top5 is None else evaluation.top5 / images,
        "loss": evaluation.loss,
        "classes": list(evaluation.classes),
        "confusion": [list(row) for row in evaluation.confusion],
        "precision": [one.precision for one in found],
        "recall": [one.recall for one in found],
        "f1": [one.f1 for one in found],
        "macro_precision": evaluation.macro.precision,
        "macro_recall": evaluation.macro.recall,
        "macro_f1": evaluation.macro.f1,
    }
