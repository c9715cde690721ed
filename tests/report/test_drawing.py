"""Tables for terminals, pipes and documents."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

import cnncalc
from cnncalc.core.numbers import in_units
from cnncalc.report.diagnostics import draw_error
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


def test_sentences_hang_beside_their_word_and_units_stay_with_their_numbers() -> None:
    """What goes on below a sentence begins under it; `61.0 KiB` is not parted."""
    lines = draw(shapes_report(cnncalc.count(cnncalc.load("lenet5"))), Screen(width=80)).splitlines()
    assert lines[-5:] == [
        "parameters   61,706 (61,470 weights + 236 biases) · 4 bytes (float32) = 241 KiB",
        "activations  15,626 values (input and every output) · 4 bytes (float32) =",
        "             61.0 KiB",
        "MACs         416,520 multiplications for one image",
        "layers       5 with weights: 2 convolutional, 3 fully connected",
    ]


def test_layers_that_share_a_remark_stand_in_one() -> None:
    """ResNet-152 has three layers that leave out a row, and 36 that have seen the image."""
    remarks = list(shapes_report(cnncalc.count(cnncalc.load("resnet152"))).remarks)
    assert remarks[:2] == [
        "stage2.conv1, stage3.conv1 and stage4.conv1: the last row and column are never read",
        "stage3.path4.conv2, stage3.path5.conv2, stage3.path6.conv2, stage3.path7.conv2, stage3.path8.conv2 "
        "and 31 more layers: every value in their windows has seen the whole input already (unproductive)",
    ]


def test_vgg16_keeps_every_column_at_80() -> None:
    """With shorter heads, decimal units, and one side of a square field."""
    lines = draw(shapes_report(cnncalc.count(cnncalc.load("vgg16"))), Screen(width=80)).splitlines()
    assert lines[0].split() == ["name", "layer", "output", "params", "memory", "MACs", "field"]
    assert max(map(len, lines)) <= 80
    assert lines[4] == "  conv1          conv3-64            224x224x64  1.79 k 12.2 MiB 86.7 M 3 /1"
    (total,) = [line.split() for line in lines if line.startswith("total ")]
    assert " ".join(total) == "total 1x1x1000 138 M 110 MiB 15.5 G"
    assert not any("not shown" in line for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg16", "resnet50", "unet"])
@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_nothing_is_cut_and_what_is_left_out_is_named(name: str, width: int) -> None:
    """Each cell of the full table stands in the narrow one whole, or its column is named as left out."""
    full = shapes_report(cnncalc.count(cnncalc.load(name)))
    narrow, left_out = full.table.fitted(width)
    titles = [column.title for column in full.table.columns]
    assert [title for title in titles if title in left_out] == left_out
    assert len(narrow.columns) + len(left_out) == len(titles)
    drawn = draw(full, Screen(width=width))
    assert "…" not in drawn.split("parameters ")[0]
    shown = drawn.split()
    assert all(word in shown for row in narrow.rows for text in narrow.texts(row) for word in text.split())


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1 k"),
        (1792, "1.79 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (15_470_264_320, "15.5 G"),
        (138_357_544, "138 M"),
        (10**15, "1 P"),
    ],
)
def test_large_numbers_in_units(count: int, written: str) -> None:
    """Three digits and a unit; what is rounded up to 1,000 of one is 1 of the next."""
    assert in_units(count) == written


def test_wide_characters_keep_columns_straight() -> None:
    """A character of Korean takes two cells of a terminal, and an accent of its own none."""
    table = Table(
        (Column("name", "name"), Column("n", "n", right=True)), [("합성곱", "1"), ("cafe\u0301", "22"), ("a", "3")]
    )
    expected = "name      n\n───────────\n합성곱    1\ncafe\u0301     22\na         3\n"
    assert "".join(draw_plain(Report(table, dict))) == expected
    assert draw(Report(table, dict), Screen(width=40)) == expected


def test_the_caret_stands_under_wide_characters() -> None:
    """Two carets for each, behind two spaces for each in front."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load("input 8x8x1\nconv 3x3x8 # 합성\nrelu 합성곱")
    assert draw_error(caught.value).splitlines()[3:5] == [" 3 | relu 합성곱", "   |      ^^^^^^"]
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load("합성 3x3x8")
    assert draw_error(caught.value).splitlines()[3:5] == [" 1 | 합성 3x3x8", "   | ^^^^"]


def test_a_narrower_terminal_never_shows_a_column_that_a_wider_one_drops() -> None:
    titles = [set(report().table.fitted(width)[1]) for width in range(20, 140)]
    assert all(wider <= narrower for narrower, wider in pairwise(titles))


def test_what_is_left_out_is_named_once_and_a_bar_has_no_name() -> None:
    ratios = [Column(f"{net} ratio", "ratio", str, rank=1) for net in "ab"]
    table = Table((Column("name", "name"), *ratios, Column("bar", "", rank=2)), [("conv1", 1, 2, "█")])
    assert table.fitted(6)[1] == ["ratio"]


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
