"""Memory of a run, known before it starts: what a step takes, and how many images fit."""

from __future__ import annotations

import os
from typing import NamedTuple

import torch

from cnncalc.analysis.memory import Predictor, TrainingSetup, largest_batch
from cnncalc.analysis.parallel import CardPredictor, Parallel
from cnncalc.core.errors import SpecError
from cnncalc.core.numbers import bytes_text, counted
from cnncalc.model.room import SMALLER, machine_bytes
from cnncalc.network import Network
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.data import Split
from cnncalc.train.engine.plan import Place, RunPlan
from cnncalc.train.recipe.settings import Recipe

MARGIN = 0.9
"""Share of the free memory that ``auto`` fills: what libraries take besides, and gaps, need the rest."""
FEWEST_STEPS = 32
"""Steps that ``auto`` leaves to an epoch: a batch of all images would fit often, and teach little."""
_ROUND = 8
_PRECISIONS = {"tf32": "float32"}


class Fit(NamedTuple):
    """A batch size that was picked: how many images, and why not more."""

    batch: int
    reason: str


def setup_of(recipe: Recipe, batch: int, device: torch.device) -> TrainingSetup:
    """Return what a process's step is for the prediction of memory."""
    optimizer = OPTIMIZERS[recipe.optimizer]
    return TrainingSetup(
        batch=max(1, batch),
        optimizer=optimizer.name,
        implementation=optimizer.trains_with,
        precision=_PRECISIONS.get(recipe.precision, recipe.precision),
        momentum=None if optimizer.momentum is None else recipe.momentum,
        weight_decay=recipe.weight_decay,
        accumulate=min(recipe.accumulate, max(1, batch)),
        ema=bool(recipe.ema),
        checkpointing=recipe.checkpointing,
        device="cuda" if device.type == "cuda" else "cpu",
    )


def step_bytes(logits: Network, recipe: Recipe, place: Place) -> int:
    """Return the predicted peak of a training step in each process, in bytes."""
    setup = setup_of(recipe, -(-recipe.batch // place.processes.size), place.device)
    return _predictor(logits, place).peak(setup)


def _predictor(logits: Network, place: Place) -> Predictor:
    """Return what predicts the memory of a process: of several, each also has the buckets of DDP."""
    size = place.processes.size
    return CardPredictor(logits, Parallel(size)) if size > 1 else Predictor(logits)


def data_bytes(*splits: Split | None) -> int:
    """Return the bytes that images and their targets take on the device; those of a stream pass through."""
    held = [split for split in splits if split is not None and split.in_memory]
    return sum(len(split) * split.volume.values * (4 if split.floats else 1) + split.labels.nbytes for split in held)


def check_room(plan: RunPlan) -> None:
    """Refuse a step that takes more than the device has, before anything is computed; of frozen parts less is kept.

    Raises:
        SpecError: says whether a smaller batch would do.

    """
    device = plan.place.device
    room = total_bytes(device)
    wanted = step_bytes(plan.logits, plan.recipe, plan.place)
    if plan.recipe.freeze or wanted <= room:
        return
    images = f"a step of {counted(plan.recipe.batch, 'image')}"
    largest = _predictor(plan.logits, plan.place).largest_batch(
        setup_of(plan.recipe, plan.recipe.accumulate, device), room
    )
    hint = f"give a smaller --batch: {largest:,} would fit by prediction" if largest else SMALLER
    message = f"{images} takes {bytes_text(wanted)} by prediction, and {_owner(device)} has {bytes_text(room)}"
    raise SpecError("out-of-memory", message, hints=[hint])


def _owner(device: torch.device) -> str:
    return f"{device}" if device.type == "cuda" else "this machine"


def memory_line(plan: RunPlan, held: int) -> str:
    """Say what a step takes, before it is taken."""
    images = f", and {bytes_text(held)} for the images" if held else ""
    most = "at most " if plan.recipe.freeze else ""  # what is frozen has no gradient
    return f"a step takes {most}{bytes_text(step_bytes(plan.logits, plan.recipe, plan.place))} by prediction{images}"


def fitting_test_batch(plan: RunPlan, most: int) -> int:
    """Return how many images may be tested at a time without taking more memory than a training step."""
    tested = TrainingSetup(
        inference=True,
        precision=_PRECISIONS.get(plan.recipe.precision, plan.recipe.precision),
        device="cuda" if plan.place.device.type == "cuda" else "cpu",
    )
    fitting = largest_batch(plan.logits, tested, step_bytes(plan.logits, plan.recipe, plan.place))
    return min(most, fitting or 1)


def fitting_batch(logits: Network, recipe: Recipe, place: Place, train: Split) -> Fit:
    """Return the largest batch that fits into the free memory and leaves an epoch enough steps.

    Raises:
        SpecError: where not even one image fits.

    """
    device, processes = place
    free = free_bytes(device)
    budget = int(MARGIN * free) - data_bytes(train)
    found = _predictor(logits, place).largest_batch(setup_of(recipe, recipe.accumulate, device), max(0, budget))
    if found is None:
        message = f"not even one image fits into the {bytes_text(free)} that are free on {device}"
        hints = ["try --precision bf16, --checkpointing, or a smaller network"]
        raise SpecError("out-of-memory", message, hints=hints)
    least = processes.size * recipe.accumulate
    most = max(least, len(train) // FEWEST_STEPS)
    size = min(found, most)
    size = max(least, size - size % _ROUND if size > _ROUND else size)
    if found > most:
        return Fit(size, f"{found:,} would fit, but an epoch keeps {FEWEST_STEPS} steps")
    return Fit(size, f"the largest that fits into {MARGIN:.0%} of the {bytes_text(free)} that are free")


def total_bytes(device: torch.device) -> int:
    """Return the bytes of a device's memory, whether they are free or not."""
    if device.type == "cuda":
        total: int = torch.cuda.mem_get_info(device)[1]
        return total
    return machine_bytes()


def free_bytes(device: torch.device) -> int:
    """Return the bytes that are free on a device."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
