"""Charts as a picture of their own: an SVG file, one chart below the other, for light and dark grounds."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.charts.lines import Chart, ChartArea, chart_svg
from cnncalc.charts.look import file_sheet

WIDTH, HEIGHT = 560, 200
"""Pixels of the area of a chart."""
LEFT, RIGHT, ABOVE, BELOW = 64, 24, 44, 46
"""Pixels around it: of what stands beside, above and below the axes."""


def charts_file(charts: Sequence[Chart]) -> str:
    """Return the text of an SVG file with those charts in which there is anything to draw."""
    known = [chart for chart in charts if chart.known]
    wide, high = LEFT + WIDTH + RIGHT, len(known) * (ABOVE + HEIGHT + BELOW)
    drawn = "".join(
        chart_svg(chart, ChartArea(LEFT, place * (ABOVE + HEIGHT + BELOW) + ABOVE, WIDTH, HEIGHT))
        for place, chart in enumerate(known)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">\n'
        f'<style>{file_sheet()}</style>\n<rect class="ground" width="{wide}" height="{high}"/>\n{drawn}\n</svg>\n'
    )
