"""A look in words: the report that ``cnncalc inspect`` prints where no picture is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from cnncalc.core.cleaning import cell
from cnncalc.core.numbers import counted, whole, with_minus
from cnncalc.core.words import shorten
from cnncalc.inspect.choosing import chosen_layers
from cnncalc.inspect.look import percent
from cnncalc.inspect.mistakes import Mistake, Tried, try_out
from cnncalc.inspect.options import LookOptions
from cnncalc.inspect.shown_images import shown_images
from cnncalc.inspect.statistics import MOST_IMAGES, LayerStatistics, layer_statistics
from cnncalc.inspect.subject import Subject
from cnncalc.report.class_metrics import percent_text
from cnncalc.report.evaluate import metrics_data
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Column, Table
from cnncalc.train.data.dataset import spread

MOST_MISTAKES = 3
"""Most mistakes that the summary names."""


class Findings(NamedTuple):
    """The summary of a network.

    Attributes:
        subject: the network.
        statistics: of its layers, over ``images`` images.
        images: how many.
        tried: what a test came to; None where there is nothing to test on.

    """

    subject: Subject
    statistics: Sequence[LayerStatistics]
    images: int
    tried: Tried | None


def findings(subject: Subject, options: LookOptions) -> Findings:
    """Return the summary of a network: of the images that are named, else of those to test on.

    Raises:
        CnncalcError: for a layer or an image that is not there, and an image that does not suit.

    """
    nodes = chosen_layers(subject.network, options.layers)
    pixels = _pixels(subject, options)
    statistics = layer_statistics(subject, nodes, pixels)
    tried = None if subject.images is None else try_out(subject)
    return Findings(subject, statistics, 0 if pixels is None else len(pixels), tried)


def _pixels(subject: Subject, options: LookOptions) -> Tensor | None:
    if options.images:
        return torch.stack([image.pixels for image in shown_images(subject, options)])
    if subject.images is None:
        return None
    return subject.fetch(spread(len(subject.images.split), MOST_IMAGES))[0]


def summary_report(found: Findings) -> Report:
    """Make the report: a row for each layer that is shown, with what its numbers are like."""
    columns = (
        Column("layer", "layer"),
        Column("operation", "operation", rank=4),
        Column("output", "output"),
        Column("weights_deviation", "weights ±", _number, right=True, rank=3),
        Column("mean", "mean", _number, right=True, rank=2),
        Column("deviation", "±", _number, right=True, rank=2),
        Column("zeros", "zeros", percent_text, right=True),
        Column("dead", "dead", whole, right=True),
        Column("units", "units", whole, right=True, rank=1),
    )
    rows = [
        (
            one.node.name,
            one.node.written,
            str(one.node.output),
            one.weights,
            one.mean,
            one.deviation,
            one.zeros,
            one.dead,
            one.node.output.channels,
        )
        for one in found.statistics
    ]
    remarks = ["pictures: -o look.html, or -o look.png"]
    return Report(Table(columns, rows), lambda: _data(found), list(_lines(found)), remarks)


def _number(value: float) -> str:
    return with_minus(f"{value:.3g}")


def _lines(found: Findings) -> list[tuple[str, str]]:
    """Return what stands below the table."""
    subject, lines = found.subject, []
    if found.images:
        what = f"over {counted(found.images, 'image')}; a unit (a channel) is dead if it is 0 for all of them"
        lines.append(("outputs", what))
    if found.tried is None:
        lines.append(("tested", f"not: {subject.missing}"))
        return [*lines, ("weights", subject.weights_text)]
    lines += found.tried.report.summary
    if found.tried.evaluation is None:
        return lines
    told = [_told(subject.classes, mistake) for mistake in found.tried.mistakes[:MOST_MISTAKES]]
    told = told or ["none: every image was classified correctly"]
    return [*lines, *(("" if place else "mistakes", text) for place, text in enumerate(told))]


def _metrics(tried: Tried) -> dict[str, Any]:
    if tried.evaluation is not None:
        return metrics_data(tried.evaluation)
    return {name: value for name, value in tried.report.data().items() if name not in ("schema", "run", "weights")}


def _told(classes: Sequence[str], mistake: Mistake) -> str:
    label, taken = (shorten(cell(classes[place]), 24) for place in (mistake.label, mistake.predicted))
    shares = percent(mistake.sure), percent(mistake.right)
    return f"image {mistake.image + 1:,}: predicted {taken} ({shares[0]}), true class {label} ({shares[1]})"


def _data(found: Findings) -> dict[str, Any]:
    subject, tried = found.subject, found.tried
    return {
        "schema": SCHEMA,
        "name": subject.name,
        "weights": subject.weights,
        "epoch": subject.epoch,
        "missing": subject.missing or None,
        "images": found.images,
        "layers": [
            {
                "name": one.node.name,
                "operation": one.node.written,
                "output": list(one.node.output),
                "weights_deviation": one.weights,
                "mean": one.mean,
                "deviation": one.deviation,
                "zeros": one.zeros,
                "dead": one.dead,
            }
            for one in found.statistics
        ],
        "metrics": tried and _metrics(tried),
        "mistakes": [
            {
                "image": one.image,
                "class": subject.classes[one.label],
                "predicted": subject.classes[one.predicted],
                "probability": one.sure,
                "probability_of_class": one.right,
            }
            for one in (tried.mistakes if tried else ())
        ],
    }
