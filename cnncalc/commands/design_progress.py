"""A bar in the terminal that shows how far a sweep has come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cnncalc.core.numbers import whole
from cnncalc.design.running import Observer
from cnncalc.design.sweep import Tally


@contextmanager
def progress_bar(what: str, total: int, *, quiet: bool = False) -> Iterator[Observer]:
    """Show a bar on standard error while designs are counted, where that is a terminal; yield the observer of them."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, tally: None
        return
    from rich.console import Console  # only a terminal needs it
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4) as progress:
        task = progress.add_task(what, total=total, said="")

        def show(done: int, tally: Tally) -> None:
            found = f", {whole(tally.met)} found" if tally.relaxations is None else ""
            progress.update(task, completed=done, said=f"{whole(done)} of {whole(total)}{found}")

        yield show
