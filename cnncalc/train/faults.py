"""What can go wrong while training, in one line that says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from cnncalc.errors import SpecError
from cnncalc.report.numbers import bytes_text
from cnncalc.train.recipe import Recipe

_CPU_MEMORY = re.compile(r"can't allocate memory|not enough memory|Cannot allocate memory")
_LOST = re.compile(r"gloo|NCCL|Connection (?:reset|closed) by")


@contextmanager
def explained_faults(recipe: Recipe, folder: str) -> Iterator[None]:
    """Turn what PyTorch raises into an error that says what was tried and what to try.

    Raises:
        SpecError: in place of running out of memory, and of losing the other processes.

    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _out_of_memory(recipe, str(error)) from None
    except RuntimeError as error:
        if ran_out_of_memory(error):
            raise _out_of_memory(recipe, str(error)) from None
        if _LOST.search(str(error)):
            raise _lost(folder) from None
        raise


def ran_out_of_memory(error: Exception) -> bool:
    """Say whether Python or PyTorch could not have the memory that it asked for."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or bool(_CPU_MEMORY.search(str(error)))


def _lost(folder: str) -> SpecError:
    hints = [
        "what it said before it ended tells why",
        f"torchrun with --max-restarts goes on by itself; otherwise: cnncalc train --resume {folder}",
    ]
    return SpecError("lost-process", "another process of the run ended, and this one cannot go on alone", hints=hints)


def _amount(number: str, unit: str) -> str:
    """Return an amount of memory in a unit that suits it: a CPU's allocator counts in bytes."""
    return bytes_text(int(number)) if unit == "bytes" and number.isdigit() else f"{number} {unit}"


def _out_of_memory(recipe: Recipe, said: str) -> SpecError:
    tried = f"batches of {recipe.batch_size:,} images"
    if recipe.accumulate > 1:
        tried += f" in {recipe.accumulate} parts"
    hints = [
        f"the same training in less memory: --accumulate {2 * recipe.accumulate}"
        if 2 * recipe.accumulate <= recipe.batch_size
        else "the batch cannot be split further",
        f"or a smaller --batch-size, such as {max(1, recipe.batch_size // 2)}",
    ]
    if recipe.precision in ("float32", "tf32"):
        hints.append("or --precision bf16, which halves what is kept for the backward pass")
    if not recipe.checkpointing:
        hints.append("or --checkpointing, which computes blocks twice and keeps less")
    amount = re.search(r"allocate ([\d.]+) (\w+)", said)
    wanted = f": {_amount(*amount.groups())} more could not be had" if amount else ""
    return SpecError("out-of-memory", f"memory ran out with {tried}{wanted}", hints=hints)
