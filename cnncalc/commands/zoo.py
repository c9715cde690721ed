"""``cnncalc zoo``"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cnncalc import zoo as specs
from cnncalc.commands.options import output_options, take_output, take_spec_path
from cnncalc.core.errors import SpecError
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.core.writing import write_file, write_stream
from cnncalc.loading import load
from cnncalc.report.zoo import Listed, zoo_report

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class ZooName(click.ParamType[str]):
    """A name of the zoo."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Let the shell offer the names."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in specs.names() if name.startswith(incomplete)]


@click.command()
@click.argument("name", type=ZooName(), required=False)
@output_options
def zoo(name: str | None, **options: Any) -> None:
    """List the specs that ship with cnncalc, or print one.

    Every command accepts these names as SPEC.

    \b
    Examples:
      cnncalc zoo
      cnncalc zoo resnet50
      cnncalc zoo resnet50 -o mine.txt
    """
    if name is None:
        take_output(options).emit(zoo_report([_listed(known) for known in specs.names()]))
    else:
        _print(name, take_spec_path(options["output"]))


def _print(name: str, path: str | None) -> None:
    """Write the text of one spec, as it ships."""
    source = specs.spec(name.lower())
    if source is None:
        hints = did_you_mean(name.lower(), specs.names()) or ["`cnncalc zoo` lists the names"]
        raise SpecError("unknown-name", f"there is no `{shorten(name)}` in the zoo", hints=hints)
    if path is not None:
        write_file(source.text, path)
    else:
        write_stream(source.text, sys.stdout)


def _listed(name: str) -> Listed:
    source = specs.spec(name)
    assert source is not None  # the name comes from the list of what is there
    return Listed(specs.entry(source), load(name))
