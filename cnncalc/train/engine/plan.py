"""The plan of a run: everything that is decided before its first step, as one value."""

from __future__ import annotations

from typing import NamedTuple

import torch

from cnncalc.network import Network
from cnncalc.train.engine.classifier_head import without_softmax
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.engine.splits import RunSplits
from cnncalc.train.recipe.settings import Recipe


class Place(NamedTuple):
    """Where a run computes: the device of this process, and the processes that train together."""

    device: torch.device
    processes: Processes = Processes()


class RunPlan(NamedTuple):
    """What is trained, how, on what and where.

    Attributes:
        network: as the spec says it.
        logits: the same without a softmax at its end, which the loss does itself; the model is built of it.
        recipe: with nothing left open: no setting is ``auto``.
        splits: which images are trained on, and which are tested when.
        place: the device and the processes.

    """

    network: Network
    logits: Network
    recipe: Recipe
    splits: RunSplits
    place: Place


def plan_of(network: Network, recipe: Recipe, splits: RunSplits, place: Place) -> RunPlan:
    """Return the plan of a run whose recipe leaves nothing open."""
    return RunPlan(network, without_softmax(network), recipe, splits, place)
