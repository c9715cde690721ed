"""``cnncalc memory``"""

from __future__ import annotations

import re
from typing import Any

import click

from cnncalc.analysis.memory import (
    DEVICES,
    PRECISIONS,
    Predictor,
    TrainingSetup,
)
from cnncalc.analysis.memory.advice import advice
from cnncalc.analysis.memory.gpus import GPUS
from cnncalc.commands.options import output_options, spec_argument, spec_options, take_output, take_spec_options
from cnncalc.optimizers import IMPLEMENTATIONS, OPTIMIZERS, with_momentum
from cnncalc.report.memory import Budget, memory_report

_UNITS = {"": 1, **{f"{letter}i": 1024**power for power, letter in enumerate("kmgt", 1)}}
_UNITS |= {letter: 1000**power for power, letter in enumerate("kmgt", 1)}


def _budget_bytes(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Read 24GiB, 24GB or a number of bytes."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?) ?([kmgt]i?)?b?", value.strip(), re.IGNORECASE)
    if match is None:
        raise click.BadParameter(f"write it as 24GiB, 24GB or a number of bytes, not {value!r}")
    return int(float(match[1]) * _UNITS[(match[2] or "").lower()])


@click.command()
@spec_argument()
@click.option("--batch", type=click.IntRange(1, 10**9), default=1, show_default=True, help="Images of one step.")
@click.option("--optimizer", type=click.Choice(list(OPTIMIZERS)), default="sgd", show_default=True)
@click.option(
    "--optimizer-impl",
    "implementation",
    type=click.Choice(IMPLEMENTATIONS),
    default="foreach",
    show_default=True,
    help="How its step runs; foreach is PyTorch's own choice on CUDA.",
)
@click.option("--momentum", type=float, help=f"Momentum ({', '.join(with_momentum())}). [default: 0.9]")
@click.option("--weight-decay", type=float, help="Weight decay. [default: the optimizer's usual one]")
@click.option(
    "--precision",
    type=click.Choice(list(PRECISIONS)),
    default="float32",
    show_default=True,
    help="bf16 and fp16 are autocast.",
)
@click.option(
    "--accumulate",
    type=click.IntRange(1, 10**9),
    default=1,
    show_default=True,
    help="Split a step into so many passes.",
)
@click.option("--ema", is_flag=True, help="Keep a moving average of parameters and buffers.")
@click.option("--checkpointing", is_flag=True, help="Compute blocks again in the backward pass.")
@click.option("--inplace/--no-inplace", default=True, help="Whether activations may write over their input.")
@click.option("--inference", is_flag=True, help="A forward pass under no_grad, in place of a training step.")
@click.option("--device", type=click.Choice(DEVICES), default="cuda", show_default=True)
@click.option("--budget", metavar="SIZE", callback=_budget_bytes, help="What there is, such as 24GiB or 24GB.")
@click.option(
    "--gpu",
    type=click.Choice(list(GPUS), case_sensitive=False),
    metavar="NAME",
    help=f"A card's memory as the budget: {', '.join(GPUS)}.",
)
@spec_options
@output_options
def memory(spec: str, budget: int | None, gpu: str | None, **options: Any) -> None:
    """Show the memory that a training step or an inference takes at its peak, before it is run.

    With a budget, the largest batch that fits is found, and the status is 1 if the given one does not fit.

    SPEC is a file, - for standard input, a name of the zoo, or the text itself in quotes.

    \b
    Examples:
      cnncalc memory vgg16.txt --batch 64
      cnncalc memory resnet50.txt --batch 64 --optimizer adamw --precision bf16 --gpu rtx4090
      cnncalc memory resnet50.txt --batch 256 --inference --budget 24GiB
    """
    network = take_spec_options(options).load(spec)
    output = take_output(options)
    if gpu is not None:
        if budget is not None:
            raise click.UsageError("--gpu and --budget say the same thing; leave one of them out")
        if options["device"] != "cuda":
            raise click.UsageError("--gpu is for --device cuda")
        options["workspace_bytes"] = GPUS[gpu].workspace
        budget = GPUS[gpu].budget
    setup = TrainingSetup(**options)
    predictor = Predictor(network)
    prediction = predictor.predict(setup)
    limit = None if budget is None else Budget(budget, gpu, predictor.largest_batch(setup, budget))
    output.emit(memory_report(prediction, limit, advice(prediction, predictor)))
    if budget is not None and prediction.peak_bytes > budget:
        raise click.exceptions.Exit(1)
