"""The events of a training run, and the observers that are notified of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.train.measures import ACCURACY, TOP5, Measure, measure_of
from cnncalc.train.progress import EpochGradients, EpochMetrics


class Begun(NamedTuple):
    """A run begins or is resumed.

    Attributes:
        folder: where it is kept.
        facts: pairs of a word and a sentence that say what is trained, on what, where and how.
        epochs, steps_per_epoch: how long it is.
        first_step: the step from which it is resumed; 0 for a new one.
        rows: of the epochs that are complete.
        tested: which images an epoch is tested on: ``validation`` or ``test``; "" where there are none.
        measures: the numbers by which they are judged; the first says which epoch is best.

    """

    folder: str
    facts: Sequence[tuple[str, str]]
    epochs: int
    steps_per_epoch: int
    first_step: int
    rows: Sequence[EpochMetrics]
    tested: str = "test"
    measures: Sequence[Measure] = (ACCURACY, TOP5)


class StepReport(NamedTuple):
    """What some steps came to, a few times a second.

    Attributes:
        step: steps of the optimizer so far.
        loss: mean over the last steps.
        train_accuracy: of the epoch so far; None where it is not known.
        learning_rate: of the last step.
        images_per_second: since the last report.
        memory_bytes: the most that was in use so far.

    """

    step: int
    loss: float
    train_accuracy: float | None
    learning_rate: float
    images_per_second: float
    memory_bytes: int


class Ended(NamedTuple):
    """A run is over.

    Attributes:
        folder: where it is kept.
        reason: why it ended, for people.
        complete: whether all epochs were trained, or what ended it was asked for.
        best_score, best_epoch: of the images that every epoch is tested on, by the measure; None without any.
        score: after the last epoch.
        test_score: of the test images with the best weights, where validation images chose them.
        seconds: of work in all.
        memory_bytes: the most that was in use.
        predicted_bytes: what a step and the images were predicted to take.
        whole_process: whether ``memory_bytes`` counts everything in the process, not only tensors.
        skipped_steps: steps that fp16 could not take.
        files: what was written, with what it is.
        commands: what to type next, with what it does.
        tested: which images an epoch is tested on: ``validation`` or ``test``; "" where there are none.
        goes_on: whether epochs are left, with which the run could be continued.
        measure: what the scores are.

    """

    folder: str
    reason: str
    complete: bool
    best_score: float | None
    best_epoch: int
    score: float | None
    test_score: float | None
    seconds: float
    memory_bytes: int
    predicted_bytes: int
    whole_process: bool
    skipped_steps: int
    files: Sequence[tuple[str, str]]
    commands: Sequence[tuple[str, str]]
    tested: str = "test"
    goes_on: bool = False
    measure: Measure = ACCURACY

    def named(self) -> dict[str, Any]:
        """Return all of it by name, as programs read it: the scores have the names of what they measure."""
        values = self.measure.named(self._asdict())
        del values["measure"]
        return {**values, "files": dict(self.files), "commands": dict(self.commands)}


class FoldResult(NamedTuple):
    """What the run of a fold came to: its number, from 1, its folder, and the scores as `Ended` has them.

    ``measure`` is the name of what the scores are.
    """

    fold: int
    folder: str
    complete: bool
    score: float | None
    best_score: float | None
    best_epoch: int
    test_score: float | None
    measure: str = ACCURACY.name

    def named(self) -> dict[str, Any]:
        """Return all of it by name, as programs read it: the scores have the names of what they measure."""
        values = measure_of(self.measure).named(self._asdict())
        del values["measure"]
        return values


class Spread(NamedTuple):
    """The mean of some runs, and their standard deviation (of a sample); None of a single one."""

    mean: float
    deviation: float | None


class FoldsEnded(NamedTuple):
    """A cross-validation is over, or was interrupted.

    Attributes:
        folder: where all its runs are.
        folds: how many there are.
        results: of the folds that were trained.
        complete: whether all were, to their end.
        spreads: of ``score``, ``best_score`` and ``test_score``, over the complete folds; None where that is not known.
        commands: what to type next, with what it does.
        measure: what the scores are.

    """

    folder: str
    folds: int
    results: Sequence[FoldResult]
    complete: bool
    spreads: Mapping[str, Spread | None]
    commands: Sequence[tuple[str, str]]
    measure: Measure = ACCURACY

    def named(self) -> dict[str, Any]:
        """Return all of it by name, as programs read it: the scores have the names of what they measure."""
        spreads = {name: spread and spread._asdict() for name, spread in self.spreads.items()}
        results = [result.named() for result in self.results]
        values = {**self._asdict(), "results": results, "commands": dict(self.commands)}
        del values["spreads"], values["measure"]
        return {**values, "measure": self.measure.name, **self.measure.named(spreads)}


class Observer:
    """An observer of a run, such as a display or a log. This one does nothing on any event."""

    def watch(self, session: Any) -> None:
        """Called before the run begins, with its `Session`, which an observer may read and may not change."""

    def begin(self, event: Begun) -> None:
        """Called when a run begins or is resumed."""

    def steps(self, event: StepReport) -> None:
        """Called a few times a second within an epoch."""

    def epoch(self, row: EpochMetrics) -> None:
        """Called after an epoch, with its metrics."""

    def gradients(self, row: EpochGradients) -> None:
        """Called before an epoch is tested, with the gradient norms of its last step."""

    def note(self, text: str) -> None:
        """Called with a message for people, a sentence."""

    def end(self, event: Ended) -> None:
        """Called when the run has ended; not called where it ends in an error."""

    def folds(self, event: FoldsEnded) -> None:
        """Called after a cross-validation, with the results of its runs; each run has events of its own."""

    def close(self) -> None:
        """Release a terminal or a file; called in any case, also after an error."""


class Observers(Observer):
    """Several observers as one."""

    def __init__(self, *observers: Observer) -> None:
        self._all = observers

    def watch(self, session: Any) -> None:
        """Notify all."""
        for observer in self._all:
            observer.watch(session)

    def begin(self, event: Begun) -> None:
        """Notify all."""
        for observer in self._all:
            observer.begin(event)

    def steps(self, event: StepReport) -> None:
        """Notify all."""
        for observer in self._all:
            observer.steps(event)

    def epoch(self, row: EpochMetrics) -> None:
        """Notify all."""
        for observer in self._all:
            observer.epoch(row)

    def gradients(self, row: EpochGradients) -> None:
        """Notify all."""
        for observer in self._all:
            observer.gradients(row)

    def note(self, text: str) -> None:
        """Notify all."""
        for observer in self._all:
            observer.note(text)

    def end(self, event: Ended) -> None:
        """Notify all."""
        for observer in self._all:
            observer.end(event)

    def folds(self, event: FoldsEnded) -> None:
        """Notify all."""
        for observer in self._all:
            observer.folds(event)

    def close(self) -> None:
        """Close all."""
        for observer in self._all:
            observer.close()
