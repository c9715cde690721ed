"""``cnncalc sweep``: what is printed and written. The oracle is loading each design."""

from __future__ import annotations

import csv
import io
import json
import signal
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import cnncalc as library
from cnncalc.commands.interrupts import Interrupted
from cnncalc.core.errors import SpecError
from cnncalc.design import running
from cnncalc.design.sweep import Tally
from tests.commands.conftest import Cnncalc

NET = """
input 16x16x3
param width = 8
param depth = 1
block unit(width)
  conv 3x3x{width} p1 - relu
end
block bottleneck(width)
  conv 1x1x{width//2} - relu - conv 3x3x{width//2} p1 - relu - conv 1x1x{width} - relu
end
unit({width})*{depth} - pool2 - unit({2*width})*{depth} - gap - fc 10
"""
VARIED = ("--vary", "width=4..16:step=4", "--vary", "depth=0..3", "--vary", "input=8,9,16")


def loaded(width: int, depth: int, side: int) -> library.Network | str:
    """Return a design as it is loaded, or the code of its error."""
    try:
        return library.load(NET, params={"width": width, "depth": depth}, input=(side, side, 3))
    except SpecError as error:
        return error.code


DESIGNS = list(product(range(4, 17, 4), range(4), (8, 9, 16)))


def test_the_table(cnncalc: Cnncalc) -> None:
    """What is varied, what is counted, what did not load, and how the best one is seen."""
    done = cnncalc("sweep", NET, *VARIED, "--where", "params < 2K and macs > 0", "--maximise", "params", "--top", "3")
    assert done.status == 0
    assert done.err == ""
    assert done.out == (
        "width   depth     input   parameters      MACs\n"
        "──────────────────────────────────────────────\n"
        "    4       3     8x8x3        1,962    48,464\n"
        "    4       3   16x16x3        1,962   193,616\n"
        "    8       1     8x8x3        1,562    32,416\n"
        "\n"
        "designs  48 designs counted; 16 satisfy params < 2K and macs > 0\n"
        "errors   16 designs with an error, which are not chosen: 16 does-not-fit "
        "(such as width=4, depth=0, input=9x9x3)\n"
        'see why  cnncalc shapes "…" --set width=4 --set depth=0 --input 9x9x3\n'
        "best     width=4, depth=3, input=8x8x3 (most params)\n"
        'see it   cnncalc shapes "…" --set width=4 --set depth=3 --input 8x8x3\n'
        "the best 3 are shown; -o designs.csv writes all 16\n"
    )


def test_every_design_is_as_loading_counts_it(cnncalc: Cnncalc) -> None:
    done = cnncalc("sweep", NET, *VARIED, "--format", "csv", "--top", "100")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    expected = []
    for width, depth, side in DESIGNS:
        network = loaded(width, depth, side)
        if not isinstance(network, str):
            values = {"width": width, "depth": depth, "input": f"{side}x{side}x3"}
            expected.append({**values, "params": network.params, "macs": network.macs})
    assert rows == [{name: str(value) for name, value in row.items()} for row in expected]


def test_designs_that_do_not_load_are_counted_by_their_code(cnncalc: Cnncalc) -> None:
    data = json.loads(cnncalc("sweep", NET, *VARIED, "--format", "json").out)
    codes = [found for found in (loaded(*design) for design in DESIGNS) if isinstance(found, str)]
    assert data["errors"] == {"does-not-fit": len(codes)}
    first = next(design for design in DESIGNS if isinstance(loaded(*design), str))
    assert data["error_examples"] == {"does-not-fit": {"width": first[0], "depth": first[1], "input": [9, 9, 3]}}
    assert set(codes) == {"does-not-fit"}
    assert data["counted"] == len(DESIGNS)
    assert data["satisfying"] == len(DESIGNS) - len(codes)


def test_no_design_beats_one_of_the_front(cnncalc: Cnncalc) -> None:
    """No other design has fewer MACs and more parameters; found by comparing every pair."""
    data = json.loads(cnncalc("sweep", NET, *VARIED, "--pareto", "macs,params", "--format", "json").out)
    networks = [found for found in (loaded(*design) for design in DESIGNS) if not isinstance(found, str)]
    points = {(network.macs, network.params) for network in networks}
    front = {
        (macs, params)
        for macs, params in points
        if not any(m <= macs and p >= params and (m, p) != (macs, params) for m, p in points)
    }
    assert {(design["macs"], design["params"]) for design in data["front"]} == front
    assert len(data["front"]) == len(front)


