"""``cnncalc inspect``"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cnncalc import __version__
from cnncalc.commands.options import (
    Output,
    SpecArgument,
    load_spec,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.commands.replacing import refuse_replacing
from cnncalc.commands.training import (
    GroupedHelp,
    GroupedOption,
    device_option,
    refuse_replacing_run,
    take_data,
    tested_data_options,
)
from cnncalc.commands.whole import Whole
from cnncalc.core.cleaning import cell
from cnncalc.core.errors import DataError, RunError
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import shorten, shorten_path
from cnncalc.core.writing import complain, write_file
from cnncalc.inspect.options import NORMALISATIONS, PARTS, LookOptions
from cnncalc.network import SpecSettings
from cnncalc.report.render import FORMATS
from cnncalc.train.run_files import WEIGHTS

if TYPE_CHECKING:
    from cnncalc.inspect.subject import Subject

PICTURES = "Pictures"
_PAGES, _SHEETS = (".html", ".htm"), (".png",)
_REPORTS = (".txt", ".json", ".csv", ".md", ".tex")


class Asked(NamedTuple):
    """Which network is asked for: a run or a spec, whose weights, and how images become its input."""

    target: str
    weights: str
    normalise: str | None
    device: str
    spec: SpecSettings
    data: dict[str, Any]


@click.command(cls=GroupedHelp)
@click.argument("target", metavar="RUN|SPEC", type=SpecArgument())
@click.argument("images", metavar="[IMAGE|FOLDER...]", nargs=-1, type=click.Path())
@click.option(
    "--weights",
    metavar="best|last|FILE|torchvision",
    default="best",
    show_default=True,
    help="Of a run: best or last; of a spec: a file or torchvision.",
)
@click.option(
    "--layer",
    "layers",
    cls=GroupedOption,
    group=PICTURES,
    metavar="NAME",
    multiple=True,
    help="Layer that is shown. May be repeated. [default: a few]",
)
@click.option(
    "--unit",
    "units",
    cls=GroupedOption,
    group=PICTURES,
    metavar="N",
    type=Whole(0),
    multiple=True,
    help="Channel whose patches are shown, from 0. May be repeated. [default: a few]",
)
@click.option(
    "--only",
    cls=GroupedOption,
    group=PICTURES,
    type=click.Choice(list(PARTS)),
    multiple=True,
    help="Part that is shown. May be repeated. [default: all]",
)
@click.option(
    "--theme",
    cls=GroupedOption,
    group=PICTURES,
    type=click.Choice(["light", "dark"]),
    help="Colour theme of a .png. [default: light]",
)
@click.option(
    "--normalise",
    type=click.Choice(NORMALISATIONS),
    help="Normalisation of the images of a spec. [default: as published, else none]",
)
@device_option
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Format of the summary. [default: by the ending of -o]"
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Output file: .html or .png; of the summary: .txt, .json, .csv, .md or .tex.",
)
@tested_data_options
@spec_options
def inspect(
    target: str,
    images: tuple[str, ...],
    layers: tuple[str, ...],
    units: tuple[int, ...],
    only: tuple[str, ...],
    theme: str | None,
    **options: Any,
) -> None:
    """Show what a trained network sees.

    RUN is the folder that `cnncalc train` wrote. SPEC is a file, - for standard input, a name of the zoo, or the text
    in quotes; it needs --weights. A page (-o look.html) or a sheet (-o look.png) shows the filters of the first layer,
    activation maps and class activation maps of images, the parts of images that activate units most, the worst
    mistakes, and precision, recall, F1 and the confusion matrix. Without IMAGE two of the test images are taken; of a
    FOLDER its first eight. Without -o a summary goes to the terminal. Needs PyTorch: pip install "cnncalc[train]".

    \b
    Examples:
      cnncalc inspect first
      cnncalc inspect first seven.png -o look.html
      cnncalc inspect first --only patches --layer conv3 --unit 5 -o unit5.png
      cnncalc inspect lenet5.txt seven.png --weights weights.pt -o look.html
      cnncalc inspect resnet18 cat.jpg --weights torchvision -o look.html
    """
    output, ending = _output(options)
    wanted = LookOptions(_files(images), layers, units, only)
    asked = Asked(
        target=target,
        weights=options.pop("weights"),
        normalise=options.pop("normalise"),
        device=options.pop("device"),
        spec=take_spec_options(options),
        data=take_data(options),
    )
    _check(asked, wanted, output.path, ending, theme)
    with optional_packages():
        subject = _subject(asked)
        if ending in _PAGES + _SHEETS:
            assert output.path is not None  # it has an ending
            write_file(_picture(subject, wanted, ending, theme or "light"), output.path)
            return
        from cnncalc.inspect.summary import findings, summary_report

        output.emit(summary_report(findings(subject, wanted)))


def _output(options: dict[str, Any]) -> tuple[Output, str]:
    """Return where and in what form something is written, and the ending of its file in small letters."""
    path = options["output"]
    ending = os.path.splitext(path or "")[1].lower()
    if ending in _PAGES + _SHEETS:
        form = options.pop("form")
        if form is not None:
            raise click.UsageError(f"--format is for the summary; {shorten_path(path)!r} is a picture")
        return Output("", options.pop("output")), ending
    if path is not None and options["form"] is None and ending not in _REPORTS:
        endings = ", ".join((_PAGES[0], *_SHEETS, *_REPORTS))
        raise click.UsageError(f"the ending of {shorten_path(path)!r} names no output format: use {endings}")
    return take_output(options), ending


OF_A_FOLDER = 8
"""Images of a folder that are shown."""


def _files(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the images that paths name; of a folder the first ones, by their names."""
    files: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        with optional_packages():
            from cnncalc.train.data.folder_layout import images_below

        inside = images_below(path)
        if not inside:
            raise DataError("bad-data", f"no image lies in `{shorten_path(path)}`")
        files += inside[:OF_A_FOLDER]
        if len(inside) > OF_A_FOLDER:
            complain(f"note: the first {OF_A_FOLDER} of the {len(inside):,} images in {shorten_path(path)} are shown")
    return tuple(files)


