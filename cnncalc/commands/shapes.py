"""``cnncalc shapes``"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from typing import Any

import click

from cnncalc.analysis import Counts, count
from cnncalc.commands.foreign_count import count_option, emit_counted, only_one
from cnncalc.commands.options import Common, common_options, fold_option, gather, screen_of, spec_argument
from cnncalc.commands.whole import Whole
from cnncalc.core.errors import SpecError, WriteError
from cnncalc.core.precision import AUTOCAST
from cnncalc.core.writing import write_stream
from cnncalc.report.render import render
from cnncalc.report.shapes import shapes_report


@click.command()
@spec_argument()
@click.option("--depth", type=Whole(1), metavar="N", help="Fold blocks that are nested deeper than this.")
@click.option("--explain", is_flag=True, help="Show the arithmetic beside the numbers.")
@click.option("--saved", is_flag=True, help="Show the bytes that each layer saves for the backward pass.")
@click.option("--watch", is_flag=True, help="Show the table again whenever the file changes, until Ctrl-C.")
@count_option("Show what another tool counts, as `params --count` does.", callback=only_one)
@fold_option
@common_options
def shapes(spec: str, watch: bool, **options: Any) -> None:
    """Show the output volume, parameters and MACs of every layer.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. Where it has an error, the layers in
    front of the error are shown on standard error.

    \b
    Examples:
      cnncalc shapes vgg16.txt
      cnncalc shapes "conv 5x5x10 s1 p2 - relu - pool2" --input 32x32x3 --explain
      cnncalc shapes resnet50.txt --depth 1 --batch 32 -o shapes.csv
      cnncalc shapes net.txt --watch
    """
    common = gather(options)
    show = partial(_show, spec, common, **options)
    if not watch:
        show()
        return
    if common.output.path is not None:
        raise click.UsageError("--watch shows the table in the terminal; leave out -o")
    from cnncalc.commands.watching import watch as watch_file

    watch_file(spec, show)


def _show(
    spec: str, common: Common, depth: int | None, explain: bool, saved: bool, counter: str | None, fold: bool | None
) -> None:
    """Load a spec, and show its table."""
    if counter and (depth is not None or explain or saved):
        raise click.UsageError("--count has a table of its own: leave out --depth, --explain and --saved")
    try:
        counts = common.counts_of(spec)
    except SpecError as error:
        if common.output.form == "table":
            _show_reached(error, common)
        raise
    if counter:
        emit_counted(common, counts, counter, fold=fold)
        return
    kept = _saved(counts) if saved else None
    report = shapes_report(counts, depth=depth, explain=explain, saved=kept)
    if common.output.folds(fold, _every_layer(depth, explain=explain)):
        from cnncalc.report.folded import folded, folded_shapes

        report = folded(report, counts, partial(folded_shapes, saved=kept))
    common.emit(report)


def _every_layer(depth: int | None, *, explain: bool) -> str:
    """Return the option that is about layers, and so leaves nothing to fold."""
    return "--explain" if explain else "--depth" if depth is not None else ""


MOST_REACHED = 30
"""How many layers in front of a fault are shown."""


def _show_reached(error: SpecError, common: Common) -> None:
    """Show the layers in front of a fault on standard error, the last ones of many."""
    network = error.reached.network if error.reached else None
    if network is None or not 0 < len(network) <= MOST_COUNTED:
        return
    report = shapes_report(count(network, precision=common.precision, batch=common.batch))
    rows = list(report.table.rows)[-MOST_REACHED:]
    more = len(list(report.table.rows)) - len(rows)
    remarks = [f"the {more:,} rows in front of these are not shown"] if more else []
    table = report.table._replace(rows=rows, total=None)
    shown = render(report._replace(table=table, summary=(), remarks=remarks), "table", screen_of(sys.stderr))
    with suppress(WriteError):  # the error itself is what matters
        write_stream([*shown, "\n"], sys.stderr)


MOST_COUNTED = 10_000
"""How many layers are counted again for a table that ends in an error."""


def _saved(counts: Counts) -> list[int]:
    """Return what each layer keeps for its backward pass, as it is trained on CUDA."""
    from cnncalc.analysis.memory import TrainingSetup, saved_bytes

    if counts.precision not in AUTOCAST:
        raise click.UsageError(f"--saved is for {', '.join(AUTOCAST)}, not {counts.precision}")
    return saved_bytes(counts.network, TrainingSetup(batch=counts.batch, precision=counts.precision))
