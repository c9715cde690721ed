"""``cnncalc evaluate``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.options import output_options, take_output
from cnncalc.commands.training import (
    refuse_replacing_run,
    run_argument,
    take_data,
    tested_data_options,
    views_option,
    weights_option,
)
from cnncalc.core.errors import WriteError
from cnncalc.core.needs import optional_packages
from cnncalc.core.writing import complain, write_file
from cnncalc.report.class_metrics import percent_text
from cnncalc.report.evaluate import Evaluation, confusion_report, evaluate_report


def _check_picture(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.lower().endswith((".svg", ".png")):
        raise click.BadParameter(f"{value!r} ends in neither .svg nor .png")
    return value


@click.command()
@run_argument
@weights_option
@views_option
@click.option(
    "--device", metavar="NAME", default="auto", show_default=True, help="Device: auto, cpu, cuda, cuda:N or mps."
)
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
    for path in (output.path, picture):
        refuse_replacing_run(run, path)
    data = take_data(options)
    with optional_packages():
        from cnncalc.train.engine.devices import choose_device
        from cnncalc.train.run.trained import load_trained
        from cnncalc.train.show.confusion_matrix import draw_confusion

    trained = load_trained(run, weights, choose_device(device))
    tested = trained.test(data, views)
    evaluation = Evaluation(
        run=run,
        weights=weights,
        epoch=trained.epoch,
        data=tested.data,
        views=tested.views,
        classes=trained.facts.classes,
        confusion=tested.score.confusion.tolist(),
        loss=tested.score.loss,
        top5=tested.score.top5,
        notes=tested.notes,
    )
    _keep(evaluation)
    if picture is not None:
        form = "svg" if picture.lower().endswith(".svg") else "png"
        write_file(draw_confusion(evaluation.classes, evaluation.confusion, form), picture)
    output.emit(confusion_report(evaluation) if confusion else evaluate_report(evaluation))


def _keep(evaluation: Evaluation) -> None:
    """Write the test into the run's model card; a folder that cannot be written to stays as it is."""
    from cnncalc.train.run.card import write_card
    from cnncalc.train.run.evaluations import MeasuredTest, keep_test
    from cnncalc.train.run.folder import RunFolder

    folder = RunFolder(evaluation.run)
    test = MeasuredTest(
        data=evaluation.data,
        images=evaluation.images,
        weights=evaluation.weights,
        epoch=evaluation.epoch or 0,
        views=evaluation.views,
        metrics=_metrics(evaluation),
        remarks=_remarks(evaluation),
    )
    try:
        keep_test(folder, test)
        write_card(folder)
    except WriteError as error:
        complain(f"note: the model card stays as it was: {error.message}")


def _metrics(evaluation: Evaluation) -> dict[str, float]:
    images, macro = evaluation.images, evaluation.macro.f1
    return {
        "accuracy": evaluation.right / images,
        **({} if evaluation.top5 is None else {"top-5 accuracy": evaluation.top5 / images}),
        **({} if macro is None else {"macro F1": macro}),
        "loss": evaluation.loss,
    }


def _remarks(evaluation: Evaluation) -> list[str]:
    """Say which class is recognised worst."""
    known = [
        (one.recall, name, one.images)
        for name, one in zip(evaluation.classes, evaluation.per_class, strict=True)
        if one.recall is not None
    ]
    recall, name, images = min(known)
    return [f"On {evaluation.data}, recall is lowest for {name}: {percent_text(recall)} of {images:,} images."]
