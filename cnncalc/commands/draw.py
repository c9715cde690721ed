"""``cnncalc draw``"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from cnncalc.commands.options import load_spec, spec_argument, spec_options, take_spec_options
from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file, write_stream
from cnncalc.draw.shapes import Picture
from cnncalc.draw.showing import SHOWN
from cnncalc.draw.styles import STYLES, Wishes, picture_of
from cnncalc.draw.svg import svg
from cnncalc.draw.theme import THEMES
from cnncalc.network import Network, SpecSettings


@click.command()
@spec_argument()
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="The file: net.svg, .pdf, .png or .tex. [default: the network's name, .svg]",
)
@click.option("--style", type=click.Choice(list(STYLES)), default="graph", show_default=True, help="Kind of picture.")
@click.option("--layer", metavar="NAME", help="The layer that window and field are about.")
@click.option("--show", type=click.Choice(list(SHOWN)), help="Costs that graph writes into every box.")
@click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Colours; auto has both, and the viewer chooses.",
)
@click.option("--depth", type=click.IntRange(1), help="Levels of blocks that are shown. [default: as many as fit]")
@click.option("--image", metavar="FILE", type=click.Path(dir_okay=False), help="A photo that field shows as the input.")
@spec_options
def draw(spec: str, output: str | None, style: str, theme: str, **options: Any) -> None:
    """Draw a network, or how one of its layers sees.

    SPEC is a file, - for standard input, or the text itself in quotes. Without -o the picture is written to the
    current folder, under the network's name.

    graph has boxes by blocks, with repeats folded; volumes has slabs, as the figures of AlexNet and VGG; field shows
    the receptive field of a unit, window the positions of a window on the padded input, also where it does not fit.

    SVG, PDF and TeX (TikZ) need nothing else; PNG needs resvg: pip install "cnncalc[draw]".

    \b
    Examples:
      cnncalc draw resnet50.txt -o resnet50.svg --show macs
      cnncalc draw vgg16.txt --style volumes -o vgg16.pdf
      cnncalc draw lenet5.txt --style field --layer pool2 -o field.svg
      cnncalc draw "conv 3x3x1 s3" --input 7x7x3 --style window
    """
    write = _writer(output)
    settings = take_spec_options(options)
    wishes = _wishes(style, options)
    network, misfit = _load(spec, settings, style)
    name = _name(network)
    picture = picture_of(network, style, wishes._replace(name=name, misfit=misfit))
    path = output or f"{name}.svg"
    write_file(write(picture, theme), path)
    if output is None:
        write_stream(f"wrote {shorten_path(path)}\n", sys.stdout)


def _wishes(style: str, options: dict[str, Any]) -> Wishes:
    """Return what is wished of the picture; refuse what its style does not take."""
    image = options.pop("image")
    given = {name: value for name, value in {**options, "photo": image}.items() if value is not None}
    for name in given:
        if name not in STYLES[style].takes:
            option = "--image" if name == "photo" else f"--{name}"
            takers = " and ".join([known for known in STYLES if name in STYLES[known].takes])
            raise click.UsageError(f"{option} is for {takers}, not for {style}")
    if image is not None:
        from cnncalc.draw.layer.photo import photo_uri

        given["photo"] = photo_uri(image)
    return Wishes(**given)


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


def _pdf(picture: Picture, theme: str) -> bytes:
    from cnncalc.draw.pdf import pdf

    return pdf(picture, theme)


def _png(picture: Picture, theme: str) -> bytes:
    from cnncalc.draw.png import png

    return png(picture, theme)


def _tex(picture: Picture, theme: str) -> str:
    from cnncalc.draw.tex import tex

    return tex(picture, theme)


_WRITERS: dict[str, Callable[[Picture, str], str | bytes]] = {".svg": svg, ".pdf": _pdf, ".png": _png, ".tex": _tex}
"""By the ending of the file: what writes a picture with a theme."""


def _writer(output: str | None) -> Callable[[Picture, str], str | bytes]:
    """Return what writes a file of this ending."""
    ending = os.path.splitext(output)[1].lower() if output else ".svg"
    if ending not in _WRITERS:
        *others, last = _WRITERS
        known = f"{', '.join(others)} or {last}" if others else last
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
