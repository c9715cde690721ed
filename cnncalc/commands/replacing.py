"""Outputs without a name, over what a command reads or over each other: refused before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import click

from cnncalc.core.words import shorten_path

WRITTEN = ("output", "write", "plot", "picture", "show_batch", "out")
"""Names of parameters that name what is written; all others name what is read, or no file at all."""

_READ = "cnncalc.commands.replacing"


def refuse_replacing(source: str, path: str | None, what: str = "the spec itself", option: str = "-o") -> None:
    """Refuse an output that would be written over the spec, or another file, that it is made of."""
    if path and os.path.isfile(source) and os.path.isfile(path) and os.path.samefile(source, path):
        raise click.UsageError(f"{option} {shorten_path(path)} would replace {what}; name another file")


def note_file_read(context: click.Context, name: str, path: str) -> None:
    """Keep in mind the file of an option whose value is what the file holds: tables of cards, for example."""
    context.meta.setdefault(_READ, {})[name] = path


def check_output(path: str | None, option: str = "-o") -> None:
    """Refuse an output without a name, and one over a file which an argument or option of the command names.

    Args:
        path: the output; None for none.
        option: the option that names it.

    Raises:
        click.UsageError: for such an output, for two outputs that are the same file, and for an empty name, as of a
            variable of the shell that is not set.

    """
    if path == "":
        raise click.UsageError(f"{option} needs the name of a file, and was given an empty one")
    context = click.get_current_context(silent=True)
    if not path or context is None:
        return
    for parameter in context.command.params:
        name = parameter.name or ""
        opts = parameter.opts[-1] if isinstance(parameter, click.Option) else ""
        if option in (*parameter.opts, *parameter.secondary_opts):
            continue
        for text in _texts(context.meta.get(_READ, {}).get(name, context.params.get(name))):
            if name in WRITTEN:
                if os.path.realpath(text) == os.path.realpath(path):
                    message = f"{option} and {opts} name the same file, {shorten_path(path)}; name another one"
                    raise click.UsageError(message)
                continue
            what = f"what {opts} reads" if opts else "the spec itself" if name in _SPECS else "what is read"
            refuse_replacing(text, path, what, option)


_SPECS = ("spec", "specs", "first", "others")
"""Names of arguments that name specs."""


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a parameter's value that may name a file; behind a sign of equality as well."""
    for one in value if isinstance(value, (tuple, list)) else (value,):
        if isinstance(one, str) and one and "\0" not in one:
            yield one
            if behind := one.partition("=")[2]:
                yield behind
