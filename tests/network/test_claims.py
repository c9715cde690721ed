"""The lecture's own table, pasted as it is printed: every number it states is checked to the digits it shows."""

from __future__ import annotations

import pytest

import cnncalc

TABLE = """\
INPUT: [224x224x3]        memory:  224*224*3=150K   weights: 0
CONV3-64: [224x224x64]  memory:  224*224*64=3.2M   params: (3*3*3)*64 = 1,728   (not counting biases)
CONV3-64: [224x224x64]  memory:  224*224*64=3.2M   params: (3*3*64)*64 = 36,864
POOL2: [112x112x64]  memory:  112*112*64=800K   params: 0
FC: [1x1x4096]  memory:  4096  params: 112*112*64*4096 = 3,288,334,336
"""


def error(text: str) -> cnncalc.SpecError:
    """Return the error of a text."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text)
    return caught.value


def row(stated: str) -> str:
    """Return a table of one layer with 3*3*3*64 = 1,728 weights, 64 biases and 224*224*64 = 3,211,264 values."""
    return f"INPUT: [224x224x3]\nCONV3-64: [224x224x64] {stated}"


def test_a_pasted_table_is_a_spec() -> None:
    """Its rows are layers; a fully connected row takes its size from its volume."""
    network = cnncalc.load(TABLE)
    assert network.input == (224, 224, 3)
    assert [node.output for node in network] == [(224, 224, 64)] * 2 + [(112, 112, 64), (1, 1, 4096)]
    assert [node.weights for node in network] == [3 * 3 * 3 * 64, 3 * 3 * 64 * 64, 0, 112 * 112 * 64 * 4096]


def test_a_table_and_the_language_may_be_mixed() -> None:
    """Rows stand beside layers that are written in the usual way."""
    assert len(cnncalc.load(TABLE.replace("POOL2:", "relu\nPOOL2:"))) == 4 + 1


@pytest.mark.parametrize(
    "stated",
    [
        "params: (3*3*3)*64 = 1,728",
        "params: 1728",
        "params: 1,792",
        "weights: 1,728",
        "parameters: (3*3*3+1)*64 = 1,792 (with biases)",
        "params: 1.7K",
        "params: 1.8K",
        "params: 2K",
        "params: (3*3*3)*64",
        "memory: 3,211,264",
        "memory: 224*224*64=3.2M",
        "memory: 3M",
        "memory: 3.21M   params: 1,728  # as printed",
        "memory: $224 \\times 224 \\times 64 = 3.2$M   params: $(3\\cdot3\\cdot3)\\cdot64 = 1{,}728$",
        "",
    ],
)
def test_what_a_row_states_holds(stated: str) -> None:
    """Parameters may be stated with biases (1,792) or without (1,728); rounded numbers to their last digit."""
    assert cnncalc.load(row(stated)).params == (3 * 3 * 3 + 1) * 64


@pytest.mark.parametrize(
    "stated",
    ["params: 1,729", "params: 1.6K", "params: 1.9K", "params: 0", "weights: 64", "memory: 3.3M", "memory: 3,211,265"],
)
def test_what_a_row_states_and_does_not_hold_is_an_error(stated: str) -> None:
    """The error points at the stated number."""
    fault = error(row(stated))
    assert (fault.code, fault.line) == ("claim-failed", 2)
    assert fault.source is not None and fault.span is not None
    assert fault.source.text[slice(*fault.span)] == stated.split(": ")[1]


def test_the_volume_of_a_row_is_a_claim() -> None:
    """``[224x224x65]`` after 64 filters is wrong."""
    assert error("INPUT: [224x224x3]\nCONV3-64: [224x224x65]").code == "claim-failed"


def test_a_stated_input_is_checked_too() -> None:
    """224*224*3 = 150,528 values are 150K (cut off) or 151K (rounded), and not 149K."""
    for memory in ("150K", "151K", "150,528", "0.15M"):
        assert cnncalc.load(f"INPUT: [224x224x3] memory: {memory}").input == (224, 224, 3)
    assert error("INPUT: [224x224x3] memory: 149K").code == "claim-failed"


def test_a_total_of_parameters_is_checked() -> None:
    """The table's total holds with or without biases, to the digits it shows."""
    for total in ("1,728", "1,792", "1.7K", "2K"):
        assert cnncalc.load(row(f"\nTOTAL params: {total} parameters")).params == (3 * 3 * 3 + 1) * 64
    assert error(row("\nTOTAL params: 138M parameters")).code == "claim-failed"


