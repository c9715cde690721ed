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


def predict_report(run: str, predictions: Sequence[Prediction]) -> Report:
    """Make the report: a row for each image and class, the image's name in the first of its rows."""
    columns = (
        Column("image", "image"),
        Column("class", "class"),
        Column("probability", "probability", lambda share: f"{100 * share:.2f}%", right=True),
        Column("bar", "", lambda share: bar(round(_FINE * share), _FINE), rank=1, programs=False),
    )
    rows = [
        (prediction.image if place == 0 else None, name, share, share)
        for prediction in predictions
        for place, (name, share) in enumerate(prediction.classes)
    ]
    return Report(Table(columns, rows), lambda: _data(run, predictions))


def _data(run: str, predictions: Sequence[Prediction]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "run": run,
        "predictions": [
            {
                "image": prediction.image,
                "classes": [{"class": name, "probability": share} for name, share in prediction.classes],
            }
            for prediction in predictions
        ],
    }
