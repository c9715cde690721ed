"""A study: trials one after the other, until there are as many as are wanted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from cnncalc.core.errors import SpecError
from cnncalc.loading import load_with, read_source
from cnncalc.train.engine.devices import choose_device
from cnncalc.train.engine.splits import HELD_BACK
from cnncalc.train.events import Observer
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.choosing import ChosenPlan, TrainRequest, chosen_plan, joined
from cnncalc.train.run.data_origin import with_whole_paths
from cnncalc.train.run.facts import command_line, versions
from cnncalc.train.run.folder import free_folder
from cnncalc.train.run.signals import Signals
from cnncalc.tune.blocks import with_calls
from cnncalc.tune.conditions import missed, read_where
from cnncalc.tune.events import StudyBegun, StudyObserver
from cnncalc.tune.folder import SPEC, StudyFacts, StudyFolder, TrialLock
from cnncalc.tune.importance import importances
from cnncalc.tune.results import EXCLUDED, TrialRow, rows_of
from cnncalc.tune.saving import StudyFiles
from cnncalc.tune.space import TrialSettings, Varied, asked_with, parameters_of, varied_names
from cnncalc.tune.storage import open_study, sampler_of, storage_name, trials_of, using_storage
from cnncalc.tune.trial import TrialEnd, train_or_resume


class TuneRequest(NamedTuple):
    """What is asked of a study.

    Attributes:
        train: what is trained where nothing is varied; its folder is that of the study.
        vary, where: what `--vary` and `--where` say.
        trials: how many are wanted.
        storage: Optuna's: a URL or the path of a journal; "" for a database in the folder.
        sampler: what proposes settings.
        prunes: whether trials that lag behind are ended early.
        validates: whether images are held out for validation where the data have none and the recipe does not say.

    """

    train: TrainRequest
    vary: tuple[str, ...]
    where: tuple[str, ...]
    trials: int
    storage: str
    sampler: str
    prunes: bool
    validates: bool


MOST_EXCLUDED = 500
"""Designs that are proposed for a trial until one meets the conditions."""


def begin_study(request: TuneRequest, observer: StudyObserver, signals: Signals) -> bool:
    """Begin a study and try what is asked; say whether it has all its trials.

    Raises:
        SpecError: for everything that is wrong, before anything is written.
        WriteError: where something cannot be written.

    """
    _refuse_processes()
    if request.train.recipe.folds and not request.train.recipe.fold:
        raise SpecError("bad-recipe", "a trial is one run", hints=["leave out --folds, or name one fold with --fold"])
    train = request.train._replace(data=with_whole_paths(request.train.data))
    source = read_source(train.spec)
    train = train._replace(spec=source.text + "\n") if train.spec == "-" else train
    varied = varied_names(request.vary, source, train.recipe, train.settings)
    read_where(request.where, parameters_of(source))
    loaded, chosen = _first_design(train, varied)
    recipe = _validating(train.recipe, chosen) if request.validates else train.recipe
    path = train.out or _free_folder(loaded.spec)
    folder, weights = StudyFolder(path), train.weights or ""
    facts = StudyFacts(
        name=os.path.basename(os.path.abspath(path)),
        spec_name=source.name,
        spec=train.settings,
        vary=request.vary,
        where=request.where,
        data=train.data,
        weights=os.path.abspath(weights) if weights and os.path.exists(weights) else weights,
        trials=request.trials,
        storage=_whole_storage(request.storage),
        sampler=request.sampler,
        prunes=request.prunes,
        measure=chosen.plan.task.measures[0].name,
        tested="validation" if recipe.validation else chosen.plan.splits.tested_name,
        command=command_line(),
        versions=versions() | {"optuna": optuna.__version__},
    )
    folder.check_blank()
    if facts.storage:  # what cannot be opened leaves no folder
        open_study(folder, facts, recipe.epochs, higher=facts.judge.measure.higher)
    folder.create(facts, chosen.plan.network.source.text, recipe)
    return _Study(folder, facts, train.device, observer, signals).run()


def resume_study(
    path: str, device: str, trials: int | None, storage: str, observer: StudyObserver, signals: Signals
) -> bool:
    """Resume a study, or help another process with it; return whether it has all its trials.

    Args:
        path: its folder.
        device: where trials are trained.
        trials: how many are wanted now; None for as many as before.
        storage: where Optuna keeps it now; "" for where it was.
        observer: notified of the events.
        signals: says when to stop.

    Raises:
        SpecError: where the folder is not that of a study, and for everything else that is wrong.
        WriteError: where something cannot be written.

    """
    _refuse_processes()
    folder = StudyFolder(path)
    before = folder.facts()
    facts = before._replace(trials=trials or before.trials, storage=_whole_storage(storage) or before.storage)
    if facts != before:
        folder.write(facts)
    return _Study(folder, facts, device, observer, signals).run()


def _refuse_processes() -> None:
    if os.environ.get("WORLD_SIZE", "1") != "1":
        hints = ["begin with one process, and let others help it: cnncalc tune --resume STUDY"]
        raise SpecError("one-process", "torchrun shares one training; a study has many", hints=hints)


def _whole_storage(storage: str) -> str:
    return os.path.abspath(storage) if storage and "://" not in storage else storage


def _free_folder(spec: str) -> str:
    """Return a new folder in ``studies``, with the name of a spec's file."""
    stem = os.path.splitext(os.path.basename(spec))[0] if os.path.isfile(spec) else ""
    return free_folder(stem, "studies", "study")


