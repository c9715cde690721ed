"""Studies for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna

from cnncalc.network import SpecSettings
from cnncalc.train.data import DataRequest
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run.choosing import TrainRequest
from cnncalc.train.run.signals import Signals
from cnncalc.tune.events import StudyBegun, StudyEnded, StudyObserver
from cnncalc.tune.results import TrialRow
from cnncalc.tune.study import TuneRequest, begin_study, resume_study

SPEC = "input 8x8x1\nparam width = 4\nconv 3x3x{width} p1 - relu - pool2\nfc 10"
VARY = ("width=2..8:step=2", "learning-rate=1e-3..1e-1:log", "optimizer=adamw,sgd")
SHORT: dict[str, Any] = {"speed": "plain", "epochs": 3, "batch": 32}


class Heard(StudyObserver):
    """An observer that remembers everything, and may be told to do something at an epoch."""

    def __init__(self, at_epoch: Any = None) -> None:
        self.begun: StudyBegun | None = None
        self.rows: list[TrialRow] = []
        self.again: list[int] = []
        self.ended: StudyEnded | None = None
        self._number, self._at_epoch = 0, at_epoch

    def begin(self, event: StudyBegun) -> None:
        self.begun = event

    def trial(self, number: int, values: Mapping[str, Any], *, again: bool) -> None:
        self._number = number
        self.again += [number] if again else []

    def epoch(self, row: EpochMetrics) -> None:
        if self._at_epoch:
            self._at_epoch(self._number, row.epoch)

    def trial_ended(self, row: TrialRow, *, best: bool) -> None:
        self.rows.append(row)

    def end(self, event: StudyEnded) -> None:
        self.ended = event


def request(out: str, *, spec: str = SPEC, vary: tuple[str, ...] = VARY, trials: int = 4, **more: Any) -> TuneRequest:
    """Return what is asked for: named fields of a `TuneRequest`, and settings of the recipe."""
    own = {name: more.pop(name) for name in ("storage", "sampler", "prunes", "where", "validates") if name in more}
    recipe = load_recipe("default", SHORT | more)
    train = TrainRequest(spec, SpecSettings(), recipe, DataRequest("digits", limit=150), "cpu", out)
    usual = {"where": (), "storage": "", "sampler": "tpe", "prunes": True, "validates": True}
    return TuneRequest(train=train, vary=vary, trials=trials, **(usual | own))


def begin(out: str, *, heard: Heard | None = None, signals: Signals | None = None, **asked: Any) -> Heard:
    """Try in this process, on the CPU, what `request` takes."""
    observer = heard or Heard()
    begin_study(request(out, **asked), observer, signals or Signals())
    return observer


def resume(out: str, trials: int | None = None, heard: Heard | None = None) -> Heard:
    """Go on with a study in this process."""
    observer = heard or Heard()
    resume_study(out, "cpu", trials, "", observer, Signals())
    return observer


def in_optuna(out: str) -> list[optuna.trial.FrozenTrial]:
    """Return the trials of a study as Optuna itself reads them."""
    return optuna.load_study(study_name=out, storage=f"sqlite:///{out}/study.db").trials
