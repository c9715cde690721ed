"""A trial: a run in a folder of its own, whose epochs Optuna hears, and which it may end early."""

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
_LAGS = "lags"
"""The key under which a trial remembers that it lags behind."""


class TrialObserver(Observer):
    """Tells Optuna of every epoch of a trial, and ends the run where that says so.

    Args:
        trial: in Optuna.
        signals: of the run, which is asked to end.

    """

    def __init__(self, trial: Trial, signals: Signals) -> None:
        self._trial, self._signals = trial, signals
        self._told: set[int] = set(_frozen(trial).intermediate_values)
        self._epochs = 0
        self.pruned = False

    def watch(self, session: Session) -> None:
        """Remember how large the network is."""
        self._trial.set_user_attr("parameters", session.plan.network.params)

    def begin(self, event: Begun) -> None:
        """Tell of the epochs of a run that goes on, where that was cut off between an epoch and what follows it."""
        self._epochs = event.epochs
        for row in event.rows:
            self._tell(row)
        if event.rows:
            self._judge(event.rows[-1])

    def epoch(self, row: EpochMetrics) -> None:
        """Tell of an epoch; end the run where Optuna says that it is enough."""
        self._tell(row)
        self._judge(row)

    def _judge(self, row: EpochMetrics) -> None:
        """Ask whether the trial lags behind, which is remembered: a pruner decides once at each rung."""
        if row.epoch == self._epochs:
            return  # it is complete
        if self._trial.user_attrs.get(_LAGS) or self._trial.should_prune():
            self._trial.set_user_attr(_LAGS, True)
            self.pruned = True
            self._signals.enough = PRUNED_REASON

    def _tell(self, row: EpochMetrics) -> None:
        if row.score is not None and row.epoch not in self._told:
            self._told.add(row.epoch)
            self._trial.report(row.score, row.epoch)

    def end(self, event: Ended) -> None:
        """Remember what the run came to."""
        self._trial.set_user_attr("seconds", round(event.seconds, 3))
        if event.test_score is not None:
            self._trial.set_user_attr("test", event.test_score)


def _frozen(trial: Trial) -> FrozenTrial:
    return trial.study.get_trials(deepcopy=False)[trial.number]


class TrialEnd(NamedTuple):
    """How a trial ended: its state in Optuna, its score, and its error; no state where it can go on."""

    state: TrialState | None
    score: float | None = None
    error: str = ""


def begin_or_go_on(trial: Trial, asked: TrainRequest, others: list[Observer], signals: Signals) -> TrialEnd:
    """Train a trial from the start, or from where it was cut off.

    A fault of the trial is its end; one of the disk is not.

    Args:
        trial: in Optuna.
        asked: what is trained, with the folder of its run.
        others: who else hears of it.
        signals: says when somebody asks to stop.

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
