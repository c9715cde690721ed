"""Options that name a row of a built-in table, or of a table of the user's own: cards and microcontrollers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import click

from cnncalc.commands.options import F
from cnncalc.commands.replacing import note_file_read
from cnncalc.core.words import listed, shorten

Rows = Mapping[str, Any]
"""The rows of a table by their names."""


class NamedTable(NamedTuple):
    """A table whose rows have names.

    Attributes:
        option: the option that reads another table in its place, without dashes: ``cards``.
        row: what a row is: ``card``.
        rows: those of the built-in table.
        read: reads the rows of a file.
        find: returns the name of the row that is meant, however it is spelled, or None.
        closest: returns the names that may have been meant.
        unlike: says in which way the row that was likely meant is another one, or "".

    """

    option: str
    row: str
    rows: Rows
    read: Callable[[str], Rows]
    find: Callable[[str, Any], str | None]
    closest: Callable[[str, Any], Sequence[str]]
    unlike: Callable[[str, Any], str] = lambda name, rows: ""

    def rows_of(self, context: click.Context | None) -> Rows:
        """Return the rows that may be named: those of the option, which is read first, or the built-in ones."""
        return (context and context.params.get(self.option)) or self.rows

    def file_option(self, help: str) -> Callable[[F], F]:
        """Return the option for a file in place of the built-in table; its value are the rows."""
        return click.option(
            f"--{self.option}",
            metavar="FILE",
            type=click.Path(dir_okay=False),
            callback=self._read_file,
            is_eager=True,
            help=help,
        )

    def _read_file(self, context: click.Context, parameter: click.Parameter, value: str | None) -> Rows:
        """Return the rows of a file, which no output may replace; the built-in ones where none is named."""
        if value is None:
            return self.rows
        note_file_read(context, self.option, value)
        return self.read(value)


class RowName(click.ParamType[str]):
    """The name of a row, however it is spelled; completes the names that there are.

    ``otherwise`` is what an error adds: what may be said in place of a name.
    """

    def __init__(self, name: str, table: NamedTable, otherwise: str) -> None:
        self.name, self.table, self.otherwise = name, table, otherwise

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name under which a row is listed."""
        table, rows = self.table, self.table.rows_of(ctx)
        name = table.find(value, rows)
        if name is None:
            near = " or ".join(table.closest(value, rows))
            command = ctx.command_path if ctx else "cnncalc memory"
            own = f"--{table.option} has {shorten(listed(rows), 80)}"
            names = f"`{command} --help` lists them" if rows is table.rows else own
            known = table.unlike(value, rows) or (f"did you mean {near}?" if near else f"{names}.")
            self.fail(f"there is no {table.row} {value!r}; {known} {self.otherwise}", param, ctx)
        return name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Let the shell offer the names."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self.table.rows_of(ctx) if name.startswith(incomplete.lower())]
