"""The options that say what a training step or an inference is, for its memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cnncalc.analysis.memory import DEVICES, TrainingSetup
from cnncalc.commands.given import refuse_idle
from cnncalc.commands.options import F, batch_option, precision_option
from cnncalc.commands.whole import Whole
from cnncalc.core.precision import AUTOCAST
from cnncalc.optimizers import IMPLEMENTATIONS, OPTIMIZERS, with_momentum

_PRECISION = "Precision of the step; bf16 and fp16 use autocast."

_OPTIONS = {
    "batch": batch_option("Images per optimizer step."),
    "optimizer": click.option(
        "--optimizer",
        type=click.Choice(list(OPTIMIZERS)),
        default="sgd",
        show_default=True,
        help="Optimizer of the step.",
    ),
    "implementation": click.option(
        "--optimizer-impl",
        "implementation",
        type=click.Choice(IMPLEMENTATIONS),
        default="foreach",
        show_default=True,
        help="Implementation of the optimizer in PyTorch.",
    ),
    "momentum": click.option(
        "--momentum", type=float, metavar="NUMBER", help=f"Momentum ({', '.join(with_momentum())}). [default: 0.9]"
    ),
    "weight_decay": click.option(
        "--weight-decay", type=float, metavar="NUMBER", help="Weight decay. [default: the optimizer's own]"
    ),
    "precision": precision_option(AUTOCAST, _PRECISION),
    "accumulate": click.option(
        "--accumulate",
        type=Whole(1, 10**9),
        metavar="N",
        default=1,
        show_default=True,
        help="Forward and backward passes per optimizer step.",
    ),
    "ema": click.option("--ema", is_flag=True, help="Keep an exponential moving average of the weights."),
    "checkpointing": click.option("--checkpointing", is_flag=True, help="Recompute blocks in the backward pass."),
    "inplace": click.option("--inplace/--no-inplace", default=True, help="Let activations overwrite their input."),
    "inference": click.option("--inference", is_flag=True, help="Predict a forward pass under no_grad instead."),
    "device": click.option(
        "--device", type=click.Choice(DEVICES), default="cuda", show_default=True, help="Device of the step."
    ),
}
_OF_TRAINING = ("optimizer", "implementation", "momentum", "weight_decay", "accumulate", "ema", "checkpointing")

MOST_USED = ("batch", "optimizer", "precision", "accumulate", "checkpointing", "inference", "device")


def step_options(names: tuple[str, ...] = tuple(_OPTIONS), more_precisions: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Return what adds these options to a command; `take_setup` collects them.

    ``more_precisions`` are for what is no step of PyTorch, so that `take_setup` does not know them.
    """
    text = _PRECISION if not more_precisions else f"{_PRECISION[:-1]}, int8 is a microcontroller's."
    options = _OPTIONS | {"precision": precision_option((*AUTOCAST, *more_precisions), text)}

    def add(command: F) -> F:
        for name in reversed(names):
            command = options[name](command)
        return command

    return add


def take_setup(values: dict[str, Any]) -> TrainingSetup:
    """Take what `step_options` added out of a command's keyword arguments, and what else says how a step runs."""
    given = {name: values.pop(name) for name in (*_OPTIONS, "workspace_bytes") if name in values}
    if given["inference"]:
        refuse_idle_in_inference()
    return TrainingSetup(**given)


def refuse_idle_in_inference() -> None:
    """Refuse what is said of a training step where there is none."""
    refuse_idle(_OF_TRAINING, "with --inference")
