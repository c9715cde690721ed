"""``cnncalc memory``"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from cnncalc.analysis.memory import MemoryPrediction, Predictor, TrainingSetup
from cnncalc.analysis.memory.advice import Advice, advice
from cnncalc.analysis.memory.gpus import Cards
from cnncalc.analysis.parallel import CardPrediction, CardPredictor, Parallel
from cnncalc.analysis.parallel.advice import card_advice
from cnncalc.commands import mcu
from cnncalc.commands.given import refuse_idle
from cnncalc.commands.gpu_name import EPILOG, cards_option, gpu_name
from cnncalc.commands.options import (
    load_spec,
    output_options,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.commands.parallel_options import parallel_options, priced, take_parallel, take_prices
from cnncalc.commands.sizes import SizeInBytes
from cnncalc.commands.step_options import step_options, take_setup
from cnncalc.network import Network
from cnncalc.report.memory import Budget, memory_report
from cnncalc.report.memory_cards import SharedBatch


@click.command(epilog=f"{EPILOG} {mcu.EPILOG}")
@spec_argument()
@step_options(more_precisions=("int8",))
@click.option("--budget", metavar="SIZE", type=SizeInBytes(), help="Available memory, such as 24GiB or 24GB.")
@click.option(
    "--gpu",
    type=gpu_name("Or give its memory: --budget 24GiB"),
    metavar="NAME",
    help="Graphics card whose memory is the budget; the list is below.",
)
@cards_option
@mcu.mcu_options
@parallel_options
@spec_options
@output_options
def memory(spec: str, budget: int | None, gpu: str | None, cards: Cards, **options: Any) -> None:
    """Predict the peak memory of a training step or of inference.

    With a budget, the largest batch that fits is found, and the status is 1 if the given batch does not fit.

    int8 is inference on a microcontroller: the flash and the arena of TensorFlow Lite Micro's interpreter. The status
    is 1 if they do not fit.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes.

    \b
    Examples:
      cnncalc memory vgg16.txt --batch 64
      cnncalc memory resnet50.txt --batch 64 --optimizer adamw --precision bf16 --gpu rtx4090
      cnncalc memory resnet50.txt --batch 256 --inference --budget 24GiB
      cnncalc memory mobilenet_v2 --input 96x96x3 --inference --precision int8 --mcu stm32f746
      cnncalc memory resnet50.txt --batch 512 --gpus 8 --parallel fsdp2 --gpu rtx4090
    """
    network = load_spec(spec, take_spec_options(options))
    output = take_output(options)
    board = mcu.take_board(options)
    if options["precision"] == "int8":
        if not mcu.memory_on_mcu(network, board, output):
            raise click.exceptions.Exit(1)
        return
    if gpu is None and options["gpus"] is None and options["prices"] is None:
        refuse_idle(["cards"], "without --gpu, --gpus or --prices")
    if gpu is not None:
        if budget is not None:
            raise click.UsageError("give either --gpu or --budget, not both")
        if options["device"] != "cuda":
            raise click.UsageError("--gpu is for --device cuda")
        options["workspace_bytes"] = cards[gpu].workspace
        budget = cards[gpu].budget
    parallel = take_parallel(options, options["inference"])
    own = options["prices"] is not None
    prices = take_prices(options, cards, options["device"], asked=parallel is not None)
    setup = whole = take_setup(options)
    if parallel is not None:
        setup = parallel.of_card(whole)
    answer = _answer(network, parallel, setup)
    limit = None if budget is None else Budget(budget, gpu, answer.predictor.largest_batch(setup, budget))
    shared = SharedBatch(answer.card, whole.batch, priced(prices, cards, answer.predictor, setup), gpu, own)
    output.emit(memory_report(answer.prediction, limit, answer.changes, shared))
    if budget is not None and answer.prediction.peak_bytes > budget:
        raise click.exceptions.Exit(1)


class _Answer(NamedTuple):
    """What is predicted: of a single process, or of the card that takes most, which is then also the ``card``."""

    predictor: Predictor
    prediction: MemoryPrediction
    changes: Sequence[Advice]
    card: CardPrediction | None


def _answer(network: Network, parallel: Parallel | None, setup: TrainingSetup) -> _Answer:
    if parallel is None:
        predictor = Predictor(network)
        prediction = predictor.predict(setup)
        return _Answer(predictor, prediction, advice(prediction, predictor), None)
    of_cards = CardPredictor(network, parallel)
    card = of_cards.predict(setup)
    return _Answer(of_cards, card, card_advice(card, of_cards), card)
