"""Tables for terminals, pipes and documents."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

import cnncalc
from cnncalc.report.forms import to_csv, to_latex, to_markdown
from cnncalc.report.plain import draw_plain
from cnncalc.report.report import Report, Screen
from cnncalc.report.shapes import shapes_report
from cnncalc.report.table import Column, Table
from cnncalc.report.terminal import draw

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def report(*, explain: bool = False) -> Report:
    net = cnncalc.load("conv 5x5x10 s2 p2 floor - relu - pool 3x3 s2 floor - fc 10", input="32x32x3")
    return shapes_report(cnncalc.count(net), explain=explain)


@pytest.mark.parametrize("explain", [False, True])
def test_a_pipe_gets_what_a_wide_terminal_shows(explain: bool) -> None:
    """The plain text and rich's drawing are the same, character by character, but for the colour."""
    shown = report(explain=explain)
    plain = "".join(draw_plain(shown))
    assert draw(shown, Screen(width=1000)) == plain
    coloured = COLOUR.sub("", draw(shown, Screen(width=1000, colour=True)))
    assert [line.rstrip() for line in coloured.splitlines()] == plain.splitlines()


@pytest.mark.parametrize("width", [30, 45, 60, 80, 100, 120])
def test_no_line_of_the_table_is_wider_than_the_terminal(width: int) -> None:
    """Columns go by their rank, the last ones first; name, output and parameters stay."""
    lines = draw(report(), Screen(width=width)).splitlines()
    assert all(len(line) <= width for line in lines)
    assert lines[0].split()[0] == "name"


def test_a_narrower_terminal_never_shows_a_column_that_a_wider_one_drops() -> None:
    titles = [set(report().table.fitted(width)[1]) for width in range(20, 140)]
    assert all(wider <= narrower for narrower, wider in pairwise(titles))


TABLE = Table(
    (
        Column("name", "name"),
        Column("params", "parameters", lambda count: f"{count:,}", right=True),
        Column("bar", "", programs=False),
        Column("raw", "raw", people=False),
    ),
    [("a|b", 1000, "█", 1), ("c_d", None, "", 2)],
    ("total", 1000, None, None),
)


def test_csv_has_plain_values_and_no_totals() -> None:
    assert "".join(to_csv(TABLE)) == "name,params,raw\na|b,1000,1\nc_d,,2\n"


def test_markdown_escapes_bars_and_aligns_numbers() -> None:
    assert "".join(to_markdown(TABLE)) == (
        "| name | parameters |  |\n| --- | ---: | --- |\n| a\\|b | 1,000 | █ |\n| c_d |  |  |\n| total | 1,000 |  |\n"
    )


def test_latex_escapes_what_it_must_and_sets_rules() -> None:
    """The rules are those of booktabs; an underscore would otherwise be a subscript."""
    assert "".join(to_latex(TABLE)) == (
        "\\begin{tabular}{lrl}\n"
        "\\toprule\n"
        "name & parameters &  \\\\\n"
        "\\midrule\n"
        "a\\textbar{}b & 1,000 & \\rule{1ex}{1ex} \\\\\n"
        "c\\_d &  &  \\\\\n"
        "\\midrule\n"
        "total & 1,000 &  \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
    )
