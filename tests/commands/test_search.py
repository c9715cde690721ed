"""``cnncalc search``: what is printed, and what is refused. The oracle of the best design is a sweep over all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cnncalc as library
from tests.commands.conftest import Cnncalc

NET = """
input 16x16x3
param width = 8
param depth = 2
conv 3x3x{width} p1 - relu
(conv 3x3x{width} p1 - bn - relu)*{depth}
gap - fc 10
"""
VARIED = ("--vary", "width=1..40", "--vary", "depth=1..20", "--where", "params < 20K and macs > 100K")


def test_the_best_and_what_was_excluded(cnncalc: Cnncalc) -> None:
    """The proof says how many designs were excluded, and why."""
    done = cnncalc("search", NET, *VARIED, "--maximise", "params")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["width", "depth", "parameters", "MACs"]
    assert "of 800 counted, the others excluded; what must hold: params < 20K and macs > 100K" in lines[4]
    assert lines[-1] == "proof: with width, depth, parameters, MACs, activations and layers can only rise"
    sweep = json.loads(cnncalc("sweep", NET, *VARIED, "--maximise", "params", "--format", "json").out)
    found = json.loads(cnncalc("search", NET, *VARIED, "--maximise", "params", "--format", "json").out)
    assert found["best"]["params"] == sweep["best"][0]["params"]
    assert found["counted"] + sum(found["excluded"].values()) == 800
    assert found["counted"] < 200


def test_minimising(cnncalc: Cnncalc) -> None:
    asked = (*VARIED, "--minimise", "macs", "--format", "json")
    found, sweep = (json.loads(cnncalc(name, NET, *asked).out) for name in ("search", "sweep"))
    assert found["best"]["macs"] == sweep["best"][0]["macs"]


def test_nothing_satisfies_the_conditions(cnncalc: Cnncalc) -> None:
    done = cnncalc("search", NET, "--vary", "width=1..40", "--where", "params < 10", "--maximise", "macs")
    assert done.status == 1
    assert "no design satisfies all conditions; the table shows by how little they would have to be relaxed" in done.out
    assert done.out.splitlines()[0].split("  ")[0] == "relax"


@pytest.mark.parametrize(
    "where",
    ["params < 10", "params < 2K and macs > 100M", "params < 20K and macs > 9G", "field >= 900 and params < 1K"],
)
def test_the_least_relaxations_are_those_of_a_sweep(cnncalc: Cnncalc, where: str) -> None:
    """The oracle counts every design."""
    asked = (NET, "--vary", "width=1..40", "--vary", "depth=1..20", "--where", where, "--maximise", "macs")
    search, sweep = (json.loads(cnncalc(name, *asked, "--format", "json").out) for name in ("search", "sweep"))
    assert search["relaxations"] == sweep["relaxations"] != []


def test_the_best_is_written(cnncalc: Cnncalc, tmp_path: Path) -> None:
    target = tmp_path / "best.txt"
    done = cnncalc("search", NET, *VARIED, "--maximise", "params", "--write", str(target), "--format", "json")
    assert library.load(target).params == json.loads(done.out)["best"]["params"]


def test_compound_scaling(cnncalc: Cnncalc) -> None:
    """Width, depth and input by factors to the power of one number; the largest that satisfies the condition."""
    done = cnncalc("search", NET, "--scale", "width=1.1:4,depth=1.2,input=1.15", "--where", "macs < 10M")
    assert done.status == 0
    best = done.out.split("\n\n")[0].splitlines()[-1].split()
    number, width, depth, volume = float(best[0]), int(best[1]), int(best[2]), best[3]
    assert width == round(8 * 1.1**number / 4) * 4
    assert depth == round(2 * 1.2**number)
    side = round(16 * 1.15**number)
    assert volume == f"{side}x{side}x3"
    network = library.load(NET, params={"width": width, "depth": depth}, input=volume)
    assert int(best[5].replace(",", "")) == network.macs < 10_000_000
    further = number + 0.01
    side = round(16 * 1.15**further)
    values = {"width": round(8 * 1.1**further / 4) * 4, "depth": round(2 * 1.2**further)}
    assert library.load(NET, params=values, input=(side, side, 3)).macs >= 10_000_000


ONE_LAYER = "input 8x8x1\nparam width = 4\nconv 3x3x{width} p1 nobias"


def test_the_least_relaxations_of_a_scaled_network(cnncalc: Cnncalc) -> None:
    """By hand: 9·w weights and 576·w MACs for w = round(4·2^s), so w ≤ 11 for the one and w ≥ 174 for the other."""
    where = ("--where", "params < 100 and macs > 100K")
    done = cnncalc("search", ONE_LAYER, "--scale", "width=2", *where)
    assert done.status == 1
    table, below = done.out.split("\n\n")
    assert [line.split() for line in table.splitlines()[2:]] == [
        ["macs", ">", "100K", "macs", ">=", "6,336", "93.7%", "scale", "1.52:", "width=11"],
        ["params", "<", "100", "params", "<=", "1,566", "15.7x", "scale", "5.44:", "width=174"],
    ]
    assert below.splitlines()[1] == (
        "no scale from 0 to 10 satisfies all conditions; the table shows by how little they would have to be relaxed"
    )
    found = json.loads(cnncalc("search", ONE_LAYER, "--scale", "width=2", *where, "--format", "json").out)
    assert found["relaxations"] == [
        {"design": design, "missed": missed}
        for design, missed in (
            (
                {"scale": 1.52, "width": 11, "params": 99, "macs": 6336, "satisfies": False},
                {"macs > 100K": {"value": 6336.0, "share": 0.93664}},
            ),
            (
                {"scale": 5.44, "width": 174, "params": 1566, "macs": 100_224, "satisfies": False},
                {"params < 100": {"value": 1566.0, "share": 14.66}},
            ),
        )
    ]


def test_nothing_can_be_relaxed_where_a_scaled_network_must_differ(cnncalc: Cnncalc) -> None:
    done = cnncalc("search", ONE_LAYER, "--scale", "width=2", "--where", "params != params")
    assert done.status == 1
    assert done.out.splitlines()[-1] == "no scale from 0 to 10 satisfies all conditions"
    assert done.out.splitlines()[0].split()[0] == "scale"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--vary", "width=1..9"), "error[usage]: say what is best: --maximise params"),
        (("--maximise", "params"), "error[usage]: say what is varied: --vary width=8..128:step=8"),
        (
            ("--scale", "width"),
            "error[bad-range]: a name and a factor are joined by `=`, and a multiple stands after a colon\n"
            "  --> --scale:1:1\n   |\n 1 | width\n   | ^^^^^\n   |\n"
            "   = write for example --scale width=1.1:8,depth=1.2,input=1.15\n",
        ),
        (
            ("--scale", "depth=1.2,width=0.5"),
            "error[bad-range]: a factor is from 1 to 10, not 0.5\n  --> --scale:1:11\n",
        ),
        (
            ("--scale", "width=1.1:0"),
            "error[bad-range]: sizes are rounded to a multiple of 1 or more, not of 0\n  --> --scale:1:1\n",
        ),
        (("--scale", "width=1.1,width=2"), "error[bad-range]: `width` is scaled twice\n  --> --scale:1:11\n"),
        (
            ("--scale", "depth=1.2,wdth=1.1"),
            "error[unknown-name]: the spec has no parameter `wdth`\n  --> --scale:1:11\n",
        ),
        (
            ("--scale", "width=1.1", "--maximise", "macs"),
            "error[usage]: --scale says itself what is varied, and what is best is the largest scale",
        ),
    ],
)
def test_what_is_refused(cnncalc: Cnncalc, arguments: tuple[str, ...], said: str) -> None:
    done = cnncalc("search", NET, *arguments)
    assert done.status in (1, 2)
    assert done.err.startswith(said)
