"""``cnncalc shapes``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.analysis import Counts
from cnncalc.commands.options import common_options, gather, spec_argument
from cnncalc.report.shapes import shapes_report


@click.command()
@spec_argument()
@click.option("--depth", type=click.IntRange(1), help="Fold blocks that nest deeper than this into one row each.")
@click.option("--explain", is_flag=True, help="Show the arithmetic beside the numbers.")
@click.option("--saved", is_flag=True, help="Show the bytes that each layer keeps for its backward pass.")
@common_options
def shapes(spec: str, depth: int | None, explain: bool, saved: bool, **options: Any) -> None:
    """Show the output volume and the cost of every layer.

    SPEC is a file, - for standard input, or the text itself in quotes.

    \b
    Examples:
      cnncalc shapes vgg16.txt
      cnncalc shapes "conv 5x5x10 s1 p2 - relu - pool2" --input 32x32x3 --explain
      cnncalc shapes resnet50.txt --depth 1 --batch 32 -o shapes.csv
    """
    common = gather(options)
    counts = common.counts_of(spec)
    kept = _saved(counts) if saved else None
    common.emit(shapes_report(counts, depth=depth, explain=explain, saved=kept))


_PRECISIONS = {"float32": "float32", "bfloat16": "bf16", "float16": "fp16"}
"""The precisions that training has, by the types whose bytes are counted."""


def _saved(counts: Counts) -> list[int]:
    """Return what each layer keeps for its backward pass, as it is trained on CUDA."""
    from cnncalc.analysis.memory import TrainingSetup, saved_bytes

    precision = _PRECISIONS.get(counts.dtype)
    if precision is None:
        raise click.UsageError(f"--saved is for {', '.join(_PRECISIONS)}, not {counts.dtype}")
    return saved_bytes(counts.network, TrainingSetup(batch=counts.batch, precision=precision))
