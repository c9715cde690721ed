"""Options that were given on the command line, as opposed to those that have their default."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.core import ParameterSource


def is_given(name: str) -> bool:
    """Say whether the option with this parameter name was given."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def first_given(names: Iterable[str]) -> str:
    """Return the first of some options that was given, as it is written: ``--budget``; "" where none was."""
    written = {parameter.name: parameter.opts[0] for parameter in click.get_current_context().command.params}
    return next((written[name] for name in names if is_given(name)), "")


def refuse_idle(names: Iterable[str], reason: str) -> None:
    """Refuse the first of some options that was given; ``reason`` says why they have no effect: ``without --measure``.

    Raises:
        click.UsageError: where one of them was given.

    """
    if idle := first_given(names):
        raise click.UsageError(f"{idle} has no effect {reason}; leave it out")
