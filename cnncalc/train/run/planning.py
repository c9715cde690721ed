"""From what was asked for to a run: everything is checked before the first step."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.core.errors import RunError
from cnncalc.network import Network
from cnncalc.train.checkpoints.checkpoint import has_checkpoint
from cnncalc.train.data import Dataset, fingerprint
from cnncalc.train.engine.devices import hardware
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.engine.plan import Place, RunPlan, first_weights, plan_of
from cnncalc.train.engine.session import Session
from cnncalc.train.engine.speed import fastest_way, plain_way, use_threads
from cnncalc.train.engine.splits import run_splits
from cnncalc.train.events import Ended, Observer
from cnncalc.train.launch import job, restarted
from cnncalc.train.run.about import about_run
from cnncalc.train.run.changes import RunChange, change_of, changed_recipe
from cnncalc.train.run.choosing import (
    LoadedRun,
    TrainRequest,
    check_plan,
    decided_recipe,
    joined,
    load_for,
    plan_loaded,
)
from cnncalc.train.run.data_origin import check_data, dataset_of_run, normalisation_of, request_of, with_whole_paths
from cnncalc.train.run.facts import DATA, SPEC, RunFacts, command_line, spec_fingerprint, versions
from cnncalc.train.run.faults import explained_faults
from cnncalc.train.run.folder import RunFolder, free_folder
from cnncalc.train.run.lock import held
from cnncalc.train.run.loop import Trainer
from cnncalc.train.run.signals import Signals
from cnncalc.train.tasks import check_trainable, task_named

ObserverFactory = Callable[[Processes], Observer]
"""Makes the observer of a run, once its processes are connected."""


class PlannedRun(NamedTuple):
    """A run whose parts have been checked.

    Attributes:
        plan: what is trained, how, on what and where.
        folder: where it is kept.
        facts: what it remembers of itself.
        about: pairs of a word and a sentence that say all that.
        change: what is changed where it is resumed; None where nothing is.

    """

    plan: RunPlan
    folder: RunFolder
    facts: RunFacts
    about: list[tuple[str, str]]
    change: RunChange | None = None


class ResumeRequest(NamedTuple):
    """What is asked of a run that is resumed.

    Attributes:
        changes: settings of its recipe that are to be others, by their names.
        accept: whether its spec and its data may have changed.
        data: fields of the request for its data that are to be others, by their names: where they lie now.

    """

    changes: Mapping[str, Any] = MappingProxyType({})
    accept: bool = False
    data: Mapping[str, Any] = MappingProxyType({})


def train(request: TrainRequest, make_observer: ObserverFactory, signals: Signals) -> Ended:
    """Begin a run, or resume it where torchrun has started it again.

    Raises:
        CnncalcError: for everything that is wrong, before anything is written; and where the run fails.
        WriteError: where something cannot be written.

    """
    with joined(request.device) as place:
        if request.out and _is_a_restart(RunFolder(request.out)):
            return resume_at(RunFolder(request.out), place, ResumeRequest(), make_observer, signals)
        planned = plan_new(load_for(request), request, place)
        make(planned, place.processes)
        with held(planned.folder, place.processes):
            return carry_out(planned, make_observer, signals)


def resume(
    path: str,
    device_name: str,
    make_observer: ObserverFactory,
    signals: Signals,
    request: ResumeRequest | None = None,
) -> Ended:
    """Go on with a run; raises like `train`."""
    with joined(device_name) as place:
        return resume_at(RunFolder(path), place, request or ResumeRequest(), make_observer, signals)


def make(planned: PlannedRun, processes: Processes) -> None:
    """Make the folder of a new run and begin it there, while no other process writes to it."""
    folder = planned.folder
    if processes.writes:
        folder.make()
    processes.wait()
    with held(folder, processes):
        if processes.writes:
            folder.create(planned.plan.network, planned.plan.recipe, planned.facts)
        processes.wait()


def resume_at(
    folder: RunFolder, place: Place, request: ResumeRequest, make_observer: ObserverFactory, signals: Signals
) -> Ended:
    """Go on with a run, in the processes that have joined."""
    folder.facts()  # what is not a run is not held
    with held(folder, place.processes):
        return carry_out(_plan_again(folder, place, request), make_observer, signals)


def _is_a_restart(folder: RunFolder) -> bool:
    return folder.begun() and (restarted() or (bool(job()) and folder.facts().job == job()))


def carry_out(planned: PlannedRun, make_observer: ObserverFactory, signals: Signals) -> Ended:
    """Train a run whose folder is held."""
    plan, folder = planned.plan, planned.folder
    with signals.listening(), explained_faults(plan.recipe, folder):
        session = Session(plan)
        observer = make_observer(plan.place.processes)
        try:
            observer.watch(session)
            return Trainer(session, folder, observer, signals).fit(planned.about, planned.change)
        finally:
            observer.close()


def plan_new(loaded: LoadedRun, request: TrainRequest, place: Place) -> PlannedRun:
    """Plan a new run, with the fastest way to compute it."""
    chosen = plan_loaded(loaded, request.recipe, place)
    with explained_faults(chosen.plan.recipe, None):
        speed = fastest_way(chosen.plan)
    plan = chosen.plan._replace(recipe=speed.recipe)
    use_threads(plan.recipe)
    path = request.out or place.processes.agree_on(free_folder(spec_name(plan.network)))
    about = chosen._replace(plan=plan).about() + ([("speed", speed.said)] if speed.said else [])
    return PlannedRun(plan, RunFolder(path), _facts_of(plan, request, loaded), about)


def _facts_of(plan: RunPlan, request: TrainRequest, loaded: LoadedRun) -> RunFacts:
    """Return what a new run remembers of itself."""
    source, splits, dataset = plan.network.source, plan.splits, loaded.dataset
    return RunFacts(
        spec_name=source.name,
        spec=request.settings,
        data=loaded.data._asdict(),
        data_name=dataset.name,
        classes=dataset.classes,
        mean=splits.normalisation.mean,
        deviation=splits.normalisation.deviation,
        floats=splits.train.floats,
        images=len(splits.train),
        job=job(),
        tested=splits.tested_name,
        hardware=hardware(plan.place.device, plan.place.processes.size),
        versions=versions(),
        command=command_line(),
        fingerprints={SPEC: spec_fingerprint(source.text, request.settings), DATA: fingerprint(dataset)},
        weights=_whole_path(request.weights),
    )


def _whole_path(weights: str | None) -> str:
    """Name weights from the root, so that the run finds them again; "" where there are none."""
    return os.path.abspath(weights) if weights and os.path.exists(weights) else weights or ""


def _plan_again(folder: RunFolder, place: Place, request: ResumeRequest) -> PlannedRun:
    """Load and check what a run was begun with, and what is to be changed."""
    facts, before = folder.facts(), folder.recipe()
    moved = facts._replace(data=with_whole_paths(request_of(facts)._replace(**request.data))._asdict())
    network = folder.network(facts, changed=request.accept)
    check_trainable(network, facts.task)
    if place.processes.writes:
        folder.clean()
    dataset = dataset_of_run(moved, network)
    task = task_named(facts.task, facts.classes)
    recipe, _ = decided_recipe(plain_way(changed_recipe(before, request.changes)), dataset, task.logits(network), place)
    use_threads(recipe)
    splits = run_splits(dataset, recipe, normalisation_of(facts), by_class=facts.splits_by_class)
    others = request.accept or bool(request.data)
    if not others:
        _check_data(dataset, len(splits.train), facts, folder)
    begun = has_checkpoint(folder.checkpoints) or not facts.weights
    first = None if begun else first_weights(facts.weights, network)
    plan = plan_of(network, task, recipe, splits, place, first)._replace(workers=request_of(moved).workers)
    check_plan(plan)
    moved = moved._replace(data_name=dataset.name, images=len(splits.train))
    accepted = {SPEC: spec_fingerprint(network.source.text, facts.spec)} if request.accept else {}
    accepted |= {DATA: fingerprint(dataset)} if others else {}
    change = change_of(before, recipe, facts, moved, accepted)
    return PlannedRun(plan, folder, facts, about_run(plan, dataset), change)


def _check_data(dataset: Dataset, images: int, facts: RunFacts, folder: RunFolder) -> None:
    """Refuse data that have changed since the run began, without the option that accepts it."""
    anyway = f"or continue with them: {folder.command('train --resume', '--accept-changes')}"
    if images != facts.images:
        message = f"the run was trained on {facts.images:,} images; there are {images:,} now"
        raise RunError("other-data", message, hints=["a run continues with the data that it began with", anyway])
    check_data(dataset, facts, [anyway])


def spec_name(network: Network) -> str:
    """Return the default name of a run of a network."""
    name = os.path.basename(network.source.name)
    return "spec" if name in ("text", "standard input") else os.path.splitext(name)[0]
