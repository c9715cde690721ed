"""From what was asked for to a run: everything is checked before the first step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.loading import load_with
from cnncalc.model.build import build
from cnncalc.network import Network, SpecSettings
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.checkpoints.checkpoint import has_checkpoint
from cnncalc.train.data import DataRequest, Dataset, check_dataset, fingerprint, load_dataset
from cnncalc.train.engine.augment import PixelNormalisation, resolved_flip, resolved_shift
from cnncalc.train.engine.batches import check_batches
from cnncalc.train.engine.classifier_head import check_classifier, without_softmax
from cnncalc.train.engine.devices import choose_device, configure, resolved_precision
from cnncalc.train.engine.distributed import Processes, job, joined_processes, restarted
from cnncalc.train.engine.parts import check_parts
from cnncalc.train.engine.plan import FirstWeights, Place, RunPlan, first_weights, plan_of
from cnncalc.train.engine.session import Session
from cnncalc.train.engine.speed import fastest_way, plain_way, use_threads
from cnncalc.train.engine.splits import run_splits, validation_share
from cnncalc.train.engine.step_memory import fitting_batch
from cnncalc.train.events import Ended, Observer
from cnncalc.train.recipe.settings import AUTO, Recipe
from cnncalc.train.run.about import about_run
from cnncalc.train.run.changes import RunChange, change_of, changed_recipe
from cnncalc.train.run.data_origin import check_data, dataset_of_run, with_whole_paths
from cnncalc.train.run.facts import DATA, SPEC, RunFacts, command_line, spec_fingerprint, versions
from cnncalc.train.run.faults import explained_faults
from cnncalc.train.run.folder import RunFolder, free_folder
from cnncalc.train.run.lock import held
from cnncalc.train.run.loop import Trainer
from cnncalc.train.run.signals import Signals

ObserverFactory = Callable[[Processes], Observer]
"""Makes whoever hears of the run, once the processes know each other."""


class TrainRequest(NamedTuple):
    """What somebody asked to be trained.

    Attributes:
        spec: a file, a name of the zoo or a text.
        settings: how the spec is loaded.
        recipe: how it is trained.
        data: on what.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        out: the folder of the run; a new one in ``runs`` if None.
        weights: what it begins with, as `--weights` says it; drawn if None.

    """

    spec: str
    settings: SpecSettings
    recipe: Recipe
    data: DataRequest
    device: str
    out: str | None
    weights: str | None = None


class PlannedRun(NamedTuple):
    """A run whose parts have been checked.

    Attributes:
        plan: what is trained, how, on what and where.
        folder: where it is kept.
        facts: what it remembers of itself.
        about: pairs of a word and a sentence that say all that.
        change: what is changed where it goes on; None where nothing is.

    """

    plan: RunPlan
    folder: RunFolder
    facts: RunFacts
    about: list[tuple[str, str]]
    change: RunChange | None = None


class ResumeRequest(NamedTuple):
    """What somebody asks of a run that goes on.

    Attributes:
        changes: settings of its recipe that are to be others, by their names.
        accept: whether its spec and its data may have changed.

    """

    changes: Mapping[str, Any] = MappingProxyType({})
    accept: bool = False


def train(request: TrainRequest, make_observer: ObserverFactory, signals: Signals) -> Ended:
    """Begin a run, or go on with it where torchrun has started it again.

    Raises:
        SpecError: for everything that is wrong, before anything is written; and where the run fails.
        WriteError: where something cannot be written.

    """
    with joined(request.device) as place:
        if request.out and _is_a_restart(RunFolder(request.out)):
            return _resume(RunFolder(request.out), place, ResumeRequest(), make_observer, signals)
        planned = _plan_new(request, place)
        with _held_and_made(planned, place.processes):
            return _carry_out(planned, make_observer, signals)


def resume(
    path: str,
    device_name: str,
    make_observer: ObserverFactory,
    signals: Signals,
    request: ResumeRequest | None = None,
) -> Ended:
    """Go on with a run; raises like `train`."""
    with joined(device_name) as place:
        return _resume(RunFolder(path), place, request or ResumeRequest(), make_observer, signals)


@contextmanager
def joined(device_name: str) -> Iterator[Place]:
    """Choose the device and join the other processes, if there are any."""
    device = choose_device(device_name)
    with joined_processes(device) as processes:
        yield Place(device, processes)


@contextmanager
def _held_and_made(planned: PlannedRun, processes: Processes) -> Iterator[None]:
    """Make the folder of a new run and hold it, so that no other process writes to it."""
    folder = planned.folder
    if processes.writes:
        folder.make()
    processes.wait()
    with held(folder, processes):
        if processes.writes:
            folder.create(planned.plan.network, planned.plan.recipe, planned.facts)
        processes.wait()
        yield


def _resume(
    folder: RunFolder, place: Place, request: ResumeRequest, make_observer: ObserverFactory, signals: Signals
) -> Ended:
    folder.facts()  # what is not a run is not held
    with held(folder, place.processes):
        return _carry_out(_plan_again(folder, place, request), make_observer, signals)


def _is_a_restart(folder: RunFolder) -> bool:
    return folder.begun() and (restarted() or (bool(job()) and folder.facts().job == job()))


def _carry_out(planned: PlannedRun, make_observer: ObserverFactory, signals: Signals) -> Ended:
    plan, folder = planned.plan, planned.folder
    with signals.listening(), explained_faults(plan.recipe, folder):
        session = Session(plan)
        observer = make_observer(plan.place.processes)
        try:
            observer.watch(session)
            return Trainer(session, folder, observer, signals).fit(planned.about, planned.change)
        finally:
            observer.close()


def _plan_new(request: TrainRequest, place: Place) -> PlannedRun:
    """Load and check what is needed for a new run."""
    chosen = chosen_plan(request, place)
    speed = fastest_way(chosen.plan)
    plan = chosen.plan._replace(recipe=speed.recipe)
    use_threads(plan.recipe)
    path = request.out or place.processes.agree_on(free_folder(_spec_name(plan.network)))
    about = chosen._replace(plan=plan).about() + ([("speed", speed.said)] if speed.said else [])
    facts = _facts_of(plan, request, chosen.data, chosen.dataset)
    return PlannedRun(plan, RunFolder(path), facts, about)


class ChosenPlan(NamedTuple):
    """What is to be trained, checked, before it has a folder and before the ways to compute it are timed.

    Attributes:
        plan: what is trained, how, on what and where.
        data, dataset: what was asked for, with whole paths, and what it came to.
        fit: why the batch is as large as it is; "" where the recipe says it.

    """

    plan: RunPlan
    data: DataRequest
    dataset: Dataset
    fit: str

    def about(self) -> list[tuple[str, str]]:
        """Say it to people, in pairs of a word and a sentence."""
        fit = [("batch size", f"{self.plan.recipe.batch:,}: {self.fit}")] if self.fit else []
        return [*about_run(self.plan, self.dataset), *fit]


def chosen_plan(request: TrainRequest, place: Place) -> ChosenPlan:
    """Load and check what is to be trained; nothing is written.

    Raises:
        SpecError: for everything that is wrong.

    """
    network = load_with(request.spec, request.settings)
    first = _first_weights(request.weights, network) if request.weights else None
    data = with_whole_paths(request.data._replace(seed=request.recipe.seed))
    dataset = load_dataset(data, network.input, classes=check_classifier(network))
    check_dataset(dataset, network)
    recipe, fit = _decided(request.recipe, dataset, network, place)
    plan = plan_of(network, recipe, run_splits(dataset, recipe, _as_learned(first, recipe)), place, first)
    _check(plan)
    return ChosenPlan(plan, data, dataset, fit)


def _first_weights(written: str, network: Network) -> FirstWeights:
    """Return the weights that a run begins with; of another run's it is known how its images were normalised."""
    first, folder = first_weights(written, network), RunFolder(written)
    if not folder.begun():
        return first
    facts = folder.facts()
    return first._replace(normalisation=PixelNormalisation(facts.mean, facts.deviation))


