"""What may stand behind a layer's word beside sizes and options: labels, and lists of numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.core.errors import Fault
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.layers import Arguments, Labelled
from cnncalc.layers.number_lists import Filters
from cnncalc.report.diagnostics import draw_error
from cnncalc.spec import parse, tree


def layer(text: str) -> tree.LayerSyntax:
    """Return the first layer of a text."""
    spec = parse(Source("text", text))
    return next(
        s.item for s in spec.statements if isinstance(s, tree.StepSyntax) and isinstance(s.item, tree.LayerSyntax)
    )


def numbers(text: str) -> Filters | None:
    """Return what a layer reads of ``kernel=…`` behind its word."""
    texts = layer(f"blur {text}").texts
    assert texts is not None
    arguments = Arguments("blur", "", texts[1:], Volume((8, 8, 3)), "strict")
    arguments.sort()
    found = arguments.numbers("kernel")
    arguments.done()
    return found


def drawn(text: str) -> str:
    """Return the error of a spec as it is shown."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text)
    return draw_error(caught.value)


# ---- lists of numbers


def test_blanks_part_numbers_and_semicolons_rows() -> None:
    """The horizontal Sobel filter, as it is written on a whiteboard."""
    assert numbers("kernel=[-1 0 1; -2 0 2; -1 0 1]") == ((((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),),)


def test_a_bar_parts_channels_and_two_bars_filters() -> None:
    """Two filters, each with two channels of one row."""
    assert numbers("kernel=[1 2 | 3 4 || 5 6 | 7 8]") == ((((1, 2),), ((3, 4),)), (((5, 6),), ((7, 8),)))


def test_lines_part_rows_and_may_hold_comments() -> None:
    """Between two numbers the strongest sign counts, so that a bar at the end of a line parts channels."""
    assert numbers("kernel=[\n  1 2   # first row ]\n  3 4 |\n  5 6;\n  7 8\n]") == (
        (((1, 2), (3, 4)), ((5, 6), (7, 8))),
    )


def test_numbers_are_whole_or_decimal_or_fractions() -> None:
    """A mean over 3x3 is nine times 1/9; commas are blanks, a minus may be typeset."""
    assert numbers("kernel=[1/9, -.5, 2., +1e-3, −4]") == ((((1 / 9, -0.5, 2.0, 1e-3, -4.0),),),)


def test_another_value_of_the_option_is_left_for_another_question() -> None:
    """``kernel=box`` is no list."""
    (texts,) = [layer("blur kernel=box").texts]
    assert texts is not None
    arguments = Arguments("blur", "", texts[1:], Volume((8, 8, 3)), "strict")
    arguments.sort()
    assert (arguments.numbers("kernel"), arguments.option("kernel")) == (None, "box")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kernel=[]", "the list `kernel` has no numbers"),
        ("kernel=[;]", "the list `kernel` has no numbers"),
        ("kernel=[1 2; 3]", "the rows, channels or filters of `kernel` differ in size"),
        ("kernel=[1 | 2; 3]", "the rows, channels or filters of `kernel` differ in size"),
        ("kernel=[1 | 2 || 3]", "the rows, channels or filters of `kernel` differ in size"),
        ("kernel=[1/0]", "`1/0` is not a number"),
        ("kernel=[1e99]", "numbers go up to 1,000,000,000,000"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(text: str, message: str) -> None:
    """A list is a full block of numbers."""
    with pytest.raises(Fault) as caught:
        numbers(text)
    assert (caught.value.message, caught.value.about) == (message, "kernel")


@given(
    st.lists(
        st.lists(
            st.lists(st.lists(st.integers(-99, 99), min_size=1, max_size=3), min_size=1, max_size=3),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_list_comes_back_as_it_is_written(filters: list[list[list[list[int]]]]) -> None:
    """Python's own lists are the oracle; only full ones are accepted."""
    written = " || ".join(
        " | ".join("; ".join(" ".join(map(str, row)) for row in rows) for rows in channels) for channels in filters
    )
    rows = [row for channels in filters for rows in channels for row in rows]
    full = (
        len({len(row) for row in rows}) == 1
        and len({len(rows) for channels in filters for rows in channels}) == 1
        and len({len(channels) for channels in filters}) == 1
    )
    if full:
        found = numbers(f"kernel=[{written}]")
        assert found is not None
        assert [[[list(map(int, row)) for row in rows] for rows in channels] for channels in found] == filters
        assert numbers(f"kernel=[{written}]".replace("; ", "\n;#x\n").replace(" ", ", \t")) == found
    else:
        with pytest.raises(Fault):
            numbers(f"kernel=[{written}]")


def test_nothing_in_a_list_is_a_layer_or_a_separator() -> None:
    """Bars in a list are no branches, and its brackets no group; the layer behind it is one."""
    text = "input 8x8x3\nadd( avgpool 3x3 s1 p1 kernel=[1 | 2; -3] - relu | )"
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text)
    assert caught.value.message == "avgpool has no option `kernel=[1 | 2; -3]`"


def test_a_list_that_is_not_closed_is_shown_where_it_begins() -> None:
    """The caret stands at the bracket, or at what is no number."""
    assert drawn("input 8x8x3\nconv 3x3x8 kernel=[1 2") == (
        "error[unclosed]: this `[` is never closed\n"
        "  --> text:2:19\n"
        "   |\n"
        " 2 | conv 3x3x8 kernel=[1 2\n"
        "   |                   ^\n"
        "   |\n"
        "   = write `]`"
    )
    assert drawn("input 8x8x3\nconv 3x3x8 kernel=[1 2\nrelu") == (
        "error[syntax]: expected a number, `;`, `|` or `]`, found `relu`\n  --> text:3:1\n   |\n 3 | relu\n   | ^^^^"
    )


# ---- labels


def test_a_label_on_the_same_line_is_an_argument_and_a_step_of_its_own_behind_a_separator() -> None:
    """``unpool @pool1`` is one step; on the next line, or behind a dash, ``@pool1`` goes on from that volume."""
    assert layer("unpool @pool1").labels == (tree.TakeSyntax("pool1", (7, 13)),)
    assert layer("unpool same @pool1 x").texts == ("unpool", "same", "@pool1", "x")
    for separator in ("\n", " - ", ", ", "; ", " -> "):
        assert layer(f"unpool{separator}@pool1").labels == ()


def test_a_layer_is_handed_what_a_label_stands_for() -> None:
    """The volume, the layer that made it, and what that layer read."""
    pool1 = Labelled("pool1", Volume((4, 4, 8)), None, ())
    arguments = Arguments("unpool", "", ("@pool1",), Volume((4, 4, 8)), "strict", {"pool1": pool1})
    arguments.sort()
    assert arguments.label() == pool1
    assert arguments.label() is None
    arguments.done()


def test_a_layer_that_takes_no_label_says_so() -> None:
    """The hint says how to go on from the label."""
    assert drawn("input 8x8x3\na: conv 3x3x8\nrelu @a") == (
        "error[unknown-option]: relu takes no label\n"
        "  --> text:3:6\n"
        "   |\n"
        " 3 | relu @a\n"
        "   |      ^^\n"
        "   |\n"
        "   = to continue from `@a`, write ` - ` or a line end in front of it"
    )


def test_an_argument_that_is_no_label_is_shown_with_those_that_are() -> None:
    """As for a step of its own, with a guess at what was meant."""
    assert drawn("input 8x8x3\npool1: pool 2x2\nrelu @pool") == (
        "error[unknown-name]: there is no label `pool` here\n"
        "  --> text:3:6\n"
        "   |\n"
        " 3 | relu @pool\n"
        "   |      ^^^^^\n"
        "   |\n"
        "   = did you mean `pool1`?\n"
        "   = labels before this place: pool1"
    )


@given(st.text("ab1@[]|;=. \n#-x{}", max_size=30))
def test_any_text_is_read_or_gives_one_error(text: str) -> None:
    """Whatever stands behind a layer's word: a layer or an error with a place, never another exception."""
    try:
        network = cnncalc.load(f"input 8x8x3\na: relu @{text}\nrelu kernel=[{text}")
    except cnncalc.SpecError as error:
        assert re.fullmatch("[a-z-]+", error.code)
        assert error.span is not None
    else:
        assert len(network) >= 1
