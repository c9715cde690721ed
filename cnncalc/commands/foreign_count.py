"""``--count``: numbers as the counters of other tools count them, in the commands that show counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cnncalc.analysis import Counts
from cnncalc.commands.options import Common

F = TypeVar("F", bound=Callable[..., Any])

COUNTER_NAMES = ("fvcore", "thop", "ptflops", "torchinfo")
"""The names of the counters, whose rules are loaded only when one is asked for; a test compares them."""


def count_option(help: str, **settings: Any) -> Callable[[F], F]:
    """Return the option that asks for the counters of other tools, of which `only_one` takes one."""
    choice = click.Choice(COUNTER_NAMES, case_sensitive=False)
    return click.option("--count", "counter", type=choice, multiple=True, help=help, **settings)


def only_one(context: click.Context, parameter: click.Parameter, counters: tuple[str, ...]) -> str | None:
    """Return the one counter whose account a command gives, or None; refuse several."""
    if len(counters) > 1:
        raise click.BadParameter("it is given twice; `cnncalc compare SPEC SPEC` takes several counters")
    return counters[0] if counters else None


def emit_counted(common: Common, counts: Counts, counter: str, *, fold: bool | None) -> None:
    """Write the report of a network as another tool counts it."""
    from cnncalc.counters.registry import COUNTERS
    from cnncalc.counters.report import counted_report

    common.emit(counted_report(counts, COUNTERS[counter], folds=common.output.folds(fold)))
