"""Names that strangers wrote, in every form in which they go out: nothing steers, runs or breaks; letters stay."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.core.cleaning import cell, csv_cell, json_text, latex_cell, markdown_cell, printable, printable_lines
from cnncalc.report.evaluate import Evaluation, confusion_report, evaluate_report
from cnncalc.report.predict import Prediction, predict_report
from cnncalc.report.render import FORMATS, render
from cnncalc.report.report import Report, Screen
from cnncalc.train.show.confusion_matrix import draw_confusion
from cnncalc.train.show.lines import paired

ESC, BELL, CSI = "\x1b", "\x07", "\x9b"
TURNED, ISOLATED, JOINED, INVISIBLE = "\u202e", "\u2066", "\u200d", "\u200b"
HANGUL_FILLER = "\u3164"
HOSTILE = (
    f"{ESC}]0;title{BELL}{ESC}[2J",
    f"{CSI}31mred",
    f"gnp.{TURNED}exe",
    f"a{ISOLATED}b{JOINED}c{INVISIBLE}d\ufeff",
    f"한{HANGUL_FILLER}글",
    "two\nlines\r\u2028more",
    "\ud800alone",
    "=1+1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "![x](http://example.org/x.png)",
    "`a` | *b* _c_ ~d~ $e$",
    "\\input{x} % & # ^ ~ {}",
    "[2cm]",
    "$x^2$ -- --> ]]>",
)
KOREAN = ("고양이", "강아지", "비행기 🛩", "ça_va", "naïve–Ω")


def is_safe(character: str) -> bool:
    """Say whether a character neither steers a terminal nor hides: an oracle from Unicode's own categories."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")


@pytest.mark.slow
@pytest.mark.parametrize("clean", [printable, cell, csv_cell, markdown_cell, latex_cell])
@given(text=st.text())
def test_what_goes_out_holds_no_character_that_steers_or_hides(clean: Callable[[str], str], text: str) -> None:
    assert all(is_safe(character) or character == "\t" for character in clean(text))
    assert HANGUL_FILLER not in clean(HANGUL_FILLER + text)


@pytest.mark.parametrize("text", KOREAN)
def test_letters_of_all_languages_stay(text: str) -> None:
    assert printable(text) == cell(text) == csv_cell(text) == printable_lines(text) == json_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"a{ESC}[31mb", "a�[31mb"),
        (f"gnp.{TURNED}exe", "gnp.�exe"),
        (f"a{INVISIBLE}b", "a�b"),
        (f"a{HANGUL_FILLER}", "a�"),
        ("two\nlines", "two�lines"),
        ("a\u3000b\xa0c", "a b c"),
        ("a\tb", "a\tb"),
    ],
)
def test_a_sign_stands_for_what_is_not_shown(text: str, shown: str) -> None:
    """Spaces of other widths are spaces, and a tab stays."""
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-1+1", "'-1+1"),
        ("@x", "'@x"),
        ("＝1+1", "'＝1+1"),
        ("-1", "-1"),
        ("+1.5", "+1.5"),
        ("1-1", "1-1"),
    ],
)
def test_a_spreadsheet_gets_no_formula(text: str, written: str) -> None:
    """A number with a sign is none."""
    assert csv_cell(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>", "&lt;script&gt;"),
        ("&lt;", "&amp;lt;"),
        ("![x](y)", "!\\[x\\](y)"),
        ("a|b", "a\\|b"),
        ("*a* `b` ~c~ $d$ \\", "\\*a\\* \\`b\\` \\~c\\~ \\$d\\$ \\\\"),
        ("_a_ a_b a__b", "\\_a\\_ a_b a\\_\\_b"),
    ],
)
def test_markdown_shows_the_text_as_it_is(text: str, written: str) -> None:
    assert markdown_cell(text) == written


def test_latex_shows_the_text_as_it_is() -> None:
    """Also what would be a distance or a star behind the end of a line."""
    assert latex_cell("[2cm] * \\x{%} a_b <c|d> #&^~$") == (
        "{[}2cm] {*} \\textbackslash{}x\\{\\%\\} a\\_b $<$c\\textbar{}d$>$ "
        "\\#\\&\\textasciicircum{}\\textasciitilde{}\\$"
    )


@pytest.mark.slow
@given(st.text(), st.text())
def test_json_says_the_same_with_escapes(key: str, value: str) -> None:
    """What a program reads is exact, to the character."""
    text = json_text(json.dumps({key: value}, ensure_ascii=False, indent=2))

    assert json.loads(text) == {key: value}
    assert all(is_safe(character) or character == "\n" for character in text)


# ---- whole reports


def evaluation(classes: tuple[str, ...]) -> Evaluation:
    count = len(classes)
    confusion = [[3 if row == column else 1 for column in range(count)] for row in range(count)]
    return Evaluation("run" + HOSTILE[0], "best", 1, "data" + HOSTILE[2], 1, classes, confusion, 0.5, None)


def reports() -> list[Report]:
    shares = [(name, 1 / len(HOSTILE)) for name in HOSTILE]
    tested = evaluation(HOSTILE)
    predicted = [Prediction(name, shares) for name in HOSTILE]
    return [evaluate_report(tested), confusion_report(tested), predict_report(HOSTILE[0], predicted)]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("screen", [Screen(), Screen(width=90, colour=True)], ids=["pipe", "terminal"])
def test_reports_of_hostile_names_are_clean_in_every_form(form: str, screen: Screen) -> None:
    """The colours are ours; there is no other control character, and the rows are as many as they should be."""
    for report in reports():
        text = "".join(render(report, form, screen))
        text = re.sub(r"\x1b\[[0-9;]*m", "", text) if form == "table" else text
        assert all(is_safe(character) or character == "\n" for character in text)
        text.encode()
        rows = len(list(report.table.rows))
        if form == "csv":
            assert len(list(csv.reader(io.StringIO(text)))) == rows + 1
        if form == "markdown":
            assert "<script" not in text
            assert len(text.splitlines()) == rows + 2 + bool(report.table.total)
        if form == "latex":
            assert text.count("\\\\\n") == rows + 1 + bool(report.table.total)
        if form == "json":
            assert any(HOSTILE[0] in str(value) for value in json.loads(text).values())


@pytest.mark.slow
@pytest.mark.parametrize("classes", [HOSTILE, KOREAN], ids=["hostile", "korean"])
def test_the_picture_of_hostile_names_is_valid(classes: tuple[str, ...]) -> None:
    """The SVG is XML, and a dollar in a name begins no formula."""
    tested = evaluation(classes)
    picture = draw_confusion(tested.classes, tested.confusion, "svg").decode()

    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert all(is_safe(character) or character == "\n" for character in picture)


def test_lines_of_training_are_clean() -> None:
    """What is said of a run is cleaned line by line, where it is written."""
    assert printable_lines(paired([("data", f"a{ESC}[1m\tb")])) == "data            a�[1m\tb"
