"""Precision, recall and F1 of every class, from the confusion matrix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class ClassMetrics(NamedTuple):
    """How well one class was distinguished from the others.

    Attributes:
        images: how many the class has.
        predicted: how many images were predicted as it.
        right: how many of its images were predicted as it.

    """

    images: int
    predicted: int
    right: int

    @property
    def precision(self) -> float | None:
        """Share of what was predicted as the class that belongs to it, in 0..1; None where nothing was."""
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Share of the class's images that were predicted as it, in 0..1; None where it has none."""
        return self.right / self.images if self.images else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, in 0..1; None where there are neither images nor predictions."""
        both = self.images + self.predicted
        return 2 * self.right / both if both else None


def class_metrics(confusion: Sequence[Sequence[int]]) -> list[ClassMetrics]:
    """Return the metrics of every class.

    Args:
        confusion: for each class, how many of its images were predicted as each class.

    """
    predicted = [sum(column) for column in zip(*confusion, strict=True)]
    return [ClassMetrics(sum(row), predicted[place], row[place]) for place, row in enumerate(confusion)]


class MacroMetrics(NamedTuple):
    """Means over those classes in which a metric is known, each class counting alike; None where it is in none."""

    precision: float | None
    recall: float | None
    f1: float | None


def macro_metrics(classes: Sequence[ClassMetrics]) -> MacroMetrics:
    """Return the means over classes."""
    return MacroMetrics(*(mean_of_known([getattr(one, name) for one in classes]) for name in MacroMetrics._fields))


def mean_of_known(shares: Iterable[float | None]) -> float | None:
    """Return the mean of the shares that are known; None where none is."""
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else None


def percent_text(share: float | None) -> str:
    """Write a share in percent, with one digit: ``66.7%``; a dash for what is not known."""
    return "–" if share is None else f"{100 * share:.1f}%"
