"""``cnncalc predict``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.options import output_options, take_output
from cnncalc.commands.training import run_argument, views_option, weights_option
from cnncalc.commands.whole import Whole
from cnncalc.core.needs import optional_packages
from cnncalc.report.predict import Prediction, predict_report
from cnncalc.train.data_request import RESIZES


@click.command()
@run_argument
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@weights_option
@views_option
@click.option(
    "--device", metavar="NAME", default="auto", show_default=True, help="Device: auto, cpu, cuda, cuda:N or mps."
)
@click.option(
    "--top",
    type=Whole(1),
    metavar="N",
    default=3,
    show_default=True,
    help="Number of classes shown per image.",
)
@click.option("--resize", type=click.Choice(RESIZES), help="Resizing of images of another size. [as in training]")
@output_options
def predict(
    run: str,
    images: tuple[str, ...],
    weights: str,
    views: int | None,
    device: str,
    top: int,
    resize: str | None,
    **options: Any,
) -> None:
    """Say what images show, with probabilities.

    RUN is the folder that `cnncalc train` wrote. Needs PyTorch: pip install "cnncalc[train]".

    \b
    Examples:
      cnncalc predict first seven.png
      cnncalc predict first seven.png --top 10 --format json
    """
    output = take_output(options)
    with optional_packages():
        from cnncalc.train.engine.devices import choose_device
        from cnncalc.train.run.trained import load_trained

    trained = load_trained(run, weights, choose_device(device))
    how = resize or str(trained.facts.data.get("resize", "none"))
    predictions = []
    for image in images:
        shares = trained.probabilities(image, how, trained.views(views))
        ranked = sorted(zip(trained.facts.classes, shares, strict=True), key=lambda pair: -pair[1])
        predictions.append(Prediction(image, ranked[:top]))
    output.emit(predict_report(run, predictions))
