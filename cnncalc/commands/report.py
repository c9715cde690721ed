"""``cnncalc report``"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from cnncalc import __version__
from cnncalc.commands.options import (
    batch_option,
    load_spec,
    refuse_no_name,
    refuse_reading_twice,
    refuse_replacing,
    short_names,
    spec_argument,
    spec_options,
    take_spec_options,
)
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file, write_stream


@click.command()
@spec_argument("specs", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Output file, .html. [default: the network's name, .html]",
)
@batch_option("Images of a training step, whose memory is shown.")
@spec_options
def report(specs: tuple[str, ...], output: str | None, batch: int, **options: Any) -> None:
    """Write a page to look at and touch: picture, table, costs, memory, arithmetic.

    SPEC is a file, - for standard input, a name of the zoo, or the text itself in quotes. Several are compared.
    The page is one file and makes no network request. A layer that is chosen in the picture, the table, a chart or the
    text is chosen everywhere, and its arithmetic stands beside it.

    \b
    Examples:
      cnncalc report resnet50.txt
      cnncalc report vgg16.txt --batch 64 -o vgg16.html
      cnncalc report resnet18.txt resnet50.txt -o compared.html
    """
    refuse_no_name(output)
    refuse_reading_twice(specs)
    if output is not None and not output.lower().endswith((".html", ".htm")):
        raise click.UsageError(f"a page is HTML: {shorten_path(output)!r} should end in .html")
    from cnncalc.analysis import count
    from cnncalc.draw.styles.files import name_of
    from cnncalc.page.page import report_page, shown

    settings = take_spec_options(options)
    networks = [load_spec(spec, settings) for spec in specs]
    names = short_names([_without_ending(spec) for spec in specs], longest=60)
    pages = [shown(name, count(network, batch=batch)) for name, network in zip(names, networks, strict=True)]
    path = output or f"{name_of(networks[0]) if len(networks) == 1 else 'comparison'}.html"
    for spec in specs:
        refuse_replacing(spec, path)
    write_file(map(str.encode, report_page(pages, __version__)), path)
    if output is None:
        write_stream(f"wrote {shorten_path(path)}\n", sys.stdout)


def _without_ending(spec: str) -> str:
    """Return what the page calls a spec: a file's name without folder and ending, else the spec itself."""
    return os.path.splitext(os.path.basename(spec))[0] if os.path.isfile(spec) else spec
