"""From what was asked for to a run: everything is checked before the first step."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch

from cnncalc.errors import SpecError
from cnncalc.network import Network
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.report.numbers import counted
from cnncalc.train.augment import Normalisation, resolved_flip, resolved_shift
from cnncalc.train.data import (
    DataRequest,
    Dataset,
    check_class_names,
    check_dataset,
    dataset_names,
    load_dataset,
)
from cnncalc.train.devices import choose_device, configure, describe, resolved_precision
from cnncalc.train.events import Ended, Observer
from cnncalc.train.facts import Facts, SpecSettings, typed, versions
from cnncalc.train.faults import explained_faults
from cnncalc.train.folder import RunFolder, free_folder, load_spec
from cnncalc.train.head import check_classifier, loss_note
from cnncalc.train.loop import Run
from cnncalc.train.material import material_of, missing_classes, validation_share
from cnncalc.train.memory import data_bytes, fitting_batch, memory_line
from cnncalc.train.order import batch_bounds
from cnncalc.train.recipe import AUTO, Recipe
from cnncalc.train.session import Material, Session
from cnncalc.train.signals import Signals
from cnncalc.train.world import World, job, joined_world, restarted

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
    """A run whose parts have been checked."""

    folder: RunFolder
    network: Network
    recipe: Recipe
    material: Material
    about: list[tuple[str, str]]


def train(asked: Asked, listen: Listen, signals: Signals) -> Ended:
    """Begin a run, or go on with it where torchrun has started it again.

    Raises:
        SpecError: for everything that is wrong, before anything is written; and where the run fails.
        WriteError: where something cannot be written.

    """
    device = choose_device(asked.device)
    with joined_world(device) as world:
        if asked.out and _is_a_restart(RunFolder(asked.out)):
            ready = _again(RunFolder(asked.out), device, world)
        else:
            ready = _prepare(asked, device, world)
        return _run(ready, device, world, listen, signals)


def resume(path: str, device_name: str, listen: Listen, signals: Signals) -> Ended:
    """Go on with a run; raises like `train`."""
    device = choose_device(device_name)
    with joined_world(device) as world:
        return _run(_again(RunFolder(path), device, world), device, world, listen, signals)


def _is_a_restart(folder: RunFolder) -> bool:
    return folder.begun() and (restarted() or (bool(job()) and folder.facts().job == job()))


def _run(ready: Ready, device: torch.device, world: World, listen: Listen, signals: Signals) -> Ended:
    with signals.listening(), explained_faults(ready.recipe, ready.folder.path):
        session = Session(ready.network, ready.recipe, ready.material, device, world)
        observer = listen(world)
        try:
            return Run(session, ready.folder, observer, signals).go(ready.about)
        finally:
            observer.close()


def _prepare(asked: Asked, device: torch.device, world: World) -> Ready:
    """Load and check what is needed for a new run, and make its folder."""
    network = load_spec(asked.spec, asked.settings)
    classes = check_classifier(network)
    request = _with_whole_paths(asked.data._replace(seed=asked.recipe.seed))
    dataset = load_dataset(request, network.input, classes=classes)
    check_dataset(dataset, network)
    recipe, fit = _decided(asked.recipe, dataset, network, device, world)
    material = material_of(dataset, recipe, None)
    _check_batches(recipe, len(material.train), world)
    configure(recipe, device, network)
    path = asked.out or world.agree_on(free_folder(_spec_name(asked.spec, network)))
    folder = RunFolder(path)
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
    )
    if world.writes:
        folder.create(network, recipe, facts)
    world.wait()
    about = _about(network, dataset, material, recipe, device, world)
    chosen = [("batch size", f"{recipe.batch_size:,}: {fit}")] if fit else []
    return Ready(folder, network, recipe, material, [*about, *chosen])


def _again(folder: RunFolder, device: torch.device, world: World) -> Ready:
    """Load and check what a run was begun with."""
    facts = folder.facts()
    network, recipe = folder.network(facts), folder.recipe()
    classes = check_classifier(network)
    if world.writes:
        folder.clean()
    dataset = load_dataset(_request(facts), network.input, classes=classes)
    check_dataset(dataset, network)
    material = material_of(dataset, recipe, Normalisation(facts.mean, facts.deviation))
    if len(material.train) != facts.images:
        message = f"the run was trained on {facts.images:,} images; there are {len(material.train):,} now"
        raise SpecError("other-data", message, hints=["a run goes on with the data that it began with"])
    _check_batches(recipe, len(material.train), world)
    configure(recipe, device, network)
    return Ready(folder, network, recipe, material, _about(network, dataset, material, recipe, device, world))


def _request(facts: Facts) -> DataRequest:
    """Return how a run's data were asked for; what stands in its file may have been changed into anything."""
    defaults = DataRequest()._asdict()
    ranges = {"limit": range(1, 2**63), "workers": range(257), "memory_limit": range(2**63), "seed": range(2**63)}
    try:
        request = DataRequest(**facts.data)
        for name, value in request._asdict().items():
            right = value in ranges[name] if name in ranges and type(value) is int else type(value) is str
            if not (right or value is defaults[name] or type(value) is type(defaults[name]) is bool):
                raise TypeError(name)
    except TypeError:
        raise SpecError("no-run", "the run does not say what it was trained on") from None
    return request


