"""Many hostile command lines, one after the other, each with what became of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from cnncalc.commands.cli import COMMANDS
from tests.fuzz.lines import Line, lines
from tests.fuzz.places import TASKS, mutate_run, mutate_table
from tests.fuzz.processes import try_in_a_process
from tests.fuzz.trying import Outcome, try_line


def campaign(
    place: Path, seed: int, count: int, only: tuple[str, ...] = COMMANDS, *, every: int = 0
) -> Iterator[tuple[Line, Outcome]]:
    """Yield command lines with their outcomes.

    Args:
        place: a folder that `make_place` has filled.
        seed: another seed, other lines.
        count: how many lines.
        only: the commands that are tried.
        every: how often a line is run in a process of its own; 0 for never.

    """
    rng = random.Random(seed)
    for number, line in enumerate(lines(seed, count, only)):
        if "mutant" in line.arguments:
            mutate_run(rng, place / rng.choice(("run", *(f"of-{table}" for table in TASKS))), place / "mutant")
        if "mutant.csv" in line.arguments:
            mutate_table(rng, place)
        yield line, try_in_a_process(line, place) if every and number % every == every - 1 else try_line(line, place)
