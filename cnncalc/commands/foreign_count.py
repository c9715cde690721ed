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
    """Return the option that asks for the counter of another tool."""
    choice = click.Choice(COUNTER_NAMES, case_sensitive=False)
    return click.option("--count", "counter", type=choice, help=help, **settings)


def emit_counted(common: Common, counts: Counts, counter: str, *, fold: bool | None) -> None:
    """Write the report of a network as another tool counts it."""
    from cnncalc.counters.registry import COUNTERS
    from cnncalc.counters.report import counted_report

    common.emit(counted_report(counts, COUNTERS[counter], folds=common.output.folds(fold)))
