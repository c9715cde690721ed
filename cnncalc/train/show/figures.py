"""Figures as the bytes of a file, the same ones every time."""

from __future__ import annotations

import io
import warnings

import matplotlib
from matplotlib.figure import Figure


def picture(figure: Figure, form: str) -> bytes:
    """Return a figure as a file with nothing in it that differs from one time to the next.

    Args:
        figure: what is drawn.
        form: ``svg`` or ``png``.

    """
    data = io.BytesIO()
    undated = {"Date": None, "Creator": None} if form == "svg" else None
    with matplotlib.rc_context({"svg.hashsalt": "cnncalc"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box stands for what the font lacks
        figure.savefig(data, format=form, bbox_inches="tight", metadata=undated, dpi=150)
    return data.getvalue()
