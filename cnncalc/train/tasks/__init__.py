"""What images are learned as: of each task the loss, the metrics, and what is reported of tests and predictions."""

from cnncalc.train.tasks.base import Targets, Task
from cnncalc.train.tasks.choosing import (
    check_kind,
    check_trainable,
    check_views,
    task_for,
    task_named,
    task_of_spec,
)
from cnncalc.train.tasks.classes import Classes, ClassScore

__all__ = [
    "ClassScore",
    "Classes",
    "Targets",
    "Task",
    "check_kind",
    "check_trainable",
    "check_views",
    "task_for",
    "task_named",
    "task_of_spec",
]
