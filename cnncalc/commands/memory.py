"""``cnncalc memory``"""

from __future__ import annotations

import re
from typing import Any

import click

from cnncalc.analysis.memory import (
    Predictor,
)
from cnncalc.analysis.memory.advice import advice
from cnncalc.analysis.memory.gpus import Cards
from cnncalc.commands.gpu_name import EPILOG, GpuName, cards_option
from cnncalc.commands.options import (
    load_spec,
    output_options,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.commands.step_options import step_options, take_setup
from cnncalc.report.memory import Budget, memory_report

_UNITS = {"": 1} | {f"{letter}i": 1024**power for power, letter in enumerate("kmgt", 1)}
_UNITS |= {letter: 1000**power for power, letter in enumerate("kmgt", 1)}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s?(?:([kmgt]i?)b?|b|bytes?)", re.IGNORECASE)


def _budget_bytes(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Read 24GiB, 24GB or 24000000000B; a number without a unit may mean anything."""
    if value is None:
        return None
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        bare = value.strip().replace(".", "", 1).isdecimal()
        known = f"{value.strip()}GB, {value.strip()}GiB or {value.strip()}B (bytes)" if bare else "24GiB, 24GB or 500MB"
        raise click.BadParameter(f"{'it has no unit: ' if bare else ''}write {known}, not {value!r}")
    return int(float(match[1]) * _UNITS[(match[2] or "").lower()])


@click.command(epilog=EPILOG)
@spec_argument()
@step_options()
@click.option("--budget", metavar="SIZE", callback=_budget_bytes, help="Available memory, such as 24GiB or 24GB.")
@click.option(
    "--gpu",
    type=GpuName("Or give its memory: --budget 24GiB"),
    metavar="NAME",
    help="Graphics card whose memory is the budget; the list is below.",
)
@cards_option
@spec_options
@output_options
def memory(spec: str, budget: int | None, gpu: str | None, cards: Cards, **options: Any) -> None:
    """Predict the peak memory of a training step or of inference.

    With a budget, the largest batch that fits is found, and the status is 1 if the given batch does not fit.

    SPEC is a file, - for standard input, a name of the zoo, or the text itself in quotes.

    \b
    Examples:
      cnncalc memory vgg16.txt --batch 64
      cnncalc memory resnet50.txt --batch 64 --optimizer adamw --precision bf16 --gpu rtx4090
      cnncalc memory resnet50.txt --batch 256 --inference --budget 24GiB
    """
    network = load_spec(spec, take_spec_options(options))
    output = take_output(options)
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
