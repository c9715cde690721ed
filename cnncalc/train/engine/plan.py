"""The plan of a run: everything that is decided before its first step, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten
from cnncalc.model.build import build
from cnncalc.model.weights.given import given_weights
from cnncalc.model.weights.matching import Matching, match
from cnncalc.network import Network
from cnncalc.train.engine.augment import PixelNormalisation
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.engine.splits import RunSplits
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.tasks import Task


class Place(NamedTuple):
    """Where a run computes: the device of this process, and the processes that train together."""

    device: torch.device
    processes: Processes = Processes()


class FirstWeights(NamedTuple):
    """The weights that a run begins with, where they are not drawn.

    Attributes:
        name: how people know them.
        tensors: by their names in their file.
        matching: which of them the network takes.
        normalisation: of the pixels that they have learned from, where it is known.

    """

    name: str
    tensors: Mapping[str, Tensor]
    matching: Matching
    normalisation: PixelNormalisation | None = None


class RunPlan(NamedTuple):
    """What is trained, how, on what and where.

    Attributes:
        network: as the spec says it.
        task: what images are learned as.
        logits: the network without what the loss does itself at its end, such as a softmax; the model is built of it.
        recipe: with nothing left open: no setting is ``auto``.
        splits: which images are trained on, and which are tested when.
        place: the device and the processes.
        first: the weights that it begins with; None where they are drawn.
        workers: processes that read a stream, and those that augment single images.

    """

    network: Network
    task: Task
    logits: Network
    recipe: Recipe
    splits: RunSplits
    place: Place
    first: FirstWeights | None = None
    workers: int = 2


def plan_of(
    network: Network, task: Task, recipe: Recipe, splits: RunSplits, place: Place, first: FirstWeights | None = None
) -> RunPlan:
    """Return the plan of a run whose recipe leaves nothing open."""
    return RunPlan(network, task, task.logits(network), recipe, splits, place, first)


def first_weights(written: str, network: Network) -> FirstWeights:
    """Return the weights that a run is to begin with.

    Args:
        written: what `--weights` says.
        network: what is trained.

    Raises:
        SpecError: for weights that cannot be read, are no finite numbers, or are those of another network.

    """
    given = given_weights(written, network)
    matching = match(build(network, device="meta"), given.tensors)
    _check_finite(given.tensors, matching, given.name)
    known = given.published and given.published.preprocessing
    normalisation = PixelNormalisation(known.mean, known.deviation) if known else None
    return FirstWeights(given.name, given.tensors, matching, normalisation)


def _check_finite(tensors: Mapping[str, Tensor], matching: Matching, name: str) -> None:
    taken = [row.source for row in matching.rows if row.source is not None]
    wrong = next((key for key in taken if not tensors[key].isfinite().all()), None)
    if wrong is not None:
        message = f"`{shorten(wrong)}` in {name} has NaN or infinite values: nothing can be learned from there"
        raise SpecError("bad-weights", message, hints=["take weights from before the training went wrong"])