def _check(asked: Asked, wanted: LookOptions, path: str | None, ending: str, theme: str | None) -> None:
    """Refuse what does not go together, and an output that would replace what it is made of."""
    refuse_replacing_run(asked.target, path)
    for source in (*wanted.images, asked.weights):
        refuse_replacing(source, path, f"{shorten_path(source)} itself")
    if ending not in _PAGES + _SHEETS and (wanted.only or wanted.units):
        raise click.UsageError("--only and --unit choose pictures; name a file for them: -o look.html or -o look.png")
    if theme is not None and ending not in _SHEETS:
        raise click.UsageError("--theme is for a .png; a page follows the setting of the browser")
    if asked.weights in WEIGHTS and (asked.normalise is not None or asked.spec != SpecSettings()):
        raise click.UsageError("a run has its network and its normalisation; leave out --normalise, --input and --set")


def _subject(asked: Asked) -> Subject:
    from cnncalc.inspect.subject import subject_of_run, subject_of_spec
    from cnncalc.train.engine.devices import choose_device

    device = choose_device(asked.device)
    if asked.weights not in WEIGHTS:
        network = load_spec(asked.target, asked.spec)
        name = network.source.name
        return subject_of_spec(network, name, asked.weights, asked.normalise, device, asked.data)
    try:
        subject = subject_of_run(asked.target, asked.weights, device, asked.data)
    except RunError as error:
        if error.code == "no-run" and not os.path.isdir(asked.target):
            error.hints = (*error.hints, "a spec needs the file of its weights: --weights FILE")
        raise
    if subject.missing:
        complain(f"note: there is nothing to test on: {subject.missing}")
    return subject


def _picture(subject: Subject, wanted: LookOptions, ending: str, theme: str) -> bytes | Iterator[bytes]:
    from cnncalc.inspect.look import look_at

    look = look_at(subject, wanted)
    if ending in _SHEETS:
        from cnncalc.inspect.fonts import letters_without_font
        from cnncalc.inspect.sheet import look_sheet

        unseen = letters_without_font(subject.classes)
        if unseen:
            complain(f"note: no font on this machine has the letters of {shorten(cell(unseen[0]))}; a page shows them")
        return look_sheet(look, theme)
    from cnncalc.inspect.html import look_page

    return map(str.encode, look_page(look, __version__))
