"""``cnncalc time``"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from cnncalc.analysis import count
from cnncalc.analysis.memory.gpus import CARDS_FILE, PEAKS, Cards
from cnncalc.analysis.roofline import Measured, TimeSetup, bound, machine_of_card
from cnncalc.commands.given import refuse_idle
from cnncalc.commands.gpu_name import EPILOG, cards_option, gpu_name
from cnncalc.commands.options import (
    batch_option,
    fold_option,
    load_spec,
    output_options,
    precision_option,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.commands.step_options import step_options
from cnncalc.commands.whole import Whole
from cnncalc.core.errors import ArgumentError
from cnncalc.network import Network
from cnncalc.report.time import Timed, time_report
from cnncalc.times import MOST_ROUNDS, MOST_THREADS, Where, measure_here

_OF_TRAINING = ("optimizer", "momentum")
_OF_CARD = ("cards",)
_OF_MEASURING = ("device", "threads", "rounds", "processor_time")


class _ShowsCards(click.Option):
    """A flag that asks for the built-in table, and so for no other one."""

    def handle_parse_result(self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]) -> Any:
        """Refuse a table of the user's own, whichever of both comes first."""
        if opts.get(str(self.name)) and opts.get("cards"):
            raise click.UsageError("--show-cards prints the built-in table; leave out --cards", ctx)
        return super().handle_parse_result(ctx, opts, args)


def _show_cards(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(CARDS_FILE.read_text(encoding="utf-8"), nl=False)
        context.exit()


@click.command(epilog=EPILOG)
@spec_argument()
@click.option(
    "--gpu", type=gpu_name("Or measure here: --measure"), metavar="NAME", help="Graphics card; the list is below."
)
@cards_option
@click.option(
    "--show-cards",
    cls=_ShowsCards,
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_cards,
    help="Print the built-in table of cards.",
)
@batch_option("Images of one pass.")
@precision_option(tuple(PEAKS), "Precision of the layers' values.")
@click.option("--training", is_flag=True, help="A training step: forward, backward, optimizer.")
@step_options(("optimizer", "momentum"))
@click.option("--measure", is_flag=True, help="Run it here, beside the bound of this machine.")
@click.option("--device", metavar="NAME", default="cpu", show_default=True, help="Device to measure on: cpu or cuda.")
@click.option("--threads", type=Whole(1, MOST_THREADS), metavar="N", help="Threads of the CPU. [default: all cores]")
@click.option(
    "--rounds", type=Whole(1, MOST_ROUNDS), metavar="N", help="Rounds of measuring. [default: about 3 seconds]"
)
@click.option("--processor-time", is_flag=True, help="Measure the thread's own time, on a machine that others use.")
@fold_option
@spec_options
@output_options
def time(
    spec: str, gpu: str | None, cards: Cards, measure: bool, training: bool, fold: bool | None, **options: Any
) -> None:
    """Bound the time of every layer on a graphics card, or measure it here.

    The bound of a layer is the larger of its arithmetic at the card's peak and its traffic at the card's bandwidth
    (roofline): for direct convolution, layer by layer. Measuring needs PyTorch: pip install "cnncalc[train]".

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes.

    \b
    Examples:
      cnncalc time resnet50 --gpu h100 --precision bf16 --batch 64
      cnncalc time resnet50 --gpu rtx4090 --batch 32 --training --optimizer adamw
      cnncalc time lenet5.txt --measure --threads 1 --batch 16
    """
    for names, used, option in (
        (_OF_TRAINING, training, "--training"),
        (_OF_MEASURING, measure, "--measure"),
        (_OF_CARD, not measure, "--gpu"),
    ):
        if not used:
            refuse_idle(names, f"without {option}")
    if measure == (gpu is not None):
        raise click.UsageError("give either --gpu, such as --gpu h100, or --measure for this machine")
    network = load_spec(spec, take_spec_options(options))
    output = take_output(options)
    wanted = {name: options.pop(name) for name in _OF_MEASURING}
    setup = TimeSetup(training=training, **options)
    if gpu is not None:
        timed = Timed(bound(network, setup, machine_of_card(gpu, cards[gpu], setup.precision)))
    else:
        measured, words = _measured(network, setup, Where(**wanted))
        timed = Timed(bound(network, setup, measured.machine), measured, words)
    report = time_report(timed)
    if output.folds(fold):
        from cnncalc.report.folded import folded
        from cnncalc.report.time_folded import folded_time

        report = folded(report, count(network), partial(folded_time, timed=timed))
    output.emit(report)


def _measured(network: Network, setup: TimeSetup, where: Where) -> tuple[Measured, str]:
    """Measure a network, and return with it what it was measured on; what is not measured is a wrong usage."""
    try:
        where.check(setup.precision)
    except ArgumentError as error:
        raise click.UsageError(error.message) from None
    return measure_here(network, setup, where)
