"""The options of `memory` for several cards and for prices, and what they make of a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from cnncalc.analysis.memory import Predictor, TrainingSetup
from cnncalc.analysis.memory.gpus import GPUS, Cards
from cnncalc.analysis.parallel import WAYS, Parallel
from cnncalc.analysis.parallel.prices import PRICES_FILE, Offer, Price, offers, read_prices
from cnncalc.commands.given import is_given
from cnncalc.commands.options import F
from cnncalc.commands.whole import Whole

_OPTIONS = (
    click.option("--gpus", type=Whole(1, 100_000), metavar="N", help="Number of cards that share the batch."),
    click.option(
        "--parallel", type=click.Choice(list(WAYS)), default="ddp", show_default=True, help="How several cards train."
    ),
    click.option(
        "--gradient-as-bucket-view/--no-gradient-as-bucket-view",
        "views",
        default=True,
        help="Let gradients of DDP be views of its buckets.",
    ),
    click.option(
        "--prices",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="CSV table of prices per hour in place of the built-in one.",
    ),
)


def parallel_options(command: F) -> F:
    """Add the options; `take_parallel` and `take_prices` collect them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_parallel(options: dict[str, Any], inference: bool) -> Parallel | None:
    """Take out of a command's keyword arguments how several cards train; None for a single process."""
    cards, way, views = options.pop("gpus"), options.pop("parallel"), options.pop("views")
    if cards is None:
        for name, option in (("parallel", "--parallel"), ("views", _written(views))):
            if is_given(name):
                raise click.UsageError(f"{option} has no effect without --gpus; add --gpus N")
        return None
    if inference:
        raise click.UsageError("--gpus is for training: in an inference each card has the whole network")
    if way == "fsdp2" and is_given("views"):
        raise click.UsageError(f"{_written(views)} has no effect with --parallel fsdp2; leave it out")
    return Parallel(cards, way, views)


def take_prices(options: dict[str, Any], cards: Cards, device: str, *, asked: bool) -> Sequence[Price]:
    """Take the prices out of a command's keyword arguments; () where none are asked for."""
    path = options.pop("prices")
    if path is not None:
        if device != "cuda":
            raise click.UsageError("--prices is for --device cuda")
        return read_prices(path, cards)
    if not asked or device != "cuda":
        return ()
    return [price for price in read_prices(PRICES_FILE, GPUS) if price.card in cards]


def priced(prices: Sequence[Price], cards: Cards, predictor: Predictor, setup: TrainingSetup) -> list[Offer]:
    """Return the prices, the cheapest first, with what a step takes on each card."""
    return offers(prices, cards, lambda card: predictor.peak(replace(setup, workspace_bytes=card.workspace)))


def _written(views: bool) -> str:
    return "--gradient-as-bucket-view" if views else "--no-gradient-as-bucket-view"
