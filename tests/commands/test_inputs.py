"""``cnncalc inputs``: what is printed, and what is refused."""

from __future__ import annotations

import json

import pytest

import cnncalc as library
from cnncalc import zoo
from cnncalc.design.inputs import InputTrials
from cnncalc.network import SpecSettings
from cnncalc.report.inputs import inputs_report
from cnncalc.report.report import Screen
from cnncalc.report.terminal import draw
from cnncalc.spec import parse
from tests.commands.conftest import Cnncalc

NET = "input 32x32x1\nconv 5x5x6 - relu - pool2 - conv 5x5x16 - relu - pool2 - fc 10"


def test_the_rule_and_the_nearest(cnncalc: Cnncalc) -> None:
    """The rule for both sides, the nearest to what is wanted, and where the number of parameters changes."""
    done = cnncalc("inputs", NET, "--near", "33x64")
    assert done.status == 0
    assert done.out == (
        "side     least   which sizes               wanted   nearest\n"
        "──────────────────────────────────────────────────────────────────\n"
        "height      16   multiples of 4, from 16       33   32 or 36\n"
        "width       16   multiples of 4, from 16       64   taken as it is\n"
        "\n"
        "usual   32x32x1\n"
        "tried   every size up to 600, without the claims of the spec\n"
        "sides   each side may be chosen independently; a side is tried with the usual size of the others\n"
        "params  the number of parameters changes with the input, in 1 layer (fc1): 2,742 for 16, 3,460,022 for 600\n"
    )


def test_an_input_that_does_not_fit_is_no_hindrance(cnncalc: Cnncalc) -> None:
    """Who has an input with an error wants to know what would do."""
    done = cnncalc("inputs", NET, "--input", "33x33x1", "--format", "json")
    data = json.loads(done.out)
    assert data["equal_sides"]["rule"] == "multiples of 4, from 16"
    assert [side["least"] for side in data["sides"]] == [16, 16]
    assert data["params_change_in"] == ["fc1"]
    text = cnncalc("inputs", NET, "--input", "33x33x1").out
    assert "usual   33x33x1, which has an error\n" in text


def test_claims_are_set_aside(cnncalc: Cnncalc) -> None:
    done = cnncalc("inputs", "input 8x8x3\nconv 3x3x4 p1 => 8x8x4 - gap - fc 10", "--near", "20")
    assert done.out.splitlines()[2] == "each side       1   every size from 1       20   taken as it is"
    assert "the number of parameters does not depend on the input" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((NET, "--near", "big"), "error[usage]: Invalid value for '--near': write it as 360x360, not 'big'"),
        ((NET, "--near", "3x3x3x3"), "error[usage]: Invalid value for '--near': the input has 2 sides: write 360x360"),
        (
            (NET, "--near", "0x8"),
            "error[usage]: Invalid value for '--near': a side is at least 1, not 0: '0x8'\n  = see `cnncalc inputs",
        ),
        (("conv 3x3x4",), "error[no-input]: the spec has no input volume"),
        (("input 8x8x3\nconf 3x3x4",), "error[unknown-layer]: there is no layer `conf`"),
        (
            ("input a 8x8x3\ninput b 8x8x3\n@a\nadd( | @b )",),
            "error[several-inputs]: the network has several inputs, and the sizes of one are tried",
        ),
    ],
)
def test_what_is_refused(cnncalc: Cnncalc, arguments: tuple[str, ...], said: str) -> None:
    done = cnncalc("inputs", *arguments)
    assert done.status in (1, 2)
    assert done.err.startswith(said)


@pytest.mark.parametrize(
    ("text", "near", "row"),
    [
        (f"input 32x48x3\n{'pool2 - ' * 3}relu", (360, 500), "height 8 multiples of 8 taken"),
        (f"input 224x224x3\n{'pool2 - ' * 5}relu", (200, 200), "each 32 multiples of 32 192 or 224"),
        (f"input 224x224x3\n{'pool2 - ' * 5}relu", (1200, 1200), "each 32 multiples of 32 1,184/1,216"),
        (NET, (200, 200), "each 16 multiples of 4 200 taken"),
    ],
)
def test_the_table_fits_a_narrow_terminal(text: str, near: tuple[int, int], row: str) -> None:
    """Where there is no room for it, the size that was asked for is left out, since whoever asked knows it."""
    trials = InputTrials(parse(library.load(text).source, zoo.blocks), SpecSettings())
    lines = draw(inputs_report("net", trials.taken(), near), Screen(40)).splitlines()
    assert max(map(len, lines)) <= 40
    assert " ".join(lines[2].split()) == row
    assert ("not shown for lack of width: wanted" in " ".join(lines)) == ("wanted" not in lines[0])