def _first_design(train: TrainRequest, varied: tuple[Varied, ...]) -> tuple[TrainRequest, ChosenPlan]:
    """Check what trials have in common on the first design that loads: the spec's own, or one at the ends of ranges.

    Raises:
        SpecError: where none loads, and for everything else that is wrong with it.

    """
    base, faults = TrialSettings(train.settings, train.recipe), []
    ends = [{each.label: each.ends()[place] for each in varied} for place in (0, -1)]
    for values in [None, *ends]:
        asked = base if values is None else asked_with(values, varied, base)
        spec = spec_of(train.spec, asked)
        try:
            load_with(spec, asked.settings)
        except SpecError as error:
            faults.append(error)
            continue
        request = train._replace(spec=spec, settings=asked.settings, recipe=base.recipe)
        with joined(train.device) as place:
            return request, chosen_plan(request, place)
    raise faults[0]


def spec_of(spec: str, asked: TrialSettings) -> str:
    """Return the spec of a trial: its path or its text, with other blocks called where these are varied."""
    return with_calls(read_source(spec), asked.blocks) + "\n" if asked.blocks else spec


def _validating(recipe: Recipe, chosen: ChosenPlan) -> Recipe:
    """Return a recipe that holds images out, where test images would choose the best trial otherwise."""
    return recipe if chosen.plan.splits.validates else replace(recipe, validation=HELD_BACK)


