"""The memory of a run with several processes, which is predicted before it starts."""

from __future__ import annotations

import torch

import cnncalc
from cnncalc.analysis.memory import Predictor
from cnncalc.analysis.parallel import CardPredictor, Parallel
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.engine.plan import Place
from cnncalc.train.engine.step_memory import setup_of, step_bytes
from cnncalc.train.recipe.settings import Recipe


def test_several_processes_have_the_buckets_of_ddp() -> None:
    """Each has its share of the batch, and buckets with the gradients as views; a single process has none."""
    network = cnncalc.load("conv 3x3x8 - relu - gap - fc 3", input="12x12x3")
    recipe, device = Recipe(batch=12, optimizer="sgd", momentum=0.9, weight_decay=5e-4), torch.device("cpu")
    alone = step_bytes(network, recipe, Place(device, Processes(0, 1)))
    shared = step_bytes(network, recipe, Place(device, Processes(0, 4)))
    assert alone == Predictor(network).peak(setup_of(recipe, 12, device))
    assert shared == CardPredictor(network, Parallel(4, "ddp")).peak(setup_of(recipe, 3, device))
