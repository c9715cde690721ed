"""How far a run has come: everything that is no tensor, as a checkpoint keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from typing import Any

from cnncalc.core.errors import RunError
from cnncalc.train.measures import ACCURACY, Measure, measure_of


@dataclass(frozen=True)
class EpochMetrics:
    """What is known after an epoch; a row of ``metrics.csv``.

    Attributes:
        epoch: from 1.
        step: steps of the optimizer so far.
        learning_rate: of the epoch's last step.
        train_loss: mean over the epoch's images, as they were augmented.
        train_accuracy: of the batches whose predictions were counted, in 0..1; None where targets were mixed, or the
            task has none.
        loss: of the tested images; None where there are none.
        metrics: the task's measures of these by their names, first the one that says which epoch is best.
        images_per_second: in training.
        seconds: since the run began, without the time that it lay still.

    """

    epoch: int
    step: int
    learning_rate: float
    train_loss: float
    train_accuracy: float | None
    loss: float | None
    metrics: Mapping[str, float | None]
    images_per_second: float
    seconds: float

    @property
    def accuracy(self) -> float | None:
        """Share of the tested images that were classified correctly, in 0..1; None for a task without it."""
        return self.metrics.get("accuracy")

    @property
    def measure(self) -> Measure:
        """The measure that says which epoch is best."""
        return measure_of(next(iter(self.metrics), ACCURACY.name))

    @property
    def score(self) -> float | None:
        """Its value; None where nothing was tested."""
        return self.metrics.get(self.measure.name)

    def columns(self) -> dict[str, Any]:
        """Return all of it by name, as a row of ``metrics.csv`` and an event of JSON have it."""
        values = asdict(self)
        metrics = values.pop("metrics")
        if ACCURACY.name not in metrics:
            values.pop(_TRAIN_ACCURACY)
        speed = {name: values.pop(name) for name in ("images_per_second", "seconds")}
        return {**values, **metrics, **speed}


_TRAIN_ACCURACY = "train_accuracy"


def best_row(rows: Sequence[EpochMetrics]) -> EpochMetrics | None:
    """Return the first epoch that is best by its measure; None where nothing was tested."""
    best: EpochMetrics | None = None
    for row in rows:
        if row.measure.better(row.score, best.score if best else None):
            best = row
    return best


def row_from(values: Mapping[str, Any]) -> EpochMetrics:
    """Return the row that `EpochMetrics.columns` wrote, or raise KeyError, TypeError or ValueError."""
    fixed = [place.name for place in fields(EpochMetrics) if place.name != "metrics"]
    metrics = {name: value for name, value in values.items() if name not in fixed}
    if not all(value is None or is_number(value) for value in metrics.values()):
        raise TypeError
    row: EpochMetrics = _whole(EpochMetrics, {_TRAIN_ACCURACY: None, **values, "metrics": metrics})
    return row


@dataclass(frozen=True)
class EpochGradients:
    """How large the gradients were in the last step of an epoch; a row of ``gradients.csv``.

    Attributes:
        epoch: from 1.
        norms: the L2 norm of the gradient of each layer with weights, weights and biases together, by the layer's name,
            from the input to the output; None where it was no finite number.

    """

    epoch: int
    norms: Mapping[str, float | None]


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        step: steps of the optimizer so far.
        rows: of the epochs that are complete.
        gradients: of the epochs whose steps were taken; a run that is older than they are has none of its first epochs.
        loss_sum, loss_images: of the epoch under way.
        seen_right, seen_images: of its batches whose predictions were counted.
        best_score, best_epoch: of the best epoch so far, by its measure; None and 0 without one.
        seconds: of work so far.
        rate_scale: what the learning rate is multiplied by since the run went back.
        rollbacks: how often it went back.
        skipped_steps: steps that fp16 could not take, since a gradient was too large for it.

    """

    step: int = 0
    rows: list[EpochMetrics] = field(default_factory=list)
    gradients: list[EpochGradients] = field(default_factory=list)
    loss_sum: float = 0.0
    loss_images: int = 0
    seen_right: int = 0
    seen_images: int = 0
    best_score: float | None = None
    best_epoch: int = 0
    seconds: float = 0.0
    rate_scale: float = 1.0
    rollbacks: int = 0
    skipped_steps: int = 0

    @property
    def epoch(self) -> int:
        """The epoch under way, from 0."""
        return len(self.rows)

    @property
    def train_accuracy(self) -> float | None:
        """Of the batches of the epoch under way whose predictions were counted; None if none was."""
        return self.seen_right / self.seen_images if self.seen_images else None

    @property
    def stale_epochs(self) -> int:
        """Epochs since the best one."""
        return self.epoch - self.best_epoch

    def close_epoch(self, row: EpochMetrics) -> bool:
        """Add the row of the epoch under way; say whether it is the best so far."""
        self.rows.append(row)
        self.loss_sum, self.loss_images, self.seen_right, self.seen_images = 0.0, 0, 0, 0
        if not row.measure.better(row.score, self.best_score):
            return False
        self.best_score, self.best_epoch = row.score, row.epoch
        return True

    def begin_epoch(self, steps_per_epoch: int) -> None:
        """Go to the beginning of the epoch under way, counted in epochs of another number of steps."""
        self.step = self.epoch * steps_per_epoch
        self.gradients = [row for row in self.gradients if row.epoch <= self.epoch]
        self.loss_sum, self.loss_images, self.seen_right, self.seen_images = 0.0, 0, 0, 0

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "rows": [row.columns() for row in self.rows]}


def progress_from(facts: Any) -> Progress:
    """Return the progress that `Progress.facts` wrote.

    Raises:
        RunError: where something is missing, or is not what it should be.

    """
    try:
        rows = [row_from(row) for row in facts["rows"]]
        facts = {"best_score": facts.get("best_accuracy"), **facts}  # as it was called before there were other tasks
        gradients = [_gradients_from(row) for row in facts.get("gradients", [])]
        progress: Progress = _whole(Progress, {**facts, "rows": rows, "gradients": gradients})
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RunError("bad-checkpoint", "a checkpoint does not say how far the run had come") from None
    return progress


def _gradients_from(values: Any) -> EpochGradients:
    """Make the norms of an epoch of values, or raise an error as `_whole` does."""
    row: EpochGradients = _whole(EpochGradients, values)
    if not all(value is None or is_number(value) for value in row.norms.values()):
        raise TypeError
    return row


def _whole(kind: Any, values: Any) -> Any:
    """Make a row or a progress of values, each of the type that its field has, or raise TypeError or ValueError."""
    for place in fields(kind):
        value, wanted = values[place.name], str(place.type)
        if value is None and wanted.endswith("| None"):
            continue
        if wanted.startswith("int") and not (type(value) is int and 0 <= value < 2**63):
            raise TypeError(place.name)
        if wanted.startswith("float") and not is_number(value):
            raise TypeError(place.name)
    return kind(**{place.name: values[place.name] for place in fields(kind)})


def is_number(value: Any) -> bool:
    """Say whether a value of JSON is a number that is finite and that a float can hold."""
    try:
        return type(value) in (int, float) and isfinite(value)
    except OverflowError:
        return False
