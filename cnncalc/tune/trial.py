"""A trial: a run in a folder of its own, whose epochs are reported to Optuna, which may end it early."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, NamedTuple

import torch
from optuna.trial import FrozenTrial, Trial, TrialState

from cnncalc.core.errors import CnncalcError, WriteError
from cnncalc.core.words import shorten
from cnncalc.train.events import Begun, Ended, Observer, Observers
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.run import planning
from cnncalc.train.run.choosing import TrainRequest
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.signals import Signals

if TYPE_CHECKING:
    from cnncalc.train.engine.distributed import Processes
    from cnncalc.train.engine.session import Session

PRUNED_REASON = "other trials are better"
_PRUNED = "lags"
"""The key under which a trial stores that it is to be pruned; studies on disk have this word."""


class TrialObserver(Observer):
    """Reports every epoch of a trial to Optuna, and ends the run where Optuna prunes it.

    Args:
        trial: in Optuna.
        signals: of the run, which is asked to end.

    """

    def __init__(self, trial: Trial, signals: Signals) -> None:
        self._trial, self._signals = trial, signals
        self._reported: set[int] = set(_frozen(trial).intermediate_values)
        self._epochs = 0
        self.pruned = False

    def watch(self, session: Session) -> None:
        """Store the number of parameters in the trial."""
        self._trial.set_user_attr("parameters", session.plan.network.params)

    def begin(self, event: Begun) -> None:
        """Report the epochs of a run that is resumed, which may have been killed between an epoch and its report."""
        self._epochs = event.epochs
        for row in event.rows:
            self._report(row)
        if event.rows:
            self._judge(event.rows[-1])

    def epoch(self, row: EpochMetrics) -> None:
        """Report an epoch; end the run where Optuna prunes it."""
        self._report(row)
        self._judge(row)

    def _judge(self, row: EpochMetrics) -> None:
        """Ask whether the trial is pruned; the answer is stored, since a pruner decides once at each rung."""
        if row.epoch == self._epochs:
            return  # it is complete
        if self._trial.user_attrs.get(_PRUNED) or self._trial.should_prune():
            self._trial.set_user_attr(_PRUNED, True)
            self.pruned = True
            self._signals.enough = PRUNED_REASON

    def _report(self, row: EpochMetrics) -> None:
        if row.score is not None and row.epoch not in self._reported:
            self._reported.add(row.epoch)
            self._trial.report(row.score, row.epoch)

    def end(self, event: Ended) -> None:
        """Store the seconds of the run and its score on test images."""
        self._trial.set_user_attr("seconds", round(event.seconds, 3))
        if event.test_score is not None:
            self._trial.set_user_attr("test", event.test_score)


def _frozen(trial: Trial) -> FrozenTrial:
    return trial.study.get_trials(deepcopy=False)[trial.number]


class TrialEnd(NamedTuple):
    """How a trial ended: its state in Optuna, its score, and its error; no state where it can be resumed."""

    state: TrialState | None
    score: float | None = None
    error: str = ""


def train_or_resume(trial: Trial, asked: TrainRequest, others: list[Observer], signals: Signals) -> TrialEnd:
    """Train a trial from the start, or resume it where it was killed.

    An error of the trial ends the trial; one of the disk ends the study.

    Args:
        trial: in Optuna.
        asked: what is trained, with the folder of its run.
        others: further observers.
        signals: says when to stop.

    Raises:
        WriteError: where something cannot be written.

    """
    observer = TrialObserver(trial, signals)
    threads = torch.get_num_threads()
    try:
        ended = _trained(asked, observer, others, signals)
    except WriteError:
        raise
    except CnncalcError as error:
        return TrialEnd(TrialState.FAIL, error=f"{error.code}: {error.message}")
    except (RuntimeError, ValueError, ArithmeticError) as error:  # of a library: another trial may well be fine
        return TrialEnd(TrialState.FAIL, error=f"{type(error).__name__}: {shorten(str(error), 300)}")
    finally:
        signals.enough = ""
        torch.set_num_threads(threads)  # a recipe may have chosen others
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    if observer.pruned:
        return TrialEnd(TrialState.PRUNED)
    if not ended.complete:
        return TrialEnd(None)
    if ended.best_score is None:
        return TrialEnd(TrialState.FAIL, error="nothing was tested")
    return TrialEnd(TrialState.COMPLETE, ended.best_score)


def _trained(asked: TrainRequest, observer: TrialObserver, others: list[Observer], signals: Signals) -> Ended:
    def make_observer(processes: Processes) -> Observer:
        return Observers(observer, *others)

    folder = RunFolder(str(asked.out))
    if folder.begun():
        return planning.resume(folder.path, asked.device, make_observer, signals)
    return planning.train(asked, make_observer, signals)
