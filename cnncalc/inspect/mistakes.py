"""What a network gets wrong: how it classifies images, and the images that it gets most wrong."""

from __future__ import annotations

import heapq
from math import exp
from typing import NamedTuple

from torch import Tensor

from cnncalc.inspect.subject import Subject
from cnncalc.report.evaluate import Evaluation, TestedOn
from cnncalc.report.report import Report
from cnncalc.train.run.trained import Tested

MOST = 24
"""Most images that are kept."""


class Mistake(NamedTuple):
    """An image that was taken for another class.

    Attributes:
        image: its index among the images that were tested.
        label: its class.
        predicted: the class it was taken for.
        sure: the probability of that class, in 0..1.
        right: the probability of its own class, in 0..1.

    """

    image: int
    label: int
    predicted: int
    sure: float
    right: float


class Tried(NamedTuple):
    """What a test came to, as a report, and of classes as metrics with the images that were got most wrong."""

    report: Report
    evaluation: Evaluation | None = None
    mistakes: tuple[Mistake, ...] = ()


def try_out(subject: Subject) -> Tried:
    """Test a network on its images.

    The mistakes that come first are those of the largest loss: the network thinks their own class the least likely.
    """
    assert subject.images is not None  # callers check that there are images
    if not subject.classifies:
        return Tried(_report(subject, subject.tester(subject.images, lambda *batch: None)))
    worst: list[tuple[float, int, Mistake]] = []

    def on_batch(indices: Tensor, labels: Tensor, logs: Tensor) -> None:
        predicted = logs.argmax(1)
        wrong = (predicted != labels).nonzero().flatten()
        own = logs[wrong, labels[wrong]]
        for place in wrong[own.topk(min(MOST, len(own)), largest=False).indices].tolist():
            label, taken = int(labels[place]), int(predicted[place])
            right, sure = (float(logs[place, one]) for one in (label, taken))
            index = int(indices[place])
            heapq.heappush(worst, (-right, -index, _mistake(index, label, taken, sure, right)))
            if len(worst) > MOST:
                heapq.heappop(worst)

    found = subject.tester(subject.images, on_batch)
    mistakes = tuple(mistake for _, _, mistake in sorted(worst, reverse=True))
    return Tried(_report(subject, found), _evaluation(subject, found), mistakes)


def _report(subject: Subject, tested: Tested) -> Report:
    on = TestedOn(subject.name, subject.weights, subject.epoch, tested.data, tested.views, tested.notes)
    return subject.task.report(on, tested.score)


def _evaluation(subject: Subject, tested: Tested) -> Evaluation:
    return Evaluation(
        run=subject.name,
        weights=subject.weights,
        epoch=subject.epoch,
        data=tested.data,
        views=tested.views,
        classes=subject.classes,
        confusion=tested.score.confusion.tolist(),
        loss=tested.score.loss,
        top5=tested.score.top5,
        notes=tested.notes,
    )


def _mistake(index: int, label: int, taken: int, sure: float, right: float) -> Mistake:
    return Mistake(index, label, taken, exp(sure), exp(right))
