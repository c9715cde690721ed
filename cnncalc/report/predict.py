"""The report of ``cnncalc predict``: what images show, with probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.core.numbers import bar
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Column, Table

_FINE = 10_000


class Prediction(NamedTuple):
    """What an image shows: its path, and classes with their probabilities, the likeliest first."""

    image: str
    classes: Sequence[tuple[str, float]]


def predict_report(run: str, predictions: Sequence[Prediction], left_out: Sequence[tuple[str, str]] = ()) -> Report:
    """Make the report: a row for each image and class; people see the image's name in the first of its rows.

    Args:
        run: the run, or the spec.
        predictions: one for each image.
        left_out: the images that cannot be used, and why.

    """
    columns = (
        Column("first", "image", programs=False),
        Column("image", "image", people=False),
        Column("class", "class"),
        Column("probability", "probability", lambda share: f"{100 * share:.2f}%", right=True),
        Column("bar", "", lambda share: bar(round(_FINE * share), _FINE), rank=1, programs=False),
    )
    rows = [
        (prediction.image if place == 0 else None, prediction.image, name, share, share)
        for prediction in predictions
        for place, (name, share) in enumerate(prediction.classes)
    ]
    found = [
        {
            "image": prediction.image,
            "classes": [{"class": name, "probability": share} for name, share in prediction.classes],
        }
        for prediction in predictions
    ]
    return Report(Table(columns, rows), lambda: predictions_data(run, found, left_out), left_out_lines(left_out))


def left_out_lines(left_out: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the lines below a table of predictions: the images that cannot be used, and why."""
    return [("left out", f"{path}: {why}") for path, why in left_out]


def predictions_data(
    run: str, predictions: Sequence[dict[str, Any]], left_out: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return predictions as data for programs."""
    return {
        "schema": SCHEMA,
        "run": run,
        "predictions": predictions,
        "left_out": [{"image": path, "reason": why} for path, why in left_out],
    }
