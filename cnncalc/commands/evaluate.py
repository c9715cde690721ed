"""``cnncalc evaluate``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.options import output_options, take_output
from cnncalc.commands.replacing import check_output
from cnncalc.commands.training import (
    device_option,
    refuse_replacing_run,
    run_argument,
    take_data,
    tested_data_options,
    views_option,
    weights_option,
)
from cnncalc.core.needs import optional_packages
from cnncalc.core.writing import complain, write_file
from cnncalc.report.evaluate import TestedOn


def _check_picture(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.lower().endswith((".svg", ".png")):
        raise click.BadParameter(f"{value!r} ends in neither .svg nor .png")
    return value


@click.command()
@run_argument
@weights_option
@views_option
@device_option
@click.option("--confusion", is_flag=True, help="Show the confusion matrix instead of the classes.")
@click.option(
    "--picture", metavar="FILE", callback=_check_picture, help="Picture of the confusion matrix: .svg or .png."
)
@tested_data_options
@output_options
def evaluate(
    run: str, weights: str, views: int | None, device: str, confusion: bool, picture: str | None, **options: Any
) -> None:
    """Evaluate a trained network: accuracy, classes, confusion matrix.

    RUN is the folder that `cnncalc train` wrote. It is tested on the test images of its data set, or on those of
    --data. Needs PyTorch: pip install "cnncalc[train]".

    \b
    Examples:
      cnncalc evaluate first
      cnncalc evaluate first --confusion
      cnncalc evaluate first --picture confusion.svg -o first.json
    """
    output = take_output(options)
    check_output(picture, "--picture")
    refuse_replacing_run(run, output.path)
    refuse_replacing_run(run, picture, "--picture")
    data = take_data(options)
    with optional_packages():
        from cnncalc.train.engine.devices import choose_device
        from cnncalc.train.run.trained import load_trained
        from cnncalc.train.run.using import record_in_card
        from cnncalc.train.show.confusion_matrix import draw_confusion

    trained = load_trained(run, weights, choose_device(device))
    if (confusion or picture is not None) and not trained.task.confuses:
        raise trained.task.no_confusion()
    tested = trained.test(data, views)
    on = TestedOn(run, weights, trained.epoch, tested.data, tested.views, tested.notes)
    fault = record_in_card(on, trained.task, tested.score)
    if fault:
        complain(f"note: the model card stays as it was: {fault}")
    if picture is not None:
        form = "svg" if picture.lower().endswith(".svg") else "png"
        write_file(draw_confusion(trained.task.names, tested.score.confusion.tolist(), form), picture)
    output.emit(trained.task.confusion(on, tested.score) if confusion else trained.task.report(on, tested.score))