class _Study:
    """A study that is open in this process."""

    def __init__(
        self, folder: StudyFolder, facts: StudyFacts, device: str, observer: StudyObserver, signals: Signals
    ) -> None:
        self._folder, self._facts, self._observer, self._signals = folder, facts, observer, signals
        self._recipe = folder.recipe()
        source = read_source(folder.file(SPEC))
        self._varied = varied_names(facts.vary, source, self._recipe, facts.spec)
        self._where, self._device = read_where(facts.where, parameters_of(source)), choose_device(device)
        self._base = TrialSettings(facts.spec, self._recipe)
        self._request = TrainRequest(
            spec=folder.file(SPEC),
            settings=facts.spec,
            recipe=self._recipe,
            data=facts.data,
            device=device,
            out=None,
            weights=facts.weights or None,
        )
        self._study = open_study(folder, facts, self._recipe.epochs, higher=facts.judge.measure.higher)
        self._storage = storage_name(folder, facts)
        self._files = StudyFiles(folder, facts, self._varied, self._recipe)

    def run(self) -> bool:
        """Train until there are as many trials as are wanted, or a signal asks to stop; return whether there are."""
        with self._signals.listening():
            self._observer.begin(self._begun())
            while not self._signals.asked and (taken := self._next()):
                self._try(*taken)
            ended = self._files.ended(self._rows(), self._importances(), self._stopped())
        self._observer.end(ended)
        return not ended.stopped

    def _begun(self) -> StudyBegun:
        facts = self._facts
        about = [
            ("spec", facts.spec_name),
            ("varied", ", ".join(facts.vary)),
            *([("where", " and ".join(facts.where))] if facts.where else []),
            ("data", facts.data.data),
            ("trials", self._files.method()),
        ]
        labels = [each.label for each in self._varied]
        return StudyBegun(
            self._folder.path, about, labels, facts.trials, self._recipe.epochs, facts.judge, self._rows()
        )

    def _rows(self) -> list[TrialRow]:
        return rows_of(self._every(), higher=self._facts.judge.measure.higher)

    def _every(self) -> list[FrozenTrial]:
        return trials_of(self._study, self._storage, [each.label for each in self._varied])

    def _importances(self) -> Mapping[str, float]:
        with using_storage(self._storage):
            return importances(self._study)

    def _stopped(self) -> str:
        return self._signals.name(self._signals.number) if self._signals.asked else ""

    # ---- which trial is next

    def _next(self) -> tuple[Trial, TrialLock, bool] | None:
        """Take a trial that was interrupted, or a new one; None where there are as many as are wanted."""
        with self._folder.choosing(), using_storage(self._storage):
            every = self._every()
            for frozen in every:
                if frozen.state is TrialState.RUNNING and (lock := self._left_alone(frozen.number)):
                    return Trial(self._study, frozen._trial_id), lock, True
            if sum(EXCLUDED not in frozen.user_attrs for frozen in every) >= self._facts.trials:
                return None
            trial = self._proposed(len(every))
            lock = self._folder.take(trial.number)
            assert lock is not None  # the folder is locked while a trial is taken
            return trial, lock, False

    def _proposed(self, place: int) -> Trial:
        """Return a new trial whose design meets the conditions."""
        for attempt in range(MOST_EXCLUDED):
            self._study.sampler = sampler_of(self._facts.sampler, self._recipe.seed, place + attempt)
            trial = self._study.ask({each.label: each.distribution() for each in self._varied})
            missed = self._missed(trial) if self._facts.where else ""
            if not missed:
                return trial
            trial.set_user_attr(EXCLUDED, missed)
            self._study.tell(trial, state=TrialState.FAIL)
        message = f"none of {MOST_EXCLUDED} designs that were proposed meets {' and '.join(self._facts.where)}"
        raise SpecError("no-design", message, hints=["widen the ranges, or relax the conditions"])

    def _missed(self, trial: Trial) -> str:
        """Return the condition that a design does not meet; what does not load fails when it is trained."""
        try:
            asked = asked_with(trial.params, self._varied, self._base)
            network = load_with(spec_of(self._request.spec, asked), asked.settings)
        except SpecError:
            return ""
        return missed(self._where, network, asked.recipe, self._device)

    def _left_alone(self, number: int) -> TrialLock | None:
        """Take a trial that has not ended and that no process works on, if it was begun in this folder."""
        begun_here = self._folder.knows(number) or not self._facts.storage
        return self._folder.take(number) if begun_here else None

    # ---- one trial

    def _try(self, trial: Trial, lock: TrialLock, again: bool) -> None:
        self._observer.trial(trial.number, trial.params, again=again)
        end = TrialEnd(None)
        try:
            with using_storage(self._storage, (optuna.exceptions.OptunaError, OSError)):
                end = self._trained(trial)
            if end.state is not None:
                self._tell(trial, end)
        finally:
            lock.release(ended=end.state is not None)
        rows = self._rows()
        best = self._files.write(rows, {})
        row = next(row for row in rows if row.number == trial.number)
        self._observer.trial_ended(row, best=best is not None and best.number == row.number)

    def _trained(self, trial: Trial) -> TrialEnd:
        unknown = next((each.label for each in self._varied if each.label not in trial.params), None)
        if unknown is not None:  # the process that began it was killed before it had all of them
            return TrialEnd(TrialState.FAIL, error=f"the storage has no value of {unknown} for it")
        try:
            asked = asked_with(trial.params, self._varied, self._base)
        except SpecError as error:
            return TrialEnd(TrialState.FAIL, error=f"{error.code}: {error.message}")
        request = self._request._replace(
            spec=spec_of(self._request.spec, asked),
            settings=asked.settings,
            recipe=asked.recipe,
            out=self._folder.trial(trial.number),
        )
        return train_or_resume(trial, request, [_Epochs(self._observer)], self._signals)

    def _tell(self, trial: Trial, end: TrialEnd) -> None:
        with using_storage(self._storage):
            if end.error:
                trial.set_user_attr("error", end.error)
            self._study.tell(trial, end.score, end.state)


class _Epochs(Observer):
    """Passes the epochs of a trial to the observer of the study."""

    def __init__(self, observer: StudyObserver) -> None:
        self._observer = observer

    def epoch(self, row: EpochMetrics) -> None:
        """Pass an epoch on."""
        self._observer.epoch(row)
