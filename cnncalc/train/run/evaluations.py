"""What a run was tested on and what came out: ``evaluations.json``, which the model card shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.core.reading import read_regular
from cnncalc.core.writing import write_file
from cnncalc.report.evaluate import TestedOn
from cnncalc.train.progress import is_number
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run_files import EVALUATIONS
from cnncalc.train.tasks import Task
from cnncalc.train.tasks.base import TaskScore

SCHEMA = "cnncalc-evaluations/1"
MOST = 20
"""Tests that are kept; older ones are dropped."""

_MOST_BYTES = 2**20


class MeasuredTest(NamedTuple):
    """A test of a run's weights.

    Attributes:
        data: what was tested, for people: ``the test images of digits``.
        images: how many.
        weights: ``best`` or ``last``.
        epoch: after which they were taken.
        views: how many views of an image were averaged.
        metrics: what came out, by the name of each metric: ``accuracy``, ``top-5 accuracy``, ``loss``, ….
        remarks: sentences about it, such as the class with the lowest recall.

    """

    data: str
    images: int
    weights: str
    epoch: int
    views: int
    metrics: Mapping[str, float]
    remarks: Sequence[str] = ()

    @property
    def tested(self) -> tuple[str, str, int, int]:
        """What makes it the same test as another: data, weights, epoch and views."""
        return self.data, self.weights, self.epoch, self.views


def measured_test(on: TestedOn, task: Task, score: TaskScore) -> MeasuredTest:
    """Return what a test of a run came to, as its card has it."""
    metrics, remarks = task.measured(score), task.remarks(on.data, score)
    return MeasuredTest(on.data, score.images, on.weights, on.epoch or 0, on.views, metrics, remarks)


def read_tests(folder: RunFolder) -> list[MeasuredTest]:
    """Return the tests of a run, the oldest first; what is not as it was written counts as none."""
    try:
        found = json.loads(read_regular(folder.file(EVALUATIONS), _MOST_BYTES))
        if found["schema"] != SCHEMA:
            return []
        return [_read(entry) for entry in found["evaluations"]][-MOST:]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return []


def _read(entry: Mapping[str, Any]) -> MeasuredTest:
    test = MeasuredTest(**entry)
    texts = [test.data, test.weights, *test.metrics, *test.remarks]
    counts = [test.images, test.epoch, test.views]
    if not all(isinstance(text, str) for text in texts) or not all(type(count) is int for count in counts):
        raise TypeError
    if not all(is_number(value) for value in test.metrics.values()):
        raise ValueError
    return test


def keep_test(folder: RunFolder, test: MeasuredTest) -> None:
    """Write a test down, in place of an earlier one of the same weights on the same data.

    Raises:
        WriteError: where it cannot be written.

    """
    kept = [other for other in read_tests(folder) if other.tested != test.tested]
    data = {"schema": SCHEMA, "evaluations": [one._asdict() for one in [*kept, test][-MOST:]]}
    write_file(json.dumps(data, indent=2, ensure_ascii=False) + "\n", folder.file(EVALUATIONS))
