"""From a network and options to a look at it: all its parts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cnncalc.core.cleaning import cell
from cnncalc.core.errors import SpecError
from cnncalc.core.numbers import counted
from cnncalc.core.words import listed, shorten
from cnncalc.inspect.choosing import chosen_layers, exciting_layers
from cnncalc.inspect.filters import MOST as MOST_FILTERS
from cnncalc.inspect.filters import filters_picture, first_filters
from cnncalc.inspect.images import grid, sized
from cnncalc.inspect.mistakes import Mistake, Tried, try_out
from cnncalc.inspect.options import LookOptions
from cnncalc.inspect.parts import LookPart, LookRow, Shot, TrainedLook
from cnncalc.inspect.patches import check_units
from cnncalc.inspect.shown_images import image_parts, photo, shown_images
from cnncalc.inspect.shown_patches import patches_part
from cnncalc.inspect.subject import Subject
from cnncalc.network import Network

MOST_MISTAKES = 16
"""Mistakes that are shown."""

SIDE = 96
"""Pixels that their images aim at along the longer side."""


def look_at(subject: Subject, options: LookOptions) -> TrainedLook:
    """Return a look at a network.

    Raises:
        CnncalcError: for a layer, a unit or an image that is not there, and an image that does not suit; where all that
            is asked for needs images to test on, and there are none.

    """
    nodes = chosen_layers(subject.network, options.layers)
    exciting = exciting_layers(subject.network, nodes, options.layers)
    check_units(exciting, options.units)
    _check_images(subject, options)
    images = shown_images(subject, options)
    tried = try_out(subject) if subject.images is not None and options.wants("mistakes", "metrics") else None
    parts: list[LookPart] = []
    if options.wants("filters"):
        parts.append(filters_part(subject))
    if options.wants("maps", "cam"):
        parts += image_parts(subject, nodes, images, options)
    if options.wants("patches"):
        parts.append(patches_part(subject, exciting, options.units))
    if options.wants("mistakes") and subject.classifies:
        parts.append(mistakes_part(subject, tried))
    if options.wants("metrics"):
        parts.append(_metrics_part(subject, tried))
    return TrainedLook(subject.name, _answer(subject, tried), tuple(parts))


def _check_images(subject: Subject, options: LookOptions) -> None:
    """Refuse to show nothing: where all that is named needs images to test on, and there are none, or classes."""
    of_classes = {*options.only} & {"cam", "mistakes"}
    if of_classes and not subject.classifies:
        message = f"{listed(sorted(of_classes))}: only classifiers have these"
        raise SpecError("bad-option", message, hints=["choose filters, maps, patches or metrics"])
    named = {*options.only, *(["patches"] if options.units else [])}
    if subject.images is None and named and named <= {"patches", "mistakes", "metrics"}:
        message = f"{listed(named)}: {subject.without_images.rstrip('.')}"
        raise SpecError("no-data", message, hints=["name images to test on: --data NAME|PATH"])


def _metrics_part(subject: Subject, tried: Tried | None) -> LookPart:
    """Return the part that says how well images are classified, or what else a test came to."""
    if subject.classifies:
        text = _METRICS if tried else subject.without_images
        evaluation, facts = (tried.evaluation, tried.report.summary) if tried else (None, ())
        return LookPart("Precision, recall, F1 and the confusion matrix", text, facts=facts, evaluation=evaluation)
    if tried is None:
        return LookPart("Test", subject.without_images)
    return LookPart("Test", "", facts=tried.report.summary, table=tried.report.table.for_people())


_METRICS = (
    "Precision is the share of what was predicted as a class that belongs to it, recall the share of its images that "
    "were predicted as it, and F1 the harmonic mean of both."
)


def _answer(subject: Subject, tried: Tried | None) -> str:
    network = subject.network
    parts = [f"{network.inputs_text} → {network.outputs_text}", f"{network.params:,} parameters", subject.weights_text]
    if tried is not None and tried.evaluation is not None:
        evaluation = tried.evaluation
        share = 100 * evaluation.right / evaluation.images
        parts.append(f"{share:.2f}% right of {counted(evaluation.images, 'image')}: {evaluation.data}")
    return " · ".join(parts)


# ---- filters


def filters_part(subject: Subject) -> LookPart:
    """Return the part that shows the filters of the first layer, or says why it cannot."""
    title = "Filters of the first layer"
    found = first_filters(subject.module, subject.network)
    if found is None:
        return LookPart(title, f"They cannot be shown: {_no_filters(subject.network)}.")
    node, weight = found
    count, channels, high, wide = weight.shape
    text = f"The weights of {node.name}, each filter on a scale of its own. Mid-grey is a weight of 0."
    if channels not in (1, 3):
        text = (
            f"The weights of {node.name}, a row of {channels} channels for each filter. Blue is negative, red positive."
        )
    some = (f"the first {MOST_FILTERS}",) if count > MOST_FILTERS else ()
    lines = (node.written, counted(count, "filter"), f"of {high}x{wide}x{channels}", *some)
    return LookPart(
        title, text, (LookRow(node.name, lines, (Shot(filters_picture(weight), f"Filters of {node.name}"),)),)
    )


def _no_filters(network: Network) -> str:
    if network.input.dimensions != 2:
        return f"the input {network.input} has no height and width"
    return "no layer with weights reads the images themselves"


# ---- mistakes


def mistakes_part(subject: Subject, tried: Tried | None) -> LookPart:
    """Return the part that shows the images that are got most wrong."""
    title = "Worst mistakes"
    if tried is None:
        return LookPart(title, subject.without_images)
    if tried.evaluation is None or not tried.mistakes:
        return LookPart(title, "Nothing: every image was classified correctly.")
    shown = tried.mistakes[:MOST_MISTAKES]
    wrong = tried.evaluation.images - tried.evaluation.right
    text = f"Of {counted(wrong, 'misclassified image')}, those whose true class has the lowest probability."
    if subject.network.input.dimensions != 2:
        return LookPart(title, f"{text} They have no height and width to show: {_told(subject, shown)}.")
    text += " The predicted class stands above the true one."
    pixels, _ = subject.fetch(torch.tensor([mistake.image for mistake in shown]))
    shots = tuple(_mistake(subject, *pair) for pair in zip(shown, pixels, strict=True))
    return LookPart(title, text, (LookRow("", (), shots, per_line=8),))


def _mistake(subject: Subject, mistake: Mistake, pixels: Tensor) -> Shot:
    label, taken = (shorten(cell(subject.classes[place]), 16) for place in (mistake.label, mistake.predicted))
    lines = (f"{taken}, {percent(mistake.sure)}", f"true: {label}, {percent(mistake.right)}")
    alt = f"Image {mistake.image + 1:,}: {label}, predicted as {taken}"
    return Shot(grid(sized(photo(pixels), SIDE)), alt, lines)


def percent(share: float) -> str:
    """Write a probability in percent, with a digit where it is small: ``98%``, ``0.4%``, ``<0.1%``."""
    return "<0.1%" if share < 0.0005 else f"{100 * share:.1f}%" if share < 0.0995 else f"{100 * share:.0f}%"


def _told(subject: Subject, mistakes: Sequence[Mistake]) -> str:
    return ", ".join(
        f"image {one.image + 1:,} is {shorten(cell(subject.classes[one.label]))}, predicted as "
        f"{shorten(cell(subject.classes[one.predicted]))} ({percent(one.sure)})"
        for one in mistakes
    )
