"""Charts as a PNG image: their SVG file, drawn by resvg."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.charts.file import charts_file
from cnncalc.charts.lines import Chart
from cnncalc.core.fonts import with_named_fonts
from cnncalc.core.needs import optional_packages

SCALE = 2.0
"""Pixels of the image for each of the chart's."""

_FONTS = 'Helvetica, Arial, "Liberation Sans", sans-serif'
_WHOLE = '"DejaVu Sans", sans-serif'
"""A font with all signs of a chart: where one is missing, resvg draws the whole text in a font of its choice."""


def charts_png(charts: Sequence[Chart]) -> bytes:
    """Return the bytes of a PNG image of charts, on a light ground.

    Raises:
        SpecError: where resvg is not installed.

    """
    with optional_packages():
        import resvg_py
    data: bytes = resvg_py.svg_to_bytes(
        svg_string=with_named_fonts(charts_file(charts).replace(_FONTS, _WHOLE)),
        zoom=SCALE,
        sans_serif_family="DejaVu Sans",
    )
    return data
