"""The events of a study, and the observers that are notified of them. Nothing here imports Optuna or torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.train.progress import EpochMetrics
from cnncalc.tune.results import Judge, TrialRow


class StudyBegun(NamedTuple):
    """A study begins or is resumed.

    Attributes:
        folder: where it is kept.
        about: pairs of a word and a sentence: what is trained, on what, where and how.
        labels: of what is varied.
        trials: how many are wanted.
        epochs: of a trial.
        judge: what trials are judged by.
        rows: the trials that there are.

    """

    folder: str
    about: Sequence[tuple[str, str]]
    labels: Sequence[str]
    trials: int
    epochs: int
    judge: Judge
    rows: Sequence[TrialRow]


class StudyEnded(NamedTuple):
    """A study has its trials, or was asked to stop.

    Attributes:
        folder: where it is kept.
        judge: what trials are judged by.
        rows: the trials.
        best: the best of them; None where none is complete.
        repeat: the command that trains it again; "" likewise.
        files: what was written, with what it is.
        stopped: why it stopped before it had its trials; "" where it has them.
        commands: what to type next, with what it does.

    """

    folder: str
    judge: Judge
    rows: Sequence[TrialRow]
    best: TrialRow | None
    repeat: str
    files: Sequence[tuple[str, str]]
    stopped: str
    commands: Sequence[tuple[str, str]]


class StudyObserver:
    """An observer of a study, such as a display. This one does nothing on any event."""

    def begin(self, event: StudyBegun) -> None:
        """Called when a study begins or is resumed."""

    def trial(self, number: int, values: Mapping[str, Any], *, again: bool) -> None:
        """Called when a trial begins; ``again`` says that it was interrupted and is resumed."""

    def epoch(self, row: EpochMetrics) -> None:
        """Called after an epoch of the trial, with its metrics."""

    def trial_ended(self, row: TrialRow, *, best: bool) -> None:
        """Called when a trial has ended; ``best`` says that it is the best so far."""

    def end(self, event: StudyEnded) -> None:
        """Called when the study has ended or was stopped."""

    def close(self) -> None:
        """Release the terminal; called in any case, also after an error."""
