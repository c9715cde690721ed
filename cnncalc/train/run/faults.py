"""What can go wrong while training, in one line that says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from cnncalc.core.errors import SpecError
from cnncalc.core.numbers import bytes_text, counted
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.out_of_memory import ran_out_of_memory
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.folder import RunFolder

_LOST = re.compile(r"gloo|NCCL|Connection (?:reset|closed) by")


@contextmanager
def explained_faults(recipe: Recipe, folder: RunFolder | None) -> Iterator[None]:
    """Turn what PyTorch raises into an error that says what was tried and what to try.

    Args:
        recipe: of what is trained.
        folder: of the run; None where there is none to resume.

    Raises:
        SpecError: in place of running out of memory, and of losing the other processes.

    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _out_of_memory(recipe, folder, str(error)) from None
    except RuntimeError as error:
        if ran_out_of_memory(error):
            raise _out_of_memory(recipe, folder, str(error)) from None
        if _LOST.search(str(error)):
            raise _lost(folder) from None
        raise


def no_number(what: str, rate: float, folder: RunFolder, recipe: Recipe, rollbacks: int) -> SpecError:
    """Return the error for a loss that is no number, with the ways out of it.

    Args:
        what: says which loss it was.
        rate: the learning rate with which it came.
        folder: of the run.
        recipe: likewise.
        rollbacks: how often the run went back in vain.

    """
    smaller = min(rate / 10, OPTIMIZERS[recipe.optimizer].learning_rate)
    again = folder.command("train --resume", f"--learning-rate {smaller:.3g}")
    hints = [f"continue from the last good checkpoint with a smaller learning rate: {again}"]
    if not recipe.clip:
        hints.append("or with clipped gradients: --clip 1 in its place")
    if recipe.non_finite == "stop":
        hints.append("or with --non-finite rollback, which rolls back and halves the learning rate")
    after = f", after going back {rollbacks} times" if rollbacks else ""
    return SpecError("not-finite", f"{what}: training ends there{after}", hints=hints)


def _lost(folder: RunFolder | None) -> SpecError:
    hints = ["its messages before it ended say why"]
    if folder:
        resumed = folder.command("train --resume")
        hints.append(f"torchrun with --max-restarts continues automatically; otherwise: {resumed}")
    return SpecError(
        "lost-process", "another process of the run ended, and this one cannot continue alone", hints=hints
    )


def _amount(number: str, unit: str) -> str:
    """Return an amount of memory in a unit that suits it: a CPU's allocator counts in bytes."""
    return bytes_text(int(number)) if unit == "bytes" and number.isdigit() else f"{number} {unit}"


def _out_of_memory(recipe: Recipe, folder: RunFolder | None, said: str) -> SpecError:
    tried = f"batches of {counted(recipe.batch, 'image')}"
    if recipe.accumulate > 1:
        tried += f" in {recipe.accumulate} parts"
    ways = [
        (2 * recipe.accumulate <= recipe.batch, f"--accumulate {2 * recipe.accumulate}", "takes a step in parts"),
        (recipe.precision in ("float32", "tf32"), "--precision bf16", "halves what is kept for the backward pass"),
        (not recipe.checkpointing, "--checkpointing", "computes blocks twice and keeps less"),
    ]
    options = [(option, what) for fits, option, what in ways if fits]
    if folder is None:
        hints = [f"try {option}, which {what}" for option, what in options]
    else:
        hints = [f"continue with less memory: {folder.command('train --resume', option)}" for option, _ in options[:1]]
        hints += [f"or with {option} in its place, which {what}" for option, what in options[1:]]
    if recipe.batch > 1:
        whose = "a new run may have" if folder else "or take"
        hints.append(f"{whose} a smaller --batch, such as {recipe.batch // 2}")
    amount = re.search(r"allocate ([\d.]+) (\w+)", said)
    wanted = f": {_amount(*amount.groups())} more could not be had" if amount else ""
    return SpecError("out-of-memory", f"memory ran out with {tried}{wanted}", hints=hints)
