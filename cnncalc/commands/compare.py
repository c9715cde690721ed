"""``cnncalc compare``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.options import common_options, gather, refuse_reading_twice, short_names, spec_argument
from cnncalc.report.compare import compare_report


@click.command()
@spec_argument("first")
@spec_argument("others", nargs=-1)
@common_options
def compare(first: str, others: tuple[str, ...], **options: Any) -> None:
    """Compare networks side by side, with ratios to the first.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes.

    \b
    Examples:
      cnncalc compare vgg16.txt resnet50.txt
      cnncalc compare "(conv 3x3x64 p1 nobias)*3" "conv 7x7x64 p3 nobias" --input 56x56x64
    """
    if not others:
        raise click.UsageError("name two specs or more: the others are compared with the first")
    common = gather(options)
    specs = [first, *others]
    refuse_reading_twice(specs)
    common.emit(compare_report(short_names(specs), [common.counts_of(spec) for spec in specs]))
