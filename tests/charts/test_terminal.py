"""Charts in a terminal, compared with ones that were drawn by hand."""

from __future__ import annotations

from cnncalc.charts.lines import Chart, ChartLine
from cnncalc.charts.terminal import chart_text

FALLING = """\
Loss
  2 +**          :
    |  *         :
    |   ***      :
1.5 +      *     :
    |       ***  :
    |          * :
  1 +           ***
    |            : *
    |            :  ***
0.5 +            :     *
    |            :      ***
    |            :         *
  0 +            :          **
    +|--|-----|-----|-----|---
     1  2     4     6     8
                         epoch"""


def test_a_line_falls_from_corner_to_corner() -> None:
    """24 columns and 13 rows: two characters of the line in every row, and a mark in the middle."""
    line = ChartLine("loss", [(1, 2.0), (9, 0.0)], "trained")
    drawn = chart_text(Chart("Loss", [line], marks=[(5, "middle")]), 30, plain=True)
    assert "\n".join(drawn) == FALLING


DOTS = """\
Loss
  1 ┤                          ⠈
0.8 ┤
0.6 ┤
0.4 ┤
0.2 ┤
  0 ┤⡀
    └┬─────────────────────────┬
     1                         2
                           epoch"""


def test_eight_dots_make_a_character() -> None:
    """In the corners: the lowest dot on the left (U+2840), the highest on the right (U+2808), as Unicode has them."""
    dots = ChartLine("x", [(1, 0.0), (2, 1.0)], "trained", joined=False)
    assert "\n".join(chart_text(Chart("Loss", [dots]), 32, 6)) == DOTS


def test_what_is_not_known_is_a_gap() -> None:
    known = chart_text(Chart("Loss", [ChartLine("x", [(1, 1.0), (2, None), (3, 0.0)], "trained")]), 40, 5, plain=True)
    assert sum(row.count("*") for row in known) == 2


def test_of_nothing_there_is_no_chart() -> None:
    assert chart_text(Chart("Loss", [ChartLine("x", [(1, None)], "trained")]), 40) == []
