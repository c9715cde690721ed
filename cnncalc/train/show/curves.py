"""The picture of a run: how loss and accuracy went."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnncalc.train.progress import EpochMetrics
from cnncalc.train.show.figures import picture

TRAINED, TESTED = "#4c72b0", "#dd8452"


def draw_curve(rows: Sequence[EpochMetrics], tested: str) -> bytes:
    """Return the learning curve as SVG: loss above, accuracy below, over epochs.

    Args:
        rows: of the epochs so far.
        tested: which images every epoch is tested on, ``validation`` or ``test``.

    """
    figure = Figure(figsize=(7, 6), layout="constrained")
    losses, accuracies = figure.subplots(2, 1, sharex=True)
    epochs = [row.epoch for row in rows]
    _line(losses, epochs, [row.train_loss for row in rows], "training images", TRAINED)
    _line(losses, epochs, [row.loss for row in rows], f"{tested} images", TESTED)
    _line(accuracies, epochs, [_percent(row.train_accuracy) for row in rows], "training images", TRAINED)
    _line(accuracies, epochs, [_percent(row.accuracy) for row in rows], f"{tested} images", TESTED)
    losses.set_ylabel("loss (cross-entropy)")
    accuracies.set_ylabel("accuracy (%)")
    accuracies.set_xlabel("epoch")
    accuracies.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for axes in (losses, accuracies):
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False)
    return picture(figure, "svg")


def _line(axes: Axes, epochs: Sequence[int], values: Sequence[float | None], label: str, colour: str) -> None:
    """Draw a line through what is known; a single epoch is a point."""
    known = [(epoch, value) for epoch, value in zip(epochs, values, strict=True) if value is not None]
    if known:
        xs, ys = zip(*known, strict=True)
        axes.plot(xs, ys, label=label, color=colour, marker="o" if len(known) < 30 else None, markersize=3)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
