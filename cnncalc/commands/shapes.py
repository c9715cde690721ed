"""``cnncalc shapes``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.options import common_options, gather, spec_argument
from cnncalc.report.shapes import shapes_report


@click.command()
@spec_argument()
@click.option("--depth", type=click.IntRange(1), help="Fold blocks that nest deeper than this into one row each.")
@click.option("--explain", is_flag=True, help="Show the arithmetic beside the numbers.")
@common_options
def shapes(spec: str, depth: int | None, explain: bool, **options: Any) -> None:
    """Show the output volume and the cost of every layer.

    SPEC is a file, - for standard input, or the text itself in quotes.

    \b
    Examples:
      cnncalc shapes vgg16.txt
      cnncalc shapes "conv 5x5x10 s1 p2 - relu - pool2" --input 32x32x3 --explain
      cnncalc shapes resnet50.txt --depth 1 --batch 32 -o shapes.csv
    """
    common = gather(options)
    common.emit(shapes_report(common.counts_of(spec), depth=depth, explain=explain))
