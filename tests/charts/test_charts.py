"""Charts: scales by hand, and lines where their values are."""

from __future__ import annotations

import re
from itertools import product
from xml.etree import ElementTree

import pytest

from cnncalc.charts.file import charts_file
from cnncalc.charts.image import charts_png
from cnncalc.charts.lines import Chart, ChartArea, ChartLine, chart_figure, chart_svg
from cnncalc.charts.look import DARK_DEPTHS, DEPTHS, chart_sheet, depth_look
from cnncalc.charts.scale import linear_scale, logarithmic_scale, ratio_scale, tick_text, whole_scale

LINEAR = {
    (0.0, 2.3): [0, 0.5, 1, 1.5, 2, 2.5],
    (75.0, 99.0): [75, 80, 85, 90, 95, 100],
    (0.0, 0.002): [0, 0.0005, 0.001, 0.0015, 0.002],
    (5.0, 5.0): [2, 3, 4, 5, 6, 7, 8],
    (0.0, 0.0): [0, 0.2, 0.4, 0.6, 0.8, 1],
    (-3.0, 3.0): [-4, -2, 0, 2, 4],
}


@pytest.mark.parametrize("ends", LINEAR)
def test_linear_scales_have_round_values(ends: tuple[float, float]) -> None:
    assert linear_scale(ends).ticks == LINEAR[ends]


LOGARITHMIC = {
    (0.07, 1.05): [0.05, 0.1, 0.2, 0.5, 1, 2],
    (3e-9, 1.0): [1e-9, 1e-7, 1e-5, 1e-3, 0.1],
    (1.0, 1.0): [0.1, 0.2, 0.5, 1, 2, 5, 10],
    (0.0, 4.0): [2, 5],
}


@pytest.mark.parametrize("ends", LOGARITHMIC)
def test_logarithmic_scales_have_powers_of_ten(ends: tuple[float, float]) -> None:
    """What is 0 has no logarithm, and stands at the low end."""
    scale = logarithmic_scale(ends)
    assert [tick for tick in scale.ticks if tick >= scale.low] == pytest.approx(LOGARITHMIC[ends])
    assert scale.place(0.0) == 0.0


def test_equal_ratios_take_equal_lengths() -> None:
    scale = logarithmic_scale([0.01, 1.0])
    assert [scale.place(value) for value in (0.01, 0.1, 1.0)] == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [((1, 20), [1, 5, 10, 15, 20]), ((0, 3), [0, 1, 2, 3]), ((1, 1), [1]), ((1, 300), [1, 100, 200, 300])],
)
def test_epochs_are_whole(ends: tuple[float, float], ticks: list[float]) -> None:
    assert whole_scale(*ends).ticks == ticks


TEXTS = {0.05: "0.05", 0.0: "0", 1234.0: "1,234", 1e-7: "10⁻⁷", 2e6: "2·10⁶", -1e-5: "-1·10⁻⁵"}


@pytest.mark.parametrize("value", TEXTS)
def test_what_stands_beside_an_axis(value: float) -> None:
    assert tick_text(value) == TEXTS[value]


# ---- lines


def drawn(chart: Chart) -> ElementTree.Element:
    """Return the element of a chart, which is whole."""
    return ElementTree.fromstring(chart_svg(chart))


def paths(chart: Chart) -> list[str]:
    return [path.get("d", "") for path in drawn(chart).iter("path") if path.get("class", "").startswith("line")]


def test_a_line_goes_through_its_values() -> None:
    """From 0 at the bottom (1000) to 4 at the top (0), over three epochs."""
    chart = Chart("Loss", [ChartLine("training", [(1, 4.0), (2, 1.0), (3, 0.0)], "trained")])
    assert paths(chart) == ["M0.0,0.0L500.0,750.0 1000.0,1000.0"]
    assert drawn(chart).get("aria-label") == "Loss by epoch: training from 4 to 0"


EXTREME = [0.0, 1.0, -1.0, 1e308, -1e308, 1e-320, 5e-324, 1e300, 1e16, 1e16 + 2]


@pytest.mark.parametrize("logarithmic", [False, True])
def test_whatever_is_a_number_is_drawn(logarithmic: bool) -> None:
    """Losses of runs that explode, and norms of gradients that vanish: every line stays in its area."""
    for first, second in product(EXTREME, EXTREME):
        chart = Chart("Loss", [ChartLine("a", [(1, first), (2, second)], "trained")], logarithmic=logarithmic)
        [path] = paths(chart)
        assert all(0 <= float(place) <= 1000 for place in re.findall(r"[\d.e+-]+", path.replace("L", " ")[1:]))


def test_what_is_not_known_is_a_gap() -> None:
    chart = Chart("Loss", [ChartLine("training", [(0, 4.0), (1, 4.0), (2, None), (3, 0.0), (4, None)], "trained")])
    assert paths(chart) == ["M0.0,0.0L333.3,0.0M1000.0,1000.0h0"]


def test_nothing_known_is_nothing_drawn() -> None:
    assert chart_svg(Chart("Loss", [ChartLine("a", [(1, None)], "trained"), ChartLine("b", [], "tested")])) == ""


def test_many_points_are_thinned_and_the_last_stays() -> None:
    chart = Chart("Loss", [ChartLine("steps", [(step, step / 9999) for step in range(10_000)], "now")])
    [path] = paths(chart)
    places = re.findall(r"[\d.]+,[\d.]+", path)
    assert len(places) <= 601
    assert places[-1] == "1000.0,0.0"


