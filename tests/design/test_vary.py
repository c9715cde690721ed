"""The grammar of ``--vary``: what is read, which values there are, and what is refused."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from cnncalc.core.errors import SpecError
from cnncalc.design.ranges import Choices, Range, RealNumbers, WholeNumbers
from cnncalc.design.vary import read_variations
from cnncalc.report.diagnostics import draw_error


def read(text: str) -> Range:
    """Return the range of one text."""
    return read_variations([text])[0].range


def refused(*texts: str) -> str:
    """Return what is said of texts that cannot be read."""
    with pytest.raises(SpecError) as caught:
        read_variations(texts)
    return draw_error(caught.value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("width=8..128:step=40", [8, 48, 88, 128]),
        ("width=8..127:step=40", [8, 48, 88]),
        ("depth=1..6", [1, 2, 3, 4, 5, 6]),
        ("depth=-1..1", [-1, 0, 1]),
        ("depth=3..3", [3]),
        ("width=8..128:log", [8, 16, 32, 64, 128]),
        ("width=8..127:log", [8, 16, 32, 64]),
        ("width=8..128:count=3", [8, 68, 128]),
        ("width=1..100:log:count=3", [1, 10, 100]),
        ("width=1..3:count=9", [1, 2, 3]),
        ("dropout=0..0.5:step=0.1", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        ("lr=1e-3..1e-1:log:count=3", [0.001, 0.01, 0.1]),
        ("input=96,128, 160", [96, 128, 160]),
        ("input=96x96,128x128", ["96x96", "128x128"]),
        ("unit=basic|bottleneck", ["basic", "bottleneck"]),
        ("rate=1e-3,0.5,2", [0.001, 0.5, 2]),
        ("width = 64", [64]),
    ],
)
def test_a_range_has_its_ends_and_exact_steps(text: str, values: list[object]) -> None:
    """Ends are values, steps are exact, ``log`` doubles, and lists keep their order."""
    found = read(text).values
    assert found is not None
    assert list(found) == pytest.approx(values) if isinstance(values[0], float) else list(found) == values


def test_steps_of_decimal_numbers_are_exact() -> None:
    """0.1 steps do not add up an error: the fourth value is 0.3, which 3 · 0.1 in floating point is not."""
    values = read("x=0..1:step=0.1").values
    assert values is not None
    assert list(values) == [place / 10 for place in range(11)]


def test_what_a_random_search_draws_from() -> None:
    """Ends, logarithm and step stay readable; between real ends any number is a value."""
    assert read("lr=1e-4..1e-1:log") == RealNumbers(Fraction(1, 10_000), Fraction(1, 10), log=True)
    assert read("lr=1e-4..1e-1:log").values is None
    assert read("width=8..128:step=8") == WholeNumbers(8, 128, 8)
    assert read("batch=16..256:log") == WholeNumbers(16, 256, log=True)
    assert read("optimizer=sgd|adamw") == Choices(("sgd", "adamw"))


def test_values_in_equal_ratios() -> None:
    values = read("width=8..128:log:count=7").values
    assert values is not None
    assert list(values) == [round(8 * 16 ** (place / 6)) for place in range(7)]
    assert math.prod(values[:1]) == 8


def test_whose_a_name_is() -> None:
    """A prefix says whose a name is; names are in small letters."""
    found = read_variations(["spec.Width=1,2", "recipe.width=3,4", "weight-decay=0,1"])
    assert [(each.owner, each.name) for each in found] == [("spec", "width"), ("recipe", "width"), ("", "weight-decay")]


@pytest.mark.parametrize(
    "text", ["a=8..128:step=8", "a=1e-4..0.1:log", "a=0..0.5:step=0.1", "a=1,2.5,x", "a=1..9:log:count=4"]
)
def test_a_range_is_written_as_it_is_read(text: str) -> None:
    assert read(f"a={read(text)}") == read(text)


# ---- what is refused


def drawn(text: str, caret: str, said: str, *hints: str, code: str = "bad-range") -> str:
    """Return an error as it is drawn: one line with the text, and carets below."""
    place = len(caret) - len(caret.lstrip()) + 1
    remarks = "".join(f"\n   = {hint}" for hint in hints)
    return f"error[{code}]: {said}\n  --> --vary:1:{place}\n   |\n 1 | {text}\n   | {caret}\n   |{remarks}"


EXAMPLE = "write NAME=FIRST..LAST, as in width=8..128:step=8, or its values: input=96,128,160"
REFUSED = [
    drawn("width", "^^^^^", "a name and its values are joined by `=`", EXAMPLE),
    drawn("=3", "^^", "a name and its values are joined by `=`", EXAMPLE),
    drawn("a=8..", "     ^", "a number is missing", EXAMPLE),
    drawn("a=8..x", "     ^", "`x` is not a number", EXAMPLE),
    drawn("a=1..2..3", "  ^^^^^^^", "a range has two ends", "write FIRST..LAST, as in 8..128"),
    drawn("a=9..1", "  ^^^^", "the first end of a range is not above the last", "write 1..9"),
    drawn("a=1..9:step=0", "            ^", "the step of a range is above 0", "write for example step=8"),
    drawn(
        *("a=1..9:setp=2", "       ^^^^^^", "a range has no option `setp=2`"),
        *("did you mean `step`?", "a range takes `:step=8`, `:log` and `:count=5`"),
    ),
    drawn("a=0..9:log", "       ^^^", "a range with `log` begins above 0", "write for example 1e-4..1e-1:log"),
    drawn(
        *("a=1..9:log:step=2", "           ^^^^^^", "a range has a `step` or a `log`, not both"),
        "leave one of them out",
    ),
    drawn(
        "a=1..9:count=0.5",
        "             ^^^",
        "a count is a whole number from 1 to 10,000",
        "write for example count=5",
    ),
    drawn("a=0..1:step=1e-9", "       ^^^^^^^^^", "the range has over 10,000 values", "make its step larger"),
    drawn("a=1,2,1", "  ^^^^^", "the value `1` stands there twice", "leave one out"),
    drawn("a=1,,2", "    ^", "a value is missing", EXAMPLE),
    drawn(
        *("3a=1,2", "^^", "`3a` is not a name", "a name begins with a letter; it has letters, digits, `_` and `-`"),
        code="bad-name",
    ),
    drawn(
        *("net.a=1,2", "^^^^^", "`net` is neither `spec` nor `recipe`"),
        "write spec.a for a parameter of the spec, recipe.a for a setting of training",
        code="bad-name",
    ),
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read(text: str) -> None:
    """Each error has its place and says what to write."""
    assert refused(text.splitlines()[3].removeprefix(" 1 | ")) == text


def test_numbers_have_a_range() -> None:
    assert "error[out-of-range]: numbers go up to 1,000,000,000,000" in refused("a=1..9999999999999999")
    assert "error[out-of-range]: numbers go up to 1,000,000,000,000" in refused("a=1e-999..1")


def test_a_name_is_varied_once() -> None:
    assert refused("a=1,2", "A=3") == drawn(
        "A=3", "^", "`a` is varied twice", "give all its values at once: 8,16,24", code="bad-name"
    )
