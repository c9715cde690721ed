"""Whole-number expressions. The oracle is Python's own arithmetic with fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.core.limits import MAX_NESTING, MAX_NUMBER
from cnncalc.core.source import Source
from cnncalc.spec.parser import parse_value
from cnncalc.spec.values import evaluate


def value(text: str, **names: int) -> int:
    """Return the value of an expression."""
    source = Source("text", text)
    return evaluate(source, parse_value(source), names)


def fault(text: str, **names: int) -> str:
    """Return the code of what is wrong with an expression."""
    with pytest.raises(cnncalc.SpecError) as caught:
        value(text, **names)
    return caught.value.code


numbers = st.integers(0, 20).map(str) | st.sampled_from(["h", "w", "c", "n"])


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return expressions made of smaller ones."""
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", " - ", "*", "//", "%", " + "]), inner).map("".join),
        st.tuples(inner, st.sampled_from(["**2", " ** 3", "**0"])).map("".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("+ {}".format),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"min({', '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"max({','.join(parts)})"),
    )


NAMES = {"h": 7, "w": 5, "c": 12, "n": 3}


@given(st.recursive(numbers, larger, max_leaves=12))
def test_precedence_and_signs_are_those_of_python(text: str) -> None:
    """Any expression has the value that Python gives to the same text, or divides by zero, or is out of range."""
    try:
        expected = eval(text, {"min": min, "max": max, "__builtins__": {}}, NAMES)
    except ZeroDivisionError:
        assert fault(text, **NAMES) in ("bad-expression", "out-of-range")
        return
    try:
        assert value(text, **NAMES) == expected
    except cnncalc.SpecError as error:
        assert error.code == "out-of-range"


@given(st.integers(-50, 50), st.integers(1, 20), st.sampled_from(["{}/{}", "({}) / ({})", "1*{}/{}*1"]))
def test_a_division_is_exact_or_an_error(top: int, bottom: int, form: str) -> None:
    """``/`` gives the whole quotient, or is an error where a remainder is left."""
    text = form.format(top, bottom)
    quotient = Fraction(top, bottom)
    if quotient.denominator == 1:
        assert value(text) == quotient
    else:
        assert fault(text) == "not-whole"


@given(st.integers(-50, 50), st.integers(1, 20), st.integers(1, 9))
def test_ceil_and_round_make_a_whole_number_of_a_fraction(a: int, b: int, c: int) -> None:
    """Inside ceil and round, / leaves a fraction; a half is rounded to the even neighbour, as in Python."""
    fraction = Fraction(a, b) / c
    assert value(f"ceil({a}/{b}/{c})") == -(-fraction // 1)
    assert value(f"round({a}/{b}/{c})") == round(fraction)
    assert value(f"round({a} * 0.5)") == round(Fraction(a, 2))


def test_a_fraction_inside_a_product_must_come_out_whole_in_the_end() -> None:
    """``3/2*2`` fails at its division; inside ceil the same may pass through a fraction."""
    assert fault("3/2*2") == "not-whole"
    assert value("ceil(3/2*2)") == 3
    assert fault("min(1.5, 2)") == "not-whole"
    assert fault("2.5") == "not-whole"


def test_powers_bind_to_the_right_and_stronger_than_a_sign() -> None:
    """As in Python: 2**3**2 = 2**9, and -2**2 = -4."""
    assert value("2**3**2") == 2**9
    assert value("-2**2") == -4
    assert value("2 * 3 ** 2") == 2 * 9


def test_h_w_and_c_are_the_arriving_volume() -> None:
    """``H``, ``W`` and ``C`` are the height, width and channels of what arrives at this very place."""
    network = cnncalc.load("input 8x6x4\nconv 1x1x{H+10*W+100*C} - pool 2x2 - conv 1x1x{H+10*W}")
    assert network.layers[0].output.channels == 8 + 10 * 6 + 100 * 4
    assert network.layers[2].output.channels == 4 + 10 * 3


def test_a_signal_has_a_width_and_a_clip_the_last_two_sizes() -> None:
    """In one dimension there is W alone; in three, H and W are the last two."""
    assert cnncalc.load("input 100x4\nconv 1x{W}").output == (100, 100)
    assert cnncalc.load("input 2x3x5x7\nconv 1x1x1x{10*H+W}").output == (2, 3, 5, 10 * 3 + 5)
    with pytest.raises(cnncalc.SpecError, match="`h` is not a parameter"):
        cnncalc.load("input 100x4\nconv 1x{H}")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad-expression"),
        ("1 +", "bad-expression"),
        ("(1", "unclosed"),
        ("min(1, 2", "unclosed"),
        ("()", "bad-expression"),
        ("1 2", "syntax"),
        ("1)", "syntax"),
        ("1,2", "syntax"),
        ("(1,2)", "unclosed"),
        ("ceil(1, 2)", "bad-expression"),
        ("min()", "bad-expression"),
        ("sqrt(4)", "unknown-name"),
        ("n", "unknown-name"),
        ("1//0", "bad-expression"),
        ("1%(2-2)", "bad-expression"),
        ("ceil(1/0)", "bad-expression"),
        ("2**-1", "bad-expression"),
        ("2**0.5", "bad-expression"),
        ("٣", "bad-expression"),
        ("²", "bad-expression"),
        ("1e3", "syntax"),
        ("__import__('os')", "unknown-name"),
        (f"{MAX_NUMBER}+1", "out-of-range"),
        (f"{MAX_NUMBER + 1}", "out-of-range"),
        ("9" * 5000, "out-of-range"),
        ("2**2**2**99", "out-of-range"),
        ("9**9**9", "out-of-range"),
        ("ceil(1/999999999999/999999999999)", "out-of-range"),
        ("(" * 100_000, "too-deep"),
        ("2" + "**2" * 100_000, "too-deep"),
        ("1" + "+1" * 100_000, "too-long"),
    ],
)
def test_what_is_no_expression_has_a_code(text: str, code: str) -> None:
    """Every fault of an expression is told by its kind, however large the text is."""
    assert fault(text) == code


def test_the_limits_themselves_are_allowed() -> None:
    """The largest number, the deepest nesting and a long row of signs are fine."""
    assert value(str(MAX_NUMBER)) == MAX_NUMBER
    assert value("(" * MAX_NESTING + "1" + ")" * MAX_NESTING) == 1
    assert value("-" * 100_000 + "1") == 1
    assert value("1" + "+1" * 999) == 1000
    assert value("1**999999999999 + 0**10**12 + (-1)**999999999999") == 1 + 0 - 1


def test_an_unknown_name_suggests_a_known_one() -> None:
    """A typing mistake gets the name that is near; else what is known here is listed."""
    with pytest.raises(cnncalc.SpecError) as caught:
        value("widht", width=3, h=1)
    assert caught.value.hints == ("did you mean `width`?",)
    with pytest.raises(cnncalc.SpecError) as caught:
        value("q", width=3, h=1)
    assert caught.value.hints == ("known here: h, width",)
