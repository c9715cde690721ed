"""``cnncalc params``"""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from cnncalc.commands.foreign_count import count_option, emit_counted, only_one
from cnncalc.commands.options import common_options, fold_option, gather, spec_argument
from cnncalc.report.params import params_report


@click.command()
@spec_argument()
@click.option("--no-bias", is_flag=True, help="Leave out the biases, as in the lecture's VGG table.")
@count_option("Count as another tool does, and say how it comes to its number.", callback=only_one)
@fold_option
@common_options
def params(spec: str, no_bias: bool, counter: str | None, fold: bool | None, **options: Any) -> None:
    """Show the parameters of every layer, with the arithmetic and its share.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes.

    \b
    Examples:
      cnncalc params "conv 5x5x10 s1 p2" --input 32x32x3
      cnncalc params vgg16.txt --no-bias
      cnncalc params resnet50 --count fvcore
    """
    common = gather(options)
    if counter:
        if no_bias:
            raise click.UsageError("--no-bias and --count exclude each other: the other tool says what it counts")
        emit_counted(common, common.counts_of(spec), counter, fold=fold)
        return
    counts = common.counts_of(spec)
    report = params_report(counts, biases=not no_bias)
    if common.output.folds(fold):
        from cnncalc.report.folded import folded, folded_params

        report = folded(report, counts, partial(folded_params, biases=not no_bias))
    common.emit(report)
