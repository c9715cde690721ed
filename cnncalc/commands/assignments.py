"""Options that give values to names: ``--set width=64`` and ``--input left=64x64x3``."""

from __future__ import annotations

import click

from cnncalc.core.words import shorten


def assignments(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return values by their names."""
    assigned: dict[str, str] = {}
    for value in values:
        name, equals, expression = value.partition("=")
        if not equals or not name.strip() or not expression.strip():
            raise click.BadParameter(f"write it as name=value, not {value!r}")
        assigned[name.strip()] = expression
    return assigned


def input_volumes(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> str | dict[str, str] | None:
    """Return the volume of the one input, or those of several by their names; None where none is given."""
    if not any("=" in value for value in values):
        if len(values) > 1:
            raise click.BadParameter("it is given twice; for several inputs write each as name=HxWxC")
        return values[0] if values else None
    given: dict[str, str] = {}
    for value in values:
        name, equals, volume = value.partition("=")
        if not equals or not name.strip() or not volume.strip():
            raise click.BadParameter(f"write each of several inputs as name=HxWxC, not {shorten(value)!r}")
        if name.strip().lower() in given:
            raise click.BadParameter(f"the input {shorten(name.strip())!r} is given twice")
        given[name.strip().lower()] = volume.strip()
    return given
