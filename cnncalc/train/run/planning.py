"""From what was asked for to a run: everything is checked before the first step."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import torch

from cnncalc.core.errors import SpecError
from cnncalc.network import Network
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.data import DataRequest, Dataset, check_dataset, fingerprint, load_dataset
from cnncalc.train.engine.augment import Normalisation, resolved_flip, resolved_shift
from cnncalc.train.engine.batches import check_batches
from cnncalc.train.engine.classifier_head import check_classifier
from cnncalc.train.engine.devices import choose_device, configure, resolved_precision
from cnncalc.train.engine.distributed import World, job, joined_world, restarted
from cnncalc.train.engine.session import Material, Session
from cnncalc.train.engine.splits import material_of, validation_share
from cnncalc.train.engine.step_memory import fitting_batch
from cnncalc.train.events import Ended, Observer
from cnncalc.train.recipe.settings import AUTO, Recipe
from cnncalc.train.run.about import about_run
from cnncalc.train.run.changes import Change, change_of, changed_recipe
from cnncalc.train.run.data_origin import check_data, dataset_of_run, with_whole_paths
from cnncalc.train.run.facts import DATA, SPEC, Facts, SpecSettings, spec_fingerprint, typed, versions
from cnncalc.train.run.faults import explained_faults
from cnncalc.train.run.folder import RunFolder, free_folder, load_spec
from cnncalc.train.run.lock import held
from cnncalc.train.run.loop import Run
from cnncalc.train.run.signals import Signals

Listen = Callable[[World], Observer]
"""Makes whoever hears of the run, once the processes know each other."""


class Asked(NamedTuple):
    """What somebody asked to be trained.

    Attributes:
        spec: a file, a name of the zoo or a text.
        settings: how the spec is loaded.
        recipe: how it is trained.
        data: on what.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        out: the folder of the run; a new one in ``runs`` if None.

    """

    spec: str
    settings: SpecSettings
    recipe: Recipe
    data: DataRequest
    device: str
    out: str | None


class Ready(NamedTuple):
    """A run whose parts have been checked.

    Attributes:
        folder: where it is kept.
        network, recipe, material: what is trained, how, on what.
        facts: what it remembers of itself.
        about: pairs of a word and a sentence that say all that.
        change: what is changed where it goes on; None where nothing is.

    """

    folder: RunFolder
    network: Network
    recipe: Recipe
    material: Material
    facts: Facts
    about: list[tuple[str, str]]
    change: Change | None = None


class Again(NamedTuple):
    """What somebody asks of a run that goes on.

    Attributes:
        changes: settings of its recipe that are to be others, by their names.
        accept: whether its spec and its data may have changed.

    """

    changes: Mapping[str, Any] = MappingProxyType({})
    accept: bool = False


def train(asked: Asked, listen: Listen, signals: Signals) -> Ended:
    """Begin a run, or go on with it where torchrun has started it again.

    Raises:
        SpecError: for everything that is wrong, before anything is written; and where the run fails.
        WriteError: where something cannot be written.

    """
    device = choose_device(asked.device)
    with joined_world(device) as world:
        if asked.out and _is_a_restart(RunFolder(asked.out)):
            return _go_on(RunFolder(asked.out), device, world, listen, signals, Again())
        ready = _prepare(asked, device, world)
        if world.writes:
            ready.folder.make()
        world.wait()
        with held(ready.folder, world):
            if world.writes:
                ready.folder.create(ready.network, ready.recipe, ready.facts)
            world.wait()
            return _run(ready, device, world, listen, signals)


def resume(path: str, device_name: str, listen: Listen, signals: Signals, again: Again = Again()) -> Ended:  # noqa: B008
    """Go on with a run; raises like `train`."""
    device = choose_device(device_name)
    with joined_world(device) as world:
        return _go_on(RunFolder(path), device, world, listen, signals, again)


def _go_on(
    folder: RunFolder, device: torch.device, world: World, listen: Listen, signals: Signals, again: Again
) -> Ended:
    folder.facts()  # what is no run is not held
    with held(folder, world):
        return _run(_again(folder, device, world, again), device, world, listen, signals)


def _is_a_restart(folder: RunFolder) -> bool:
    return folder.begun() and (restarted() or (bool(job()) and folder.facts().job == job()))


def _run(ready: Ready, device: torch.device, world: World, listen: Listen, signals: Signals) -> Ended:
    with signals.listening(), explained_faults(ready.recipe, ready.folder):
        session = Session(ready.network, ready.recipe, ready.material, device, world)
        observer = listen(world)
        try:
            return Run(session, ready.folder, observer, signals).go(ready.about, ready.change)
        finally:
            observer.close()


def _prepare(asked: Asked, device: torch.device, world: World) -> Ready:
    """Load and check what is needed for a new run."""
    network = load_spec(asked.spec, asked.settings)
    classes = check_classifier(network)
    request = with_whole_paths(asked.data._replace(seed=asked.recipe.seed))
    dataset = load_dataset(request, network.input, classes=classes)
    check_dataset(dataset, network)
    recipe, fit = _decided(asked.recipe, dataset, network, device, world)
    material = material_of(dataset, recipe, None)
    check_batches(network, recipe, len(material.train), world)
    configure(recipe, device, network)
    path = asked.out or world.agree_on(free_folder(_spec_name(asked.spec, network)))
    facts = Facts(
        spec_name=network.source.name,
        spec=asked.settings,
        data=request._asdict(),
        data_name=dataset.name,
        classes=dataset.classes,
        mean=material.normalisation.mean,
        deviation=material.normalisation.deviation,
        images=len(material.train),
        job=job(),
        versions=versions(),
        command=typed(),
        fingerprints={SPEC: spec_fingerprint(network.source.text, asked.settings), DATA: fingerprint(dataset)},
    )
    about = about_run(network, dataset, material, recipe, device, world)
    chosen = [("batch size", f"{recipe.batch_size:,}: {fit}")] if fit else []
    return Ready(RunFolder(path), network, recipe, material, facts, [*about, *chosen])


def _again(folder: RunFolder, device: torch.device, world: World, again: Again) -> Ready:
    """Load and check what a run was begun with, and what is to be changed."""
    facts, before = folder.facts(), folder.recipe()
    network = folder.network(facts, changed=again.accept)
    check_classifier(network)
    if world.writes:
        folder.clean()
    recipe = changed_recipe(before, again.changes)
    dataset = dataset_of_run(facts, network)
    recipe, _ = _decided(recipe, dataset, network, device, world)
    normalisation = Normalisation(facts.mean, facts.deviation)
    material = material_of(dataset, recipe, normalisation, by_class=facts.splits_by_class)
    if len(material.train) != facts.images:
        message = f"the run was trained on {facts.images:,} images; there are {len(material.train):,} now"
        raise SpecError("other-data", message, hints=["a run goes on with the data that it began with"])
    if not again.accept:
        check_data(dataset, facts, [f"or go on all the same: {folder.command('train --resume', '--accept-changes')}"])
    check_batches(network, recipe, len(material.train), world)
    configure(recipe, device, network)
    now = {SPEC: spec_fingerprint(network.source.text, facts.spec), DATA: fingerprint(dataset)} if again.accept else {}
    change = change_of(before, recipe, facts, now)
    about = about_run(network, dataset, material, recipe, device, world)
    return Ready(folder, network, recipe, material, facts, about, change)


def _spec_name(spec: str, network: Network) -> str:
    name = os.path.basename(network.source.name)
    return "spec" if name in ("text", "standard input") else os.path.splitext(name)[0]


def _decided(
    recipe: Recipe, dataset: Dataset, network: Network, device: torch.device, world: World
) -> tuple[Recipe, str]:
    """Return the recipe with nothing left open, as a run keeps it, and why its batch is as large as it is."""
    usual = OPTIMIZERS[recipe.optimizer]
    decided = replace(
        recipe,
        learning_rate=usual.learning_rate if recipe.learning_rate == AUTO else recipe.learning_rate,
        weight_decay=usual.weight_decay if recipe.weight_decay == AUTO else recipe.weight_decay,
        precision=resolved_precision(recipe, device),
        flip=resolved_flip(recipe, network.input),
        shift=resolved_shift(recipe, network.input),
        validation=validation_share(recipe, dataset),
    )
    if decided.batch_size != AUTO:
        return decided, ""
    fit = fitting_batch(network, decided, device, world, dataset.train)
    return replace(decided, batch_size=int(world.agree_on(str(fit.batch_size)))), fit.reason
