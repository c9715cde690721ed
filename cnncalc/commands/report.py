"""``cnncalc report``"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cnncalc import __version__
from cnncalc.commands.options import (
    batch_option,
    load_spec,
    output_of,
    refuse_reading_twice,
    short_names,
    spec_argument,
    spec_options,
    take_spec_options,
)
from cnncalc.commands.replacing import check_output, refuse_replacing
from cnncalc.commands.whole import Whole
from cnncalc.core.errors import CnncalcError
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file, write_stream
from cnncalc.network import SpecSettings

if TYPE_CHECKING:
    from cnncalc.page.run.view import RunView


@click.command()
@spec_argument("specs", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Output file: .html. [default: NAME.html]",
)
@batch_option("Images per training step, whose memory is shown.")
@click.option("--gradients", is_flag=True, help="Of a run: print the gradient norms of its layers in place of a page.")
@click.option(
    "--limit", type=Whole(1), metavar="N", help="Number of test images of a run, evenly spaced. [default: all]"
)
@click.option("--device", metavar="NAME", help="Device of a run: auto, cpu, cuda, cuda:N or mps. [default: auto]")
@spec_options
def report(specs: tuple[str, ...], output: str | None, batch: int, **options: Any) -> None:
    """Write a web page of a network or of a training run.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes; several are compared. The page shows
    picture, table, costs, memory and arithmetic. With the folder of a training run in place of a SPEC it also shows
    learning curves, gradient norms, filters, activation maps, a test and the recipe. The page is one file and makes no
    network request. A layer that is selected in the picture, the table, a chart or the text is highlighted in all of
    them, and its arithmetic is shown.

    \b
    Examples:
      cnncalc report resnet50.txt
      cnncalc report vgg16.txt --batch 64 -o vgg16.html
      cnncalc report resnet18.txt resnet50.txt -o compared.html
      cnncalc report runs/lenet5-1 -o run.html
    """
    check_output(output)
    refuse_reading_twice(specs)
    of_run = {name: options.pop(name) for name in ("gradients", "limit", "device")}
    settings = take_spec_options(options)
    if any(os.path.isdir(spec) for spec in specs):
        _report_run(specs, output, batch, settings, of_run)
        return
    if given := [f"--{name}" for name, value in of_run.items() if value]:
        raise click.UsageError(f"{given[0]} is for a training run; name its folder")
    _check_page(output)
    from cnncalc.analysis import count
    from cnncalc.draw.styles.files import name_of
    from cnncalc.page.page import report_page, shown

    networks = [load_spec(spec, settings) for spec in specs]
    names = short_names([_without_ending(spec) for spec in specs], longest=60)
    pages = [shown(name, count(network, batch=batch)) for name, network in zip(names, networks, strict=True)]
    path = output or f"{name_of(networks[0]) if len(networks) == 1 else 'comparison'}.html"
    for spec in specs:
        refuse_replacing(spec, path)
    _write(report_page(pages, __version__), path, output)


def _check_page(output: str | None) -> None:
    if output is not None and not output.lower().endswith((".html", ".htm")):
        raise click.UsageError(f"a page is HTML: {shorten_path(output)!r} should end in .html")


def _write(page: Iterable[str], path: str, output: str | None) -> None:
    """Write a page, and say where it is unless that was asked for."""
    write_file(map(str.encode, page), path)
    if output is None:
        write_stream(f"wrote {shorten_path(path)}\n", sys.stdout)


def _without_ending(spec: str) -> str:
    """Return what the page calls a spec: a file's name without folder and ending, else the spec itself."""
    return os.path.splitext(os.path.basename(spec))[0] if os.path.isfile(spec) else spec


def _report_run(
    specs: Sequence[str], output: str | None, batch: int, settings: SpecSettings, wanted: Mapping[str, Any]
) -> None:
    """Write the page of a training run, or print its gradient norms."""
    if len(specs) > 1:
        raise click.UsageError("a page shows one training run, or networks; name one folder")
    if settings != SpecSettings():
        raise click.UsageError("a training run has its own spec; leave out --input, --param and --rounding")
    if batch != 1:
        raise click.UsageError("a training run has its own batch; leave out --batch")
    from cnncalc.commands.training import refuse_replacing_run
    from cnncalc.page.run.view import view_of

    view = view_of(specs[0])
    refuse_replacing_run(specs[0], output)
    if wanted["gradients"]:
        from cnncalc.report.gradients import gradients_report

        report = gradients_report(view.path, {row.epoch: row.norms for row in view.gradients})
        output_of(output).emit(report)
        return
    _check_page(output)
    from cnncalc.page.run.document import run_page

    path = output or f"{view.name}.html"
    _write(run_page(_with_weights(view, wanted), __version__), path, output)


def _with_weights(view: RunView, wanted: Mapping[str, Any]) -> RunView:
    """Return the view of a run with what takes PyTorch; without it, with the reason why that is missing."""
    data = {"limit": wanted["limit"]} if wanted["limit"] else {}
    try:
        with optional_packages():
            from cnncalc.page.run.finished import with_weights
    except CnncalcError as error:
        if wanted["device"] or wanted["limit"]:
            raise
        return view.without_weights(error.message)
    return with_weights(view, wanted["device"] or "auto", data)