def test_blocks_are_exchanged(cnncalc: Cnncalc) -> None:
    """Each design is what the text with the other calls is."""
    done = cnncalc("sweep", NET, "--vary", "unit=unit|bottleneck", "--vary", "width=4,8", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    for row in rows:
        text = NET.replace("\nunit(", f"\n{row['unit']}(").replace("- unit(", f"- {row['unit']}(")
        assert library.load(text, params={"width": row["width"]}).params == int(row["params"])
    assert [row["unit"] for row in rows] == ["unit", "unit", "bottleneck", "bottleneck"]


def test_depth_field_and_memory(cnncalc: Cnncalc) -> None:
    """What needs layers is what the other commands say of them; the field is that in front of the global pool."""
    show = ("--show", "field,memory,layers,size", "--batch", "32", "--optimizer", "adamw")
    done = cnncalc("sweep", NET, "--vary", "depth=1..3", *show, "--format", "json")
    for design in json.loads(done.out)["best"]:
        network = library.load(NET, params={"depth": design["depth"]})
        memory = library.predict_memory(network, batch=32, optimizer="adamw")
        assert design["memory"] == memory.peak_bytes
        assert design["layers"] == len(network)
        assert design["size"] == 4 * network.params
        field = 1 + 2 * design["depth"] + 1 + 2 * 2 * design["depth"]  # 3x3 layers, a 2x2 pool, 3x3 at stride 2
        assert design["field"] == [field, field]


def test_a_parameter_hides_a_quantity_of_its_name(cnncalc: Cnncalc) -> None:
    """`depth` is the spec's parameter, not the number of layers with weights."""
    data = json.loads(cnncalc("sweep", NET, *VARIED, "--where", "depth == 2", "--format", "json").out)
    assert {design["depth"] for design in data["best"]} == {2}


def test_the_least_relaxation(cnncalc: Cnncalc) -> None:
    """Where nothing satisfies both conditions, each alone is relaxed by as little as will do; the status is 1."""
    conditions = ("--where", "params < 500 and macs > 100K")
    done = cnncalc("sweep", NET, *VARIED, *conditions)
    networks = [(n.params, n.macs) for n in (loaded(*each) for each in DESIGNS) if not isinstance(n, str)]
    params = min(params for params, macs in networks if macs > 100_000)
    macs = max(macs for params, macs in networks if params < 500)
    assert done.status == 1
    assert f"params < 500   params <= {params:,}" in done.out
    assert f"macs > 100K    macs >= {macs:,}" in done.out


def test_several_are_relaxed_together(cnncalc: Cnncalc) -> None:
    done = cnncalc("sweep", NET, "--vary", "width=4,8", "--where", "params < 10 and macs < 10")
    network = library.load(NET, params={"width": 4})
    assert done.status == 1
    assert f"params < 10   params <= {network.params}" in done.out
    assert f"macs < 10     macs <= {network.macs:,}" in done.out
    assert "(the same)" in done.out


# ---- many designs

MANY = ("--vary", "width=1..400", "--vary", "depth=1..60", "--where", "params < 3K", "--quiet")


@pytest.mark.slow
def test_several_processes_find_the_same(cnncalc: Cnncalc) -> None:
    """The best designs, the front, and by how little a condition is missed."""
    missed = (*MANY, "--where", "macs > 1G")
    assert cnncalc("sweep", NET, *missed, "--jobs", "1") == cnncalc("sweep", NET, *missed, "--jobs", "2")
    one = cnncalc("sweep", NET, *MANY, "--maximise", "macs", "--pareto", "macs,params", "--jobs", "1")
    two = cnncalc("sweep", NET, *MANY, "--maximise", "macs", "--pareto", "macs,params", "--jobs", "2")
    assert one == two
    assert "24,000 designs counted" in one.out


def test_a_sample_is_drawn_again_by_its_seed(cnncalc: Cnncalc) -> None:
    first, again, other = (
        cnncalc("sweep", NET, *MANY, "--sample", "50", "--seed", seed, "--top", "100", "--format", "csv").out
        for seed in ("1", "1", "2")
    )
    assert first == again != other
    huge = cnncalc("sweep", NET, "--vary", "width=1..100000", "--vary", "depth=0..9999", "--sample", "3")
    assert "3 designs of 1,000,000,000 counted" in huge.out


@pytest.mark.slow
def test_a_sweep_that_is_broken_off_goes_on(cnncalc: Cnncalc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found before is not counted again, and the file is the same as without a break."""
    arguments = ("sweep", NET, *MANY, "--maximise", "params", "--jobs", "1")
    whole = tmp_path / "whole.csv"
    plain = cnncalc(*arguments, "-o", str(whole))
    part = running.run_sweep
    parts: list[int] = []

    def breaks_off(task: Any, designs: Any, observe: Callable[[int, Tally], None], **settings: Any) -> Tally:
        def stop(done: int, tally: Tally) -> None:
            observe(done, tally)
            parts.append(done)
            if done >= 9000 and len(parts) < 11:
                raise Interrupted

        return part(task, designs, stop, **settings)

    monkeypatch.setattr("cnncalc.commands.sweep.run_sweep", breaks_off)
    monkeypatch.setattr("cnncalc.commands.interrupts.Interrupts.report", lambda self: 128 + signal.SIGINT)
    target = tmp_path / "found.csv"
    stopped = cnncalc(*arguments, "-o", str(target))
    assert stopped.err == "9,000 of 24,000 designs are counted; the same command continues from there\n"
    assert not target.exists()
    parts.append(-1)
    done = cnncalc(*arguments, "-o", str(target))
    assert parts[parts.index(-1) + 1 :] == [9000, *range(10_000, 25_000, 1000)]
    assert done == plain
    assert target.read_text() == whole.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.csv", "whole.csv"]


def test_the_journal_of_another_sweep_is_not_used(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """A damaged journal, or one of another sweep, is begun anew."""
    target = tmp_path / "found.csv"
    target.with_name("found.csv.part").write_text('{"sweep": "another"}\n[1, 2, 3]\n{"done": 5}\n')
    assert cnncalc("sweep", NET, *VARIED, "-o", str(target)).status == 0
    rows = len(target.read_text().splitlines()) - 1
    assert rows == sum(not isinstance(loaded(*design), str) for design in DESIGNS)


def test_where_nothing_loads_the_error_is_shown(cnncalc: Cnncalc) -> None:
    done = cnncalc("sweep", NET, "--vary", "input=9,11")
    assert done.status == 1
    assert done.err.startswith("error[does-not-fit]: a 2x2 window with stride 2 does not fit a 9x9 input\n")


def test_the_best_design_is_written_as_a_spec(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """Its parameters, its input and its blocks are those of the design, so that it has the same parameters and MACs."""
    target = tmp_path / "best.txt"
    varied = (*VARIED, "--vary", "unit=unit|bottleneck", "--where", "params < 4K")
    done = cnncalc(
        "sweep", NET, *varied, "--maximise", "macs", "--top", "1", "--write", str(target), "--format", "json"
    )
    best = json.loads(done.out)["best"][0]
    assert best["unit"] == "bottleneck"
    network = library.load(target)
    assert (network.params, network.macs, list(network.input)) == (best["params"], best["macs"], best["input"])
    assert "bottleneck({width})*{depth}" in target.read_text()


# ---- what is refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "error[usage]: say what is varied: --vary width=8..128:step=8"),
        (
            ("--vary", "wdth=1,2"),
            "error[unknown-name]: the spec has no parameter and no block `wdth`\n"
            "  --> --vary:1:1\n   |\n 1 | wdth=1,2\n   | ^^^^\n   |\n"
            "   = did you mean `width`?\n   = what can be varied is depth, input, unit, width\n"
            "   = a line `param wdth = 8` makes it a parameter",
        ),
        (
            ("--vary", "recipe.lr=1,2"),
            "error[unknown-name]: `lr` is a setting of training\n"
            "  --> --vary:1:1\n   |\n 1 | recipe.lr=1,2\n   | ^^^^^^^^^\n   |\n"
            "   = a sweep varies the spec alone; `cnncalc tune` varies settings of training",
        ),
        (
            ("--vary", "width=0.1..0.5"),
            "error[bad-range]: the range has infinitely many values\n"
            "  --> --vary:1:7\n   |\n 1 | width=0.1..0.5\n   |       ^^^^^^^^\n   |\n"
            "   = say how many, 0.1..0.5:count=5, or how far apart, 0.1..0.5:step=0.1",
        ),
        (
            ("--vary", "width=a,b"),
            "error[bad-range]: `a` is not a whole number\n"
            "  --> --vary:1:7\n   |\n 1 | width=a,b\n   |       ^^^\n   |\n"
            "   = a parameter of a spec is a whole number",
        ),
        (
            ("--vary", "width=1e3,8.5"),
            "error[bad-range]: `8.5` is not a whole number\n"
            "  --> --vary:1:7\n   |\n 1 | width=1e3,8.5\n   |       ^^^^^^^\n   |\n"
            "   = a parameter of a spec is a whole number",
        ),
        (
            ("--vary", "depth=1,2", "--vary", "width=8,16", "--set", "width=4"),
            "error[bad-name]: `width` is varied, and --set gives it one value\n"
            "  --> --vary:1:1\n   |\n 1 | width=8,16\n   | ^^^^^\n   |\n"
            "   = leave out one of the two",
        ),
        (
            ("--vary", "unit=unit|bottelneck"),
            "error[unknown-block]: there is no block `bottelneck`\n"
            "  --> --vary:1:6\n   |\n 1 | unit=unit|bottelneck\n   |      ^^^^^^^^^^^^^^^\n   |\n"
            "   = did you mean `bottleneck`?\n   = its blocks are bottleneck, unit",
        ),
        (
            ("--vary", "input=96x"),
            "error[bad-volume]: `96xx3` is not a volume\n"
            "  --> --vary:1:7\n   |\n 1 | input=96x\n   |       ^^^\n   |\n"
            "   = write height x width x channels, such as 224x224x3",
        ),
        (
            ("--vary", "width=1..2", "--maximise", "parms"),
            "error[unknown-name]: `parms` is neither counted nor a parameter of the spec\n"
            "  --> --maximise:1:1\n   |\n 1 | parms\n   | ^^^^^\n   |\n   = did you mean `params`?\n",
        ),
        (
            ("--vary", "width=1..2", "--pareto", "macs"),
            "error[bad-condition]: a front weighs two quantities or more against each other\n"
            "  = write for example --pareto macs,params: the least MACs, the most parameters",
        ),
        (
            ("--vary", "width=1..2", "--pareto", "macs, -MACs"),
            "error[bad-condition]: `macs` is weighed against itself\n  = name each quantity once: --pareto macs,params",
        ),
        (
            ("--vary", "width=1..2", "--where", "params < 1M", "--where", "2M <= params"),
            "error[bad-condition]: `2M <= params` and `params < 1M` exclude each other\n"
            "  --> --where:1:1\n   |\n 1 | 2M <= params\n   | ^^^^^^^^^^^^\n   |\n"
            "   = no design satisfies both: leave one of them out, or call the command for each",
        ),
        (
            ("--vary", "width=1..2", "--maximise", "macs", "--minimise", "params"),
            "error[usage]: --maximise and --minimise exclude each other; --pareto weighs quantities",
        ),
        (
            ("--vary", "width=1..2", "--batch", "4"),
            "error[usage]: --batch is for the memory of designs: add --show memory",
        ),
        (
            ("--vary", "width=1..2", "--plot", "a.svg"),
            "error[usage]: --plot draws a front: say which, --pareto macs,params",
        ),
        (
            ("--vary", "width=1..1000000", "--vary", "depth=1..1000000"),
            "error[usage]: the ranges make 1,000,000,000,000 designs, and at most 100,000,000 are counted; "
            "draw some of them: --sample 100000",
        ),
    ],
)
def test_what_is_refused(cnncalc: Cnncalc, arguments: tuple[str, ...], said: str) -> None:
    done = cnncalc("sweep", NET, *arguments)
    assert done.status in (1, 2)
    assert done.err.startswith(said)
    assert done.out == ""
