"""``cnncalc memory``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.analysis.memory import (
    Predictor,
)
from cnncalc.analysis.memory.advice import advice
from cnncalc.analysis.memory.gpus import Cards
from cnncalc.commands import mcu
from cnncalc.commands.gpu_name import EPILOG, GpuName, cards_option
from cnncalc.commands.options import (
    load_spec,
    output_options,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.commands.sizes import SizeInBytes
from cnncalc.commands.step_options import step_options, take_setup
from cnncalc.report.memory import Budget, memory_report


@click.command(epilog=f"{EPILOG} {mcu.EPILOG}")
@spec_argument()
@step_options(more_precisions=("int8",))
@click.option("--budget", metavar="SIZE", type=SizeInBytes(), help="Available memory, such as 24GiB or 24GB.")
@click.option(
    "--gpu",
    type=GpuName("Or give its memory: --budget 24GiB"),
    metavar="NAME",
    help="Graphics card whose memory is the budget; the list is below.",
)
@cards_option
@mcu.mcu_options
@spec_options
@output_options
def memory(spec: str, budget: int | None, gpu: str | None, cards: Cards, **options: Any) -> None:
    """Predict the peak memory of a training step or of inference.

    With a budget, the largest batch that fits is found, and the status is 1 if the given batch does not fit.

    int8 is inference on a microcontroller: the flash and the arena of TensorFlow Lite Micro's interpreter. The status
    is 1 if they do not fit.

    SPEC is a file, - for standard input, a name of the zoo, or the text itself in quotes.

    \b
    Examples:
      cnncalc memory vgg16.txt --batch 64
      cnncalc memory resnet50.txt --batch 64 --optimizer adamw --precision bf16 --gpu rtx4090
      cnncalc memory resnet50.txt --batch 256 --inference --budget 24GiB
      cnncalc memory mobilenet_v2 --input 96x96x3 --inference --precision int8 --mcu stm32f746
    """
    network = load_spec(spec, take_spec_options(options))
    output = take_output(options)
    board = mcu.take_board(options)
    if options["precision"] == "int8":
        if not mcu.memory_on_mcu(network, board, output):
            raise click.exceptions.Exit(1)
        return
    if gpu is not None:
        if budget is not None:
            raise click.UsageError("give either --gpu or --budget, not both")
        if options["device"] != "cuda":
            raise click.UsageError("--gpu is for --device cuda")
        options["workspace_bytes"] = cards[gpu].workspace
        budget = cards[gpu].budget
    setup = take_setup(options)
    predictor = Predictor(network)
    prediction = predictor.predict(setup)
    limit = None if budget is None else Budget(budget, gpu, predictor.largest_batch(setup, budget))
    output.emit(memory_report(prediction, limit, advice(prediction, predictor)))
    if budget is not None and prediction.peak_bytes > budget:
        raise click.exceptions.Exit(1)
