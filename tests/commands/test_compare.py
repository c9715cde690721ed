from __future__ import annotations

import json
from pathlib import Path

from tests.commands.conftest import Cnncalc

C = 64
STACK = "(conv 3x3x64 p1 nobias)*3"
WIDE = "conv 7x7x64 p3 nobias"


def test_three_small_layers_against_a_large_one(cnncalc: Cnncalc) -> None:
    """The lecture's comparison: the same receptive field, 27C² against 49C² weights."""
    data = json.loads(cnncalc("compare", STACK, WIDE, "--input", f"56x56x{C}", "--format", "json").out)
    stack, wide = data["specs"]
    assert stack["receptive_field"] == wide["receptive_field"] == {"size": [7, 7], "stride": [1, 1]}
    assert (stack["weights"], wide["weights"]) == (27 * C**2, 49 * C**2)
    assert data["ratios"][1]["weights"] == 49 / 27


def test_the_table_has_a_ratio_after_every_network_but_the_first(cnncalc: Cnncalc) -> None:
    lines = cnncalc("compare", STACK, WIDE, STACK, "--input", "56x56x64").out.splitlines()
    assert lines[0].split("  ")[-1].strip() == "ratio"
    weights = next(line for line in lines if line.startswith("weights"))
    assert weights.split() == ["weights", "110,592", "200,704", "1.81x", "110,592", "1x"]
    field = next(line for line in lines if line.startswith("receptive field"))
    assert field.split() == ["receptive", "field", "7x7", "/1", "7x7", "/1", "7x7", "/1"]


def test_the_receptive_field_is_that_of_the_output(cnncalc: Cnncalc) -> None:
    """A spec may end by taking an earlier volume: then that is what comes out."""
    spec = "a: conv 3x3x4 p1 - gap - @a"
    data = json.loads(cnncalc("compare", spec, "conv 3x3x4 p1", "--input", "8x8x3", "--format", "json").out)
    first, second = data["specs"]
    assert first["output"] == second["output"] == [8, 8, 4]
    assert first["receptive_field"] == second["receptive_field"] == {"size": [3, 3], "stride": [1, 1]}


def test_files_go_by_their_names(cnncalc: Cnncalc, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("input 8x8x3\nconv 3x3x4")
    (tmp_path / "b.txt").write_text("input 8x8x3\nconv 5x5x4")
    out = cnncalc("compare", str(tmp_path / "a.txt"), str(tmp_path / "b.txt")).out
    assert out.splitlines()[0].split() == ["a.txt", "b.txt", "ratio"]


def test_one_spec_is_not_a_comparison(cnncalc: Cnncalc) -> None:
    done = cnncalc("compare", STACK)
    assert done.status == 2
    assert done.err == (
        "error[usage]: name two specs or more: the others are compared with the first\n"
        "  = see `cnncalc compare --help`\n"
    )