def _as_learned(first: FirstWeights | None, recipe: Recipe) -> PixelNormalisation | None:
    """Return the normalisation that the first weights have learned with; None for that of the run's own images."""
    return first.normalisation if first and recipe.normalise == "data" else None


def _facts_of(plan: RunPlan, request: TrainRequest, data: DataRequest, dataset: Dataset) -> RunFacts:
    """Return what a new run remembers of itself."""
    source, splits = plan.network.source, plan.splits
    return RunFacts(
        spec_name=source.name,
        spec=request.settings,
        data=data._asdict(),
        data_name=dataset.name,
        classes=dataset.classes,
        mean=splits.normalisation.mean,
        deviation=splits.normalisation.deviation,
        images=len(splits.train),
        job=job(),
        tested=splits.tested_name,
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
    network = folder.network(facts, changed=request.accept)
    check_classifier(network)
    if place.processes.writes:
        folder.clean()
    dataset = dataset_of_run(facts, network)
    recipe, _ = _decided(plain_way(changed_recipe(before, request.changes)), dataset, network, place)
    use_threads(recipe)
    normalisation = PixelNormalisation(facts.mean, facts.deviation)
    splits = run_splits(dataset, recipe, normalisation, by_class=facts.splits_by_class)
    if len(splits.train) != facts.images:
        message = f"the run was trained on {facts.images:,} images; there are {len(splits.train):,} now"
        raise SpecError("other-data", message, hints=["a run continues with the data that it began with"])
    if not request.accept:
        check_data(dataset, facts, [f"or continue anyway: {folder.command('train --resume', '--accept-changes')}"])
    begun = has_checkpoint(folder.checkpoints) or not facts.weights
    plan = plan_of(network, recipe, splits, place, None if begun else first_weights(facts.weights, network))
    _check(plan)
    accepted = {SPEC: spec_fingerprint(network.source.text, facts.spec), DATA: fingerprint(dataset)}
    change = change_of(before, recipe, facts, accepted if request.accept else {})
    return PlannedRun(plan, folder, facts, about_run(plan, dataset), change)


def _check(plan: RunPlan) -> None:
    """Refuse what cannot be trained as planned, and ask of PyTorch what the recipe wants."""
    check_batches(plan.network, plan.recipe, len(plan.splits.train), plan.place.processes)
    check_parts(build(plan.logits, device="meta"), plan.recipe)
    configure(plan.recipe, plan.place.device, plan.network)


def _spec_name(network: Network) -> str:
    name = os.path.basename(network.source.name)
    return "spec" if name in ("text", "standard input") else os.path.splitext(name)[0]


def _decided(recipe: Recipe, dataset: Dataset, network: Network, place: Place) -> tuple[Recipe, str]:
    """Return the recipe with nothing left open, as a run keeps it, and why its batch is as large as it is."""
    usual = OPTIMIZERS[recipe.optimizer]
    decided = replace(
        recipe,
        learning_rate=usual.learning_rate if recipe.learning_rate == AUTO else recipe.learning_rate,
        weight_decay=usual.weight_decay if recipe.weight_decay == AUTO else recipe.weight_decay,
        precision=resolved_precision(recipe, place.device),
        flip=resolved_flip(recipe, network.input),
        shift=resolved_shift(recipe, network.input),
        validation=validation_share(recipe, dataset),
    )
    if decided.batch != AUTO:
        return decided, ""
    fit = fitting_batch(without_softmax(network), decided, place, dataset.train)
    return replace(decided, batch=int(place.processes.agree_on(str(fit.batch)))), fit.reason
