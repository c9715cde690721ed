"""``cnncalc zoo``"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from cnncalc import zoo as specs
from cnncalc.commands.options import output_options, take_output, take_spec_path
from cnncalc.core.errors import SpecError
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.core.writing import write_file, write_stream
from cnncalc.loading import load
from cnncalc.report.zoo import Listed, winners_report, zoo_report
from cnncalc.zoo.catalogue import Published, catalogue

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
@click.option("--task", metavar="TASK", help="Networks for a task: classification, segmentation, detection, ….")
@click.option("--family", metavar="FAMILY", help="Networks of a family: ResNet, Inception, U-Net, ….")
@click.option("--ilsvrc", is_flag=True, help="Networks that won ILSVRC, by year, with their errors.")
@output_options
def zoo(name: str | None, task: str | None, family: str | None, ilsvrc: bool, **options: Any) -> None:
    """List the specs that ship with cnncalc, or print one.

    Every command accepts these names as SPEC.

    \b
    Examples:
      cnncalc zoo
      cnncalc zoo --task segmentation
      cnncalc zoo --ilsvrc
      cnncalc zoo resnet50
      cnncalc zoo resnet50 -o mine.txt
    """
    if name is not None:
        if task or family or ilsvrc:
            raise click.UsageError("--task, --family and --ilsvrc choose from the list, and do not go with a NAME")
        if options["form"]:
            raise click.UsageError(f"--format is for the list: {shorten(name)} is printed as the text that it is")
        _print(name, take_spec_path(options["output"]))
        return
    chosen = _chosen(task, family, ilsvrc=ilsvrc)
    if not chosen:
        wanted = [f"of the {what} `{word}`" for what, word in (("task", task), ("family", family)) if word]
        won = " that won ILSVRC" if ilsvrc else ""
        hints = ["leave out one of the options"]
        raise SpecError("unknown-name", f"the zoo has no network {' and '.join(wanted)}{won}", hints=hints)
    listed = [_listed(known, published) for known, published in chosen.items()]
    take_output(options).emit(winners_report(listed) if ilsvrc else zoo_report(listed))


def _chosen(task: str | None, family: str | None, *, ilsvrc: bool) -> dict[str, Published]:
    """Return the networks of a task and a family, in any spelling, and of those the winners of ILSVRC."""
    known = catalogue()
    tasks = _one_of("task", task, {published.task for published in known.values()})
    families = _one_of("family", family, {published.family for published in known.values()})
    return {
        name: published
        for name, published in known.items()
        if published.task in tasks and published.family in families and (published.ilsvrc or not ilsvrc)
    }


def _one_of(what: str, written: str | None, known: set[str]) -> set[str]:
    """Return what is meant by a word, or all where nothing is said."""
    if written is None:
        return known
    plain = {re.sub(r"[\W_]", "", word.lower()): word for word in sorted(known)}
    meant = plain.get(re.sub(r"[\W_]", "", written.lower()))
    if meant is None:
        hints = [*did_you_mean(written.lower(), plain), f"there are {', '.join(sorted(known))}"]
        raise SpecError("unknown-name", f"the zoo has no {what} `{shorten(written)}`", hints=hints)
    return {meant}


def _print(name: str, path: str | None) -> None:
    """Write the text of one spec, as it ships."""
    source = specs.spec(name.lower()) or specs.spec(specs.named(name) or "")
    if source is None:
        hints = specs.near_hints(name) or ["`cnncalc zoo` lists the names"]
        raise SpecError("unknown-name", f"there is no `{shorten(name)}` in the zoo", hints=hints)
    if path is not None:
        write_file(source.text, path)
    else:
        write_stream(source.text, sys.stdout)


def _listed(name: str, published: Published) -> Listed:
    source = specs.spec(name)
    assert source is not None  # the name comes from the list of what is there
    return Listed(specs.entry(source), load(name), published)
