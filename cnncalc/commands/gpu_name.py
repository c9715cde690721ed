"""The options that name a graphics card and a table of cards."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.analysis.memory.gpus import GPUS, Cards, closest_gpus, gpu_named, read_cards
from cnncalc.commands.options import F
from cnncalc.core.words import listed, shorten

EPILOG = f"Cards: {', '.join(GPUS)}."
"""What the help says at its end."""


class GpuName(click.ParamType[str]):
    """The name of a card, however it is spelled; completes the names that there are.

    ``otherwise`` is what an error adds: what may be said in place of a name.
    """

    name = "gpu"

    def __init__(self, otherwise: str) -> None:
        self.otherwise = otherwise

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name under which a card is listed."""
        cards = _cards_of(ctx)
        name = gpu_named(value, cards)
        if name is None:
            near = " or ".join(closest_gpus(value, cards))
            command = ctx.command_path if ctx else "cnncalc memory"
            names = f"`{command} --help` lists them" if cards is GPUS else f"--cards has {shorten(listed(cards), 80)}"
            known = f"did you mean {near}?" if near else f"{names}."
            self.fail(f"there is no card {value!r}; {known} {self.otherwise}", param, ctx)
        return name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Let the shell offer the names."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in _cards_of(ctx) if name.startswith(incomplete.lower())]


def _cards_of(context: click.Context | None) -> Cards:
    """Return the cards that may be named: those of ``--cards``, which is read first, or those that are known."""
    return (context and context.params.get("cards")) or GPUS


def _read(context: click.Context, parameter: click.Parameter, value: str | None) -> Cards:
    return GPUS if value is None else read_cards(value)


def cards_option(command: F) -> F:
    """Add the option for a table of cards in place of those that are known; its value are the cards."""
    return click.option(
        "--cards",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        callback=_read,
        is_eager=True,
        help="CSV table of graphics cards in place of the built-in one.",
    )(command)
