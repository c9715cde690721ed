"""``cnncalc inputs``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc import zoo
from cnncalc.commands.options import (
    hint_at_input,
    output_options,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.core.collector import paused_collector
from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten
from cnncalc.design.inputs import InputTrials
from cnncalc.design.running import source_of_designs
from cnncalc.design.translated import check_sizes_for
from cnncalc.loading import load_source, read_source
from cnncalc.report.inputs import inputs_report
from cnncalc.spec import parse


@click.command()
@spec_argument()
@click.option("--near", metavar="HxW", help="Size that is wanted: the nearest ones are shown.")
@spec_options
@output_options
def inputs(spec: str, near: str | None, **options: Any) -> None:
    """Find which input sizes a network takes: the least, the rule, and the nearest to a size.

    Every size is tried, without the claims of the spec. A size is taken if no layer has an error.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes.

    \b
    Examples:
      cnncalc inputs unet.txt
      cnncalc inputs resnet50 --near 360x360
    """
    settings = take_spec_options(options)
    output = take_output(options)
    origin = read_source(spec)
    with hint_at_input():
        trials = InputTrials(parse(source_of_designs(origin, settings), zoo.blocks), settings)
        try:
            usual = trials.usual()
        except SpecError:
            load_source(origin, settings)  # which says best what is wrong
            raise
    check_sizes_for(origin, settings, [usual.with_spatial([2 * size for size in usual.spatial])])
    wanted = None if near is None else _sides(near, usual.dimensions)
    with paused_collector():
        taken = trials.taken()
    output.emit(inputs_report(spec, taken, wanted))


def _sides(text: str, dimensions: int) -> tuple[int, ...]:
    """Read the sides that are wanted: one for all, or one for each dimension; channels behind them are passed over."""
    parts = text.lower().replace("×", "x").split("x")
    if not all(part.strip().isascii() and part.strip().isdigit() and len(part) < 8 for part in parts):
        raise click.BadParameter(f"write it as 360x360, not {shorten(text)!r}", param_hint="'--near'")
    sides = [int(part) for part in parts]
    if 0 in sides:
        raise click.BadParameter(f"a side is at least 1, not 0: {shorten(text)!r}", param_hint="'--near'")
    if len(sides) not in (1, dimensions, dimensions + 1):
        example = "x".join(["360"] * dimensions)
        raise click.BadParameter(f"the input has {dimensions} sides: write {example}", param_hint="'--near'")
    return tuple(sides * dimensions if len(sides) == 1 else sides[:dimensions])