def test_a_hostile_name_stays_text() -> None:
    name = '</svg><script>alert("1")</script>'
    found = drawn(Chart(name, [ChartLine(name, [(1, 1.0)], "trained")], across=name, marks=[(1, name)]))
    assert not list(found.iter("script"))
    assert found.get("data-across") == name


# ---- colours


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("colours", "ground"), [(DEPTHS, "#ffffff"), (DARK_DEPTHS, "#14171c")])
def test_lines_stand_out_from_their_ground(colours: tuple[str, ...], ground: str) -> None:
    """Graphics have a contrast of 3:1 at least (WCAG 2.1, 1.4.11)."""
    for colour in colours:
        low, high = sorted([luminance(colour), luminance(ground)])
        assert (high + 0.05) / (low + 0.05) >= 3, colour


def test_lines_are_coloured_from_the_first_to_the_last() -> None:
    assert [depth_look(place, 3) for place in range(3)] == ["deep0", "deep2", "deep5"]
    assert depth_look(0, 1) == "deep0"
    assert "prefers-color-scheme" in chart_sheet()


def test_a_file_needs_no_variables_and_no_scaling() -> None:
    """Readers of pictures other than browsers know neither; charts stand one below the other."""
    chart = Chart("Loss", [ChartLine("training", [(1, 4.0), (2, 0.0)], "trained")])
    text = charts_file([chart, Chart("Accuracy", [ChartLine("test", [(1, None)], "tested")]), chart])
    found = ElementTree.fromstring(text.encode())
    space = "{http://www.w3.org/2000/svg}"
    assert [(one.get("x"), one.get("y")) for one in found.iter(f"{space}svg")] == [
        (None, None),
        ("64", "44"),
        ("64", "334"),
    ]
    assert next(path.get("d") for path in found.iter(f"{space}path")) == "M0.0,0.0L560.0,200.0"
    assert "var(" not in text and "preserveAspectRatio" not in text
    assert "url(" not in text and "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_points_that_are_not_joined_are_dots() -> None:
    line = ChartLine("trials", [(1e-4, 0.9), (1e-2, None), (1.0, 0.5)], "trained", joined=False)
    drawn = chart_svg(Chart("Accuracy", [line], "learning rate", places="logarithmic"))
    assert re.findall(r'class="(line|dots) [^>]* d="([^"]*)"', drawn) == [("dots", "M0.0,0.0h0M1000.0,1000.0h0")]


def test_a_scale_of_ratios_ends_where_it_is_told_to() -> None:
    """Without two round values between its ends it is wider."""
    assert ratio_scale(3e-4, 0.3)[:3] == (3e-4, 0.3, [1e-3, 1e-2, 0.1])
    assert ratio_scale(3.0, 4.0)[:3] == (2.0, 5.0, [2.0, 5.0])


def test_charts_become_images() -> None:
    """The size is that of the SVG file, doubled: it stands in the head of a PNG file."""
    pytest.importorskip("resvg_py")
    image = charts_png([Chart("Loss", [ChartLine("x", [(1, 1.0), (2, 0.0)], "trained")])])
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")) == (2 * 648, 2 * 290)


@pytest.mark.parametrize(
    ("lines", "shown"), [(1, "Height ━ a"), (2, "Height ━ a and 1 other"), (4, "Height ━ a and 3 others")]
)
def test_the_names_say_how_many_lines_have_none(lines: int, shown: str) -> None:
    drawn = [ChartLine("abcd"[place], [(1, 2.0), (2, 3.0)], "depth1", named=not place) for place in range(lines)]
    root = ElementTree.fromstring(chart_svg(Chart("Height", drawn), ChartArea(0, 0, 100, 100)))
    [names] = [each for each in root.iter("text") if each.get("class") == "names"]
    assert " ".join(names.itertext()) == shown
    caption = next(ElementTree.fromstring(chart_figure(Chart("Height", drawn))).iter("figcaption"))
    assert " ".join("".join(caption.itertext()).split()) == shown


def test_the_only_line_of_a_chart_need_not_be_named() -> None:
    """The title says what it is; nothing is said of others."""
    line = ChartLine("learning rate", [(1, 2.0), (2, 1.0)], "trained", named=False)
    root = ElementTree.fromstring(chart_svg(Chart("Learning rate", [line]), ChartArea(0, 0, 100, 100)))
    [names] = [each for each in root.iter("text") if each.get("class") == "names"]
    assert "".join(names.itertext()) == "Learning rate"


def test_a_page_has_the_names_as_text_of_its_own() -> None:
    """They begin a new line where a page is narrow; a line and dots have other signs, both in the line's colour."""
    line = ChartLine("best <so far>", [(1, 2.0), (2, 1.0)], "only")
    dots = ChartLine("pruned", [(1, 2.0)], "tested", joined=False)
    text = chart_figure(Chart("Score", [line, dots]))
    figure = ElementTree.fromstring(text)
    assert [child.tag for child in figure] == ["figcaption", "svg"]
    keys = [(each.get("class"), each.text) for each in figure[0].iter("span") if each.get("aria-hidden")]
    assert keys == [("key only", "━"), ("key tested", "●")]
    assert not [each for each in figure.iter("text") if each.get("class") == "names"]
    assert chart_figure(Chart("Score", [])) == ""