def test_a_number_may_be_cut_off_or_rounded() -> None:
    """36,864 weights are 36.9K rounded and 36.8K cut off; nothing else is right, with 64 biases (36,928) or without."""
    table = "INPUT: [8x8x64]\nCONV3-64: [8x8x64] params: {}"
    assert [cnncalc.load(table.format(number)).weights for number in ("36.8K", "36.9K")] == [3 * 3 * 64 * 64] * 2
    assert error(table.format("36.7K")).code == error(table.format("37.0K")).code == "claim-failed"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("1,792", "999"),
        ("$1792$", "$999$"),
        ("$1{,}792$", "$1{,}793$"),
        ("\\(1{,}728\\)", "\\(1{,}729\\)"),
        ("1\u2009792", "1\u2009793"),
        ("1\u202f728", "1\u202f729"),
        ("1 792", "1 793"),
        ("≈ 1.8K", "≈ 1.9K"),
        ("$\\approx 1.8\\mathrm{K}$", "$\\approx 1.9\\mathrm{K}$"),
        ("about 1.8 thousand parameters.", "about 138 million parameters."),
        ("$3 \\cdot 3 \\cdot 3 \\cdot 64 = 1{,}728$", "$3 \\cdot 3 \\cdot 3 \\cdot 64 = 1{,}738$"),
    ],
)
def test_totals_are_read_as_they_are_typeset(right: str, wrong: str) -> None:
    """TeX's dollars and commands, thin spaces, signs of Unicode and words; the caret stands under the number."""
    assert cnncalc.load(row(f"\nTOTAL params: {right}")).notes == ()
    fault = error(row(f"\nTOTAL params (all layers): {wrong}"))
    assert fault.code == "claim-failed"
    assert fault.source is not None and fault.span is not None
    marked = fault.source.text[slice(*fault.span)]
    assert marked[0].isdecimal() and marked[-1] not in "$) "


@pytest.mark.parametrize(
    "total",
    [
        "24M * 4 bytes ~= 96MB / image",
        "$24M * 4$ bytes ~= $96$MB / image",
        "24M × 4 bytes ≈ 96 MB / image",
        "$24\\mathrm{M} \\times 4$ bytes $\\approx 96$ MB",
        "24M * 4 bytes = 96MB",
    ],
)
def test_the_total_of_memory_is_the_number_of_values(total: str) -> None:
    """The values stand in front of the bytes, in whatever typography."""
    notes = cnncalc.load(row(f"\nTOTAL memory: {total}")).notes
    assert [note.message for note in notes] == [
        "the table's total of 24,000,000 values is not the sum of its rows, 3,361,792"
    ]
    assert cnncalc.load(row(f"\nTOTAL memory: {total.replace('24', '3.4')}")).notes == ()


def test_a_total_that_cannot_be_read_is_told() -> None:
    """Nothing that has a number in it is passed over in silence."""
    text = row("\nTOTAL params: 0x700")
    (note,) = cnncalc.load(text).notes
    assert (note.code, text[slice(*note.span)]) == ("not-checked", "TOTAL params: 0x700")
    assert note.message == "the number of this total could not be read, so it is not checked"
    assert cnncalc.load(row("\nTOTAL params: none")).notes == ()


def test_a_wrong_total_of_memory_is_a_note() -> None:
    """The lecture's own total of 24M values is not the sum of its rows; the counting goes on, and says so."""
    right = row("\nTOTAL memory: 3.4M * 4 bytes ~= 13MB / image")
    assert 224 * 224 * (3 + 64) == 3_361_792
    assert cnncalc.load(right).notes == ()
    (note,) = cnncalc.load(right.replace("3.4M", "24M")).notes
    assert note.code == "wrong-total"
    assert note.message == "the table's total of 24,000,000 values is not the sum of its rows, 3,361,792"


def test_a_row_that_makes_no_layer_states_nothing_but_zero() -> None:
    """A block that only passes its input on has no parameters; a table may list it."""
    text = "input 8x8x3\nblock nothing\nrelu*0\nend\nnothing: [8x8x3] params: {}"
    assert len(cnncalc.load(text.format("0"))) == 0
    assert error(text.format("1")).code == "claim-failed"


@pytest.mark.parametrize("stated", ["params: 99999999999999999", "params: 1.2345678901234567M", "memory: 1.5"])
def test_a_number_of_too_many_digits_is_an_error(stated: str) -> None:
    """A number that cannot be a count is told, and not computed with."""
    assert error(row(stated)).code in ("out-of-range", "bad-number")
