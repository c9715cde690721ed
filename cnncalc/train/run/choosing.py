"""What is to be trained: read, decided and checked, before it has a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

from cnncalc.loading import load_with
from cnncalc.model.build import build
from cnncalc.network import Network, SpecSettings
from cnncalc.train.data import DataRequest, Dataset, check_augmentations, check_dataset, load_dataset
from cnncalc.train.data.kinds import MASKS
from cnncalc.train.engine.augment import PixelNormalisation
from cnncalc.train.engine.balance import check_balance
from cnncalc.train.engine.batches import check_batches
from cnncalc.train.engine.devices import choose_device, configure, resolved_precision
from cnncalc.train.engine.distributed import joined_processes
from cnncalc.train.engine.parts import check_parts
from cnncalc.train.engine.plan import FirstWeights, Place, RunPlan, first_weights, plan_of
from cnncalc.train.engine.splits import run_splits, validation_share
from cnncalc.train.engine.step_memory import check_room, fitting_batch
from cnncalc.train.recipe.augmentations import augmentations_of
from cnncalc.train.recipe.resolved import resolved
from cnncalc.train.recipe.settings import AUTO, Recipe
from cnncalc.train.run.about import about_run
from cnncalc.train.run.data_origin import normalisation_of, with_whole_paths
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.tasks import Task, check_kind, check_trainable, check_views, task_for, task_of_spec


class TrainRequest(NamedTuple):
    """What is asked of a training.

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


@contextmanager
def joined(device_name: str) -> Iterator[Place]:
    """Choose the device and join the other processes, if there are any."""
    device = choose_device(device_name)
    with joined_processes(device) as processes:
        yield Place(device, processes)


class ChosenPlan(NamedTuple):
    """What is to be trained, checked, before it has a folder and before the ways to compute it are timed.

    Attributes:
        plan: what is trained, how, on what and where.
        dataset: the data.
        fit: why the batch is as large as it is; "" where the recipe says it.

    """

    plan: RunPlan
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
    return plan_loaded(load_for(request), request.recipe, place)


class LoadedRun(NamedTuple):
    """What a new run needs and has read.

    Attributes:
        network: from the spec.
        first: the weights that it begins with; None where they are drawn.
        data: the request for its data, from the root.
        dataset: the data.
        task: what they are learned as.

    """

    network: Network
    first: FirstWeights | None
    data: DataRequest
    dataset: Dataset
    task: Task


def load_for(request: TrainRequest) -> LoadedRun:
    """Read what is needed for a new run, and check that it goes together."""
    network = load_with(request.spec, request.settings)
    check_trainable(network, request.data.task)
    first = _first_weights(request.weights, network) if request.weights else None
    data = with_whole_paths(request.data._replace(seed=request.recipe.seed))
    asked = data._replace(task=task_of_spec(network, data.task))
    dataset = load_dataset(asked, network.input, classes=network.output.channels)
    check_dataset(dataset, network)
    check_kind(dataset, data.task)
    task = task_for(dataset, network)
    return LoadedRun(network, first, data._replace(task=task.name), dataset, task)


def plan_loaded(loaded: LoadedRun, wanted: Recipe, place: Place) -> ChosenPlan:
    """Return the plan of a new run, checked."""
    network, first, data, dataset, task = loaded
    recipe, fit = decided_recipe(wanted, dataset, task.logits(network), place)
    splits = run_splits(dataset, recipe, _as_learned(first, recipe))
    plan = plan_of(network, task, recipe, splits, place, first)._replace(workers=data.workers)
    check_plan(plan)
    return ChosenPlan(plan, dataset, fit)


def _first_weights(written: str, network: Network) -> FirstWeights:
    """Return the weights that a run begins with; of another run's it is known how its images were normalised."""
    first, folder = first_weights(written, network), RunFolder(written)
    if not folder.begun():
        return first
    facts = folder.facts()
    return first._replace(normalisation=normalisation_of(facts))


def _as_learned(first: FirstWeights | None, recipe: Recipe) -> PixelNormalisation | None:
    """Return the normalisation that the first weights have learned with; None for that of the run's own images."""
    return first.normalisation if first and recipe.normalise == "data" else None


def check_plan(plan: RunPlan) -> None:
    """Refuse what cannot be trained as planned, and ask of PyTorch what the recipe wants."""
    check_views(plan.task, plan.recipe.views)
    check_balance(plan.splits.kind, plan.recipe.balance)
    check_batches(plan.network, plan.recipe, len(plan.splits.train), plan.place.processes)
    masks = plan.splits.kind == MASKS
    check_augmentations(augmentations_of(plan.recipe.augment), plan.network.input, masks=masks)
    check_parts(build(plan.logits, device="meta"), plan.recipe)
    check_room(plan)
    configure(plan.recipe, plan.place.device, plan.network)


def decided_recipe(recipe: Recipe, dataset: Dataset, logits: Network, place: Place) -> tuple[Recipe, str]:
    """Return the recipe with nothing left open, as a run keeps it, and why its batch is as large as it is."""
    decided = replace(
        resolved(recipe, logits.input, floats=dataset.train.floats),
        precision=resolved_precision(recipe, place.device),
        validation=validation_share(recipe, dataset),
    )
    if decided.batch != AUTO:
        return decided, ""
    fit = fitting_batch(logits, decided, place, dataset.train)
    return replace(decided, batch=int(place.processes.agree_on(str(fit.batch)))), fit.reason
