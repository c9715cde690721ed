"""``cnncalc draw``"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import Any

import click

from cnncalc.commands.options import load_spec, spec_argument, spec_options, take_spec_options
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file, write_stream
from cnncalc.draw.shapes import Picture
from cnncalc.draw.showing import SHOWN
from cnncalc.draw.styles import STYLES, Wishes, picture_of
from cnncalc.draw.svg import svg
from cnncalc.draw.theme import THEMES
from cnncalc.network import Network

_WRITERS: dict[str, Callable[[Picture, str], str | bytes]] = {".svg": svg}
"""By the ending of the file: what writes a picture with a theme."""


@click.command()
@spec_argument()
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="The file: net.svg. [default: the network's name, .svg]",
)
@click.option("--style", type=click.Choice(STYLES), default="graph", show_default=True, help="Kind of picture.")
@click.option("--show", type=click.Choice(list(SHOWN)), help="Costs that are written into every box.")
@click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Colours; auto has both, and the viewer chooses.",
)
@click.option("--depth", type=click.IntRange(1), help="Levels of blocks that are shown. [default: as many as fit]")
@spec_options
def draw(
    spec: str, output: str | None, style: str, show: str | None, theme: str, depth: int | None, **options: Any
) -> None:
    """Draw a network: boxes by blocks, repeats folded, with the size of every volume.

    SPEC is a file, - for standard input, or the text itself in quotes. Without -o the picture is written to the
    current folder, under the network's name.

    \b
    Examples:
      cnncalc draw lenet5.txt
      cnncalc draw resnet50.txt -o resnet50.svg --show macs
      cnncalc draw unet.txt --theme dark -o unet.svg
    """
    write = _writer(output)
    network = load_spec(spec, take_spec_options(options))
    name = _name(network)
    picture = picture_of(network, style, Wishes(name, show or "", depth))
    path = output or f"{name}.svg"
    write_file(write(picture, theme), path)
    if output is None:
        write_stream(f"wrote {shorten_path(path)}\n", sys.stdout)


def _writer(output: str | None) -> Callable[[Picture, str], str | bytes]:
    """Return what writes a file of this ending."""
    ending = os.path.splitext(output or ".svg")[1].lower() if output else ".svg"
    if ending not in _WRITERS:
        known = " or ".join([", ".join(list(_WRITERS)[:-1]), list(_WRITERS)[-1]]) if len(_WRITERS) > 1 else ".svg"
        raise click.UsageError(f"the ending of {shorten_path(output or '')!r} says no form of picture: use {known}")
    return _WRITERS[ending]


_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


def _name(network: Network) -> str:
    """Return a name for the picture: of the spec's file, of the zoo, or `network` for a text."""
    source = network.source.name
    if source in ("text", "standard input"):
        return "network"
    stem = os.path.splitext(os.path.basename(source))[0] if os.path.exists(source) else source
    return _NOT_IN_NAMES.sub("-", stem).strip("-.")[:60] or "network"
