"""The picture of a test: what was taken for what."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from cnncalc.core.cleaning import cell
from cnncalc.train.show.figures import picture

_MOST_NAMED = 40
_MOST_COUNTED = 20


def draw_confusion(classes: Sequence[str], confusion: Sequence[Sequence[int]], form: str) -> bytes:
    """Return the confusion matrix as a picture.

    Args:
        classes: their names.
        confusion: for each class, how many of its images were taken for each class.
        form: ``svg`` or ``png``.

    """
    names = list(map(cell, classes))
    shares = [[count / max(1, sum(row)) for count in row] for row in confusion]
    side = min(12.0, 3 + 0.45 * len(classes))
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="share of the class", shrink=0.8)
    axes.set_xlabel("predicted")
    axes.set_ylabel("class")
    if len(classes) <= _MOST_NAMED:
        axes.set_xticks(range(len(classes)), names, rotation=45, ha="right", parse_math=False)
        axes.set_yticks(range(len(classes)), names, parse_math=False)
    if len(classes) <= _MOST_COUNTED:
        for row, counts in enumerate(confusion):
            for column, count in enumerate(counts):
                colour = "white" if shares[row][column] > 0.5 else "black"
                axes.text(
                    column, row, f"{count:,}" if count else "·", ha="center", va="center", color=colour, fontsize=8
                )
    return picture(figure, form)
