"""``cnncalc draw``"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

import click

from cnncalc.commands.options import (
    load_spec,
    spec_argument,
    spec_options,
    take_spec_options,
)
from cnncalc.commands.replacing import check_output, refuse_replacing
from cnncalc.commands.whole import Whole
from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file, write_stream
from cnncalc.draw.showing import SHOWN
from cnncalc.draw.styles import STYLES, DrawingOptions, not_for, picture_of
from cnncalc.draw.styles.files import ENDINGS, WRITERS, Writer, name_of
from cnncalc.draw.theme import THEMES
from cnncalc.network import Network, SpecSettings


@click.command()
@spec_argument()
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Output file: .svg, .pdf, .png or .tex. [default: NAME.svg]",
)
@click.option("--style", type=click.Choice(list(STYLES)), default="graph", show_default=True, help="Kind of picture.")
@click.option("--layer", metavar="NAME", help="Layer of window and field. [default: a suitable one]")
@click.option("--show", type=click.Choice(list(SHOWN)), help="Cost that graph writes into every box.")
@click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Colour theme; auto follows the viewer's setting.",
)
@click.option(
    "--depth", type=Whole(1), metavar="N", help="Levels of nested blocks that are opened. [default: as many as fit]"
)
@click.option("--image", metavar="FILE", type=click.Path(dir_okay=False), help="Photo to show as the input of field.")
@spec_options
def draw(spec: str, output: str | None, style: str, theme: str, **options: Any) -> None:
    """Draw a network, or the receptive field or the window of one layer.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. Without -o the picture is written
    to the current folder, under the network's name.

    graph draws boxes by blocks, with repeats folded; volumes draws slabs, as in the figures of AlexNet and VGG; field
    shows the receptive field of a unit; window shows the positions of a window on the padded input, also where it does
    not fit.

    SVG, PDF and TeX (TikZ) need no other package; PNG needs resvg: pip install "cnncalc[draw]".

    \b
    Examples:
      cnncalc draw resnet50.txt -o resnet50.svg --show macs
      cnncalc draw vgg16.txt --style volumes -o vgg16.pdf
      cnncalc draw lenet5.txt --style field --layer pool2 -o field.svg
      cnncalc draw "conv 3x3x1 s3" --input 7x7x3 --style window
    """
    check_output(output)
    write = _writer(output)
    settings = take_spec_options(options)
    drawing = _drawing_options(style, options)
    network, misfit = _load(spec, settings, style)
    name = name_of(network)
    picture = picture_of(network, style, drawing._replace(name=name, misfit=misfit))
    path = output or f"{name}.svg"
    refuse_replacing(spec, path)
    write_file(write(picture, theme), path)
    if output is None:
        write_stream(f"wrote {shorten_path(path)}\n", sys.stdout)


def _drawing_options(style: str, options: dict[str, Any]) -> DrawingOptions:
    """Return the options of the picture; refuse what its style does not take."""
    image = options.pop("image")
    given = {name: value for name, value in {**options, "photo": image}.items() if value is not None}
    for name in given:
        if takers := not_for(style, name):
            option = "--image" if name == "photo" else f"--{name}"
            raise click.UsageError(f"{option} is for {takers}, not for {style}")
    if image is not None:
        from cnncalc.draw.layer.photo import photo_uri

        given["photo"] = photo_uri(image)
    return DrawingOptions(**given)


def _load(spec: str, settings: SpecSettings, style: str) -> tuple[Network, int]:
    """Load a spec; for a picture of a window also one whose window does not fit, with the number of its layer."""
    try:
        return load_spec(spec, settings), 0
    except SpecError as error:
        reached = error.reached.network if error.reached else None
        if style != "window" or error.code != "does-not-fit" or reached is None:
            raise
        try:
            return load_spec(spec, replace(settings, rounding="floor")), len(reached) + 1
        except SpecError:
            raise error from None


# ---- files


def _writer(output: str | None) -> Writer:
    """Return what writes a file of this ending."""
    ending = os.path.splitext(output)[1].lower() if output else ".svg"
    if ending not in WRITERS:
        said = f"the ending of {shorten_path(output or '')!r} names no picture format: use {ENDINGS}"
        raise click.UsageError(said)
    return WRITERS[ending]
