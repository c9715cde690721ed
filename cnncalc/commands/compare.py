"""``cnncalc compare``"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import click

from cnncalc.commands.options import common_options, gather, spec_argument
from cnncalc.core.words import shorten
from cnncalc.report.compare import compare_report

LONGEST_NAME = 24


@click.command()
@spec_argument("first")
@spec_argument("others", nargs=-1, required=True)
@common_options
def compare(first: str, others: tuple[str, ...], **options: Any) -> None:
    """Show two or more networks side by side, with their ratios to the first.

    SPEC is a file, - for standard input, or the text itself in quotes.

    \b
    Examples:
      cnncalc compare vgg16.txt resnet50.txt
      cnncalc compare "(conv 3x3x64 p1 nobias)*3" "conv 7x7x64 p3 nobias" --input 56x56x64
    """
    common = gather(options)
    specs = [first, *others]
    common.emit(compare_report(_names(specs), [common.counts_of(spec) for spec in specs]))


def _names(specs: list[str]) -> list[str]:
    """Return a short name for every spec, a file's without its folder; equal ones are numbered."""
    short = [shorten(os.path.basename(spec) if os.path.isfile(spec) else spec, LONGEST_NAME) for spec in specs]
    times = Counter(short)
    return [name if times[name] == 1 else f"{place}: {name}" for place, name in enumerate(short, 1)]
