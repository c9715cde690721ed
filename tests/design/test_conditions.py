"""Conditions on a design: what they mean, and what is refused. The oracle is Python's own arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.core.errors import SpecError
from cnncalc.design.conditions import read_conditions, read_term
from cnncalc.design.terms import BYTES, Amounts
from cnncalc.report.diagnostics import draw_error

QUANTITIES = {"params": "", "macs": "", "memory": BYTES, "depth": "", "field": "", "input": ""}


def holds(text: str, **known: object) -> bool:
    """Say whether a condition holds of a design."""
    return read_conditions([text], QUANTITIES, ("width",)).holds(known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("params < 1M", True),
        ("params < 0.9M", False),
        ("params<=900K and macs >= 2e6", True),
        ("params < 1M & macs > 2M", False),
        ("params < 1M, macs = 2M", True),
        ("1K < params < 1M", True),
        ("1M < params < 2M", False),
        ("memory < 1GiB", True),
        ("memory < 1GB", False),
        ("memory == 1024MiB - 24 MiB", True),
        ("memory = 1000*1024*1024", True),
        ("macs/params > 2", True),
        ("macs - 2*params == 0.2M", True),
        ("(macs + params)/2 < 1.5M", True),
        ("macs/params/2 < 1.2", True),
        ("width*2 >= depth", True),
        ("spec.width != 8", False),
        ("PARAMS < 1m", True),
        ("params ≤ 900000", True),
        ("params/0 > 1", False),
    ],
)
def test_what_holds(text: str, true: bool) -> None:
    known = {"params": 900_000, "macs": 2_000_000, "memory": 1000 * 2**20, "depth": 16, "width": 8}
    assert holds(text, **known) is true


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("params < 1M and params > 2M", "`params > 2M` and `params < 1M` exclude each other"),
        ("2M < params < 1M", "`2M < params` and `params < 1M` exclude each other"),
        ("params < 1M and params >= 1M", "`params >= 1M` and `params < 1M` exclude each other"),
        ("macs / params == 3 and macs/params > 3", "`macs/params > 3` and `macs / params == 3` exclude each other"),
        ("params > 1K and params < 1M and params = 1", "`params > 1K` and `params = 1` exclude each other"),
        ("memory < 8", "`8` has no unit"),
        ("0.5*2 > memory/2", "`0.5*2` has no unit"),
    ],
)
def test_what_no_design_can_satisfy(text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        holds(text)
    assert caught.value.code == "bad-condition"
    assert caught.value.message == said


@pytest.mark.parametrize(
    "text",
    [
        "params <= 1M and params >= 1M",
        "params < 1M and params > 1",
        "params < 1M and macs > 2M",
        "params < 1M and params*2 > 1M",
        "params != 3 and params == 4",
        "memory < 8B",
        "memory > 0",
        "memory < 8000000",
        "memory/params < 8",
    ],
)
def test_what_a_design_may_satisfy(text: str) -> None:
    assert read_conditions([text], QUANTITIES).comparisons


def test_sizes_are_compared_dimension_by_dimension() -> None:
    """The field must be as large as the input in height and in width."""
    assert holds("field >= input", field=(60, 130), input=(50, 120))
    assert not holds("field >= input", field=(60, 110), input=(50, 120))
    assert holds("field < 200", field=(60, 110))
    assert holds("2*field - 1 >= input", field=(60, 110), input=(50, 120))


def test_what_is_not_known_holds_of_nothing() -> None:
    assert not holds("field >= 3", field=None)
    assert not holds("field + 1 < 3", field=None)


def test_a_parameter_hides_a_quantity_of_its_name() -> None:
    condition = read_conditions(["depth < 4"], QUANTITIES, ("depth",))
    assert condition.holds({"depth": 3})
    assert condition.names == {"depth"}


def test_all_conditions_together() -> None:
    condition = read_conditions(["params < 1M", "macs < 3M and depth > 2"], QUANTITIES)
    assert [each.text for each in condition.comparisons] == ["params < 1M", "macs < 3M", "depth > 2"]
    assert condition.names == {"params", "macs", "depth"}


terms = st.recursive(
    st.integers(0, 99).map(str) | st.sampled_from(["params", "macs", "depth"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", "*"]), inner).map("".join), inner.map("({})".format)
    ),
    max_leaves=10,
)


@given(terms, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), terms)
def test_precedence_is_that_of_python(left: str, sign: str, right: str) -> None:
    known = {"params": 31, "macs": 8, "depth": 3}
    assert holds(f"{left} {sign} {right}", **known) is eval(f"({left}) {sign} ({right})", {}, known)


def test_what_is_maximised_is_a_term() -> None:
    known: Amounts = {"params": 900, "macs": 1800}
    assert read_term("macs/params", QUANTITIES).value(known) == 2
    assert read_term("params - 1K", QUANTITIES).value(known) == -100


# ---- what is refused


def refused(text: str) -> str:
    """Return what is said of a condition that cannot be read."""
    with pytest.raises(SpecError) as caught:
        read_conditions([text], QUANTITIES, ("width",))
    return draw_error(caught.value)


def drawn(text: str, caret: str, said: str, *hints: str, code: str = "bad-condition") -> str:
    """Return an error as it is drawn: one line with the text, and carets below."""
    place = len(caret) - len(caret.lstrip()) + 1
    remarks = "".join(f"\n   = {hint}" for hint in hints)
    return f"error[{code}]: {said}\n  --> --where:1:{place}\n   |\n 1 | {text}\n   | {caret}\n   |{remarks}"


EXAMPLE = "write for example: params < 1M and macs < 50M"
COMMAS = "a number has no commas: write 50000, or 50K"
OR = "conditions are joined by `and`; for alternatives, call the command for each of them"
UNITS = "units are K, M, G, T, and of bytes KB, MB, GB, KiB, MiB, GiB"
OF_BYTES = "bytes are compared with a number that does not count bytes"
WRITE = "write 1K, 1M or 1G for a number, and KiB, MiB or GiB for bytes"
UNKNOWN = "`parms` is neither counted nor a parameter of the spec"
KNOWN = "known here: depth, field, input, macs, memory, params, width"
REFUSED = [
    drawn("params", "^^^^^^", "a condition compares two values", EXAMPLE),
    drawn("params <", "       ^", "the condition ends too early", EXAMPLE),
    drawn("params < 1M or macs < 2", "            ^^", "`or` does not belong here", OR),
    drawn("params < 1X", "          ^", "`X` is not a unit", UNITS),
    drawn("params < 1MiB", "         ^^^^", OF_BYTES, WRITE),
    drawn("params < (1", "         ^", "this `(` is never closed", "write `)`", code="unclosed"),
    drawn("(params < 1M)", "        ^", "a comparison stands without brackets", EXAMPLE),
    drawn("params < 50,000", "            ^^^", "a condition compares two values", COMMAS, EXAMPLE),
    drawn("params < $", "         ^", "`$` has no meaning here", EXAMPLE),
    drawn("< 3", "^", "expected a quantity, a parameter or a number", EXAMPLE),
    drawn("parms < 3", "^^^^^", UNKNOWN, "did you mean `params`?", KNOWN, code="unknown-name"),
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read(text: str) -> None:
    """Each error has its place and says what to write."""
    assert refused(text.splitlines()[3].removeprefix(" 1 | ")) == text


def test_deep_brackets_are_refused() -> None:
    assert "error[too-deep]: brackets nest at most 64 deep" in refused("(" * 100 + "params" + ")" * 100 + " < 1")