def dataset_of_run(facts: Facts, network: Network, data: DataRequest | None = None) -> Dataset:
    """Return the data of a run, or others that its network can be tested on."""
    request = _request(facts) if data is None else _with_whole_paths(data)
    dataset = load_dataset(request, network.input, classes=network.output.channels)
    check_dataset(dataset, network)
    check_class_names(dataset, facts.classes)
    return dataset


def _with_whole_paths(request: DataRequest) -> DataRequest:
    """Name folders from the root, so that a run can be continued from anywhere; names stay, and so do mistyped ones."""
    path = request.data not in (*dataset_names(), "auto") and os.path.exists(request.data)
    return request._replace(
        data=os.path.abspath(request.data) if path else request.data, folder=os.path.abspath(request.folder)
    )


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


def _check_batches(recipe: Recipe, images: int, world: World) -> None:
    """Refuse batches that would leave a process or a part of a step without images."""
    shares = world.size * recipe.accumulate
    if recipe.batch_size < shares:
        message = f"a batch of {recipe.batch_size} is too small for {world.size} processes x {recipe.accumulate} parts"
        raise SpecError("bad-batch", message, hints=[f"use a --batch-size of at least {shares}"])
    if images < shares:
        raise SpecError("too-few-images", f"there are {images} images to train on; {shares} are needed at a time")
    bounds = batch_bounds(images, recipe.batch_size, shares)
    if bounds[-1] - bounds[-2] < shares:
        message = (
            f"of {images:,} images in batches of {recipe.batch_size}, the last batch is too small for {shares} parts"
        )
        raise SpecError("bad-batch", message, hints=[f"use a --batch-size of at least {2 * shares}"])


def _about(
    network: Network, dataset: Dataset, material: Material, recipe: Recipe, device: torch.device, world: World
) -> list[tuple[str, str]]:
    """Say what is trained, on what, where and how."""
    tested, test = material.tested, material.test
    how = "" if material.train.in_memory else ", streamed"
    parts = [f"{len(material.train):,} images to train on{how}"]
    if material.validates:
        parts.append(f"{len(tested or ()):,} to validate")
    final = test if material.validates else tested
    if final is not None:
        parts.append(f"{len(final):,} to test")
    held = data_bytes(material.train, tested, test)
    missing = missing_classes(material)
    where = describe(device) + (f", {world.size} processes" if world.shared else "")
    chosen = [("data chosen", dataset.chosen)] if dataset.chosen else []
    more = f", and {len(dataset.skipped) - 1:,} more" if len(dataset.skipped) > 1 else ""
    skipped = [("left out", f"{text}{more}") for text in dataset.skipped[:1]]
    return [
        ("network", f"{network.source.name}: {network.input} → {network.output}, {network.params:,} parameters"),
        *chosen,
        ("data", f"{dataset.name} ({dataset.where}): {', '.join(parts)}; {len(dataset.classes)} classes"),
        *(("note", note) for note in dataset.notes),
        *skipped,
        *([("few images", missing)] if missing else []),
        ("device", f"{where}, {recipe.precision}"),
        ("recipe", _recipe_line(recipe)),
        ("augmentation", _augmentation_line(recipe)),
        ("loss", loss_note(network)),
        ("memory", memory_line(network, recipe, device, world, held)),
    ]


def _recipe_line(recipe: Recipe) -> str:
    parts = f" in {recipe.accumulate} parts" if recipe.accumulate > 1 else ""
    batches = f"batches of {counted(recipe.batch_size, 'image')}{parts}"
    rate = f"learning rate {recipe.learning_rate:g} ({recipe.schedule})"
    decay = f"weight decay {recipe.weight_decay:g}, seed {recipe.seed}"
    return f"{counted(recipe.epochs, 'epoch')}, {batches}, {recipe.optimizer}, {rate}, {decay}"


def _augmentation_line(recipe: Recipe) -> str:
    named = [
        (recipe.flip != "none", f"mirrored ({recipe.flip})"),
        (recipe.shift > 0, f"moved by up to {recipe.shift} px ({recipe.fill})"),
        (0 < recipe.crop < 1, f"cropped to at least {recipe.crop:.0%}"),
        (recipe.cutout > 0, f"cutout {recipe.cutout} px"),
        (recipe.mixup > 0, f"mixup {recipe.mixup:g}"),
        (recipe.cutmix > 0, f"cutmix {recipe.cutmix:g}"),
    ]
    return ", ".join(text for wanted, text in named if wanted) or "none"
