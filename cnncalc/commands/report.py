"""``cnncalc report``"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import click

from cnncalc import __version__
from cnncalc.commands.options import (
    batch_option,
    load_spec,
    short_names,
    spec_argument,
    spec_options,
    take_spec_options,
)
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file, write_stream

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


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
    The page is one file that asks for nothing. A layer that is chosen in the picture, the table, a chart or the
    text is chosen everywhere, and its arithmetic stands beside it.

    \b
    Examples:
      cnncalc report resnet50.txt
      cnncalc report vgg16.txt --batch 64 -o vgg16.html
      cnncalc report resnet18.txt resnet50.txt -o compared.html
    """
    if output is not None and not output.lower().endswith((".html", ".htm")):
        raise click.UsageError(f"a page is HTML: {shorten_path(output)!r} should end in .html")
    from cnncalc.analysis import count
    from cnncalc.page.page import report_page, shown

    settings = take_spec_options(options)
    networks = [load_spec(spec, settings) for spec in specs]
    names = [os.path.splitext(name)[0] for name in short_names(list(specs), longest=60)]
    pages = [shown(name, count(network, batch=batch)) for name, network in zip(names, networks, strict=True)]
    path = output or f"{_file_name(names[0]) if len(names) == 1 else 'comparison'}.html"
    write_file(map(str.encode, report_page(pages, __version__)), path)
    if output is None:
        write_stream(f"wrote {shorten_path(path)}\n", sys.stdout)


def _file_name(name: str) -> str:
    return _NOT_IN_NAMES.sub("-", name).strip("-.") or "network"
