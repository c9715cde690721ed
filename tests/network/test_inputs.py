"""Several inputs in a spec: their names, their sizes from outside, tables and JSON, and what can be wrong."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

import cnncalc
from cnncalc.analysis import Field, receptive_fields
from cnncalc.commands.cli import run

TWO = """\
input rgb 32x32x3
input flow 16x16x2
add( @rgb - conv 3x3x8 s2 same - relu | @flow - conv 3x3x8 p1 )
gap - fc 10
"""

NAMED = "input left 8x8x3\ninput right 8x8x3\n"


def test_each_input_is_a_layer_where_it_is_first_read() -> None:
    """As in Keras. It has no parameters and no multiplications."""
    network = cnncalc.load(TWO)
    assert [(node.name, node.layer.kind, node.output) for node in network.layers[:2]] == [
        ("rgb", "input", (32, 32, 3)),
        ("conv1", "conv", (16, 16, 8)),
    ]
    assert (network.inputs, network.input_names, network.inputs_at) == (
        ((32, 32, 3), (16, 16, 2)),
        ("rgb", "flow"),
        (1, 4),
    )
    assert network.params == (3 * 3 * 3 + 1) * 8 + (3 * 3 * 2 + 1) * 8 + (8 + 1) * 10
    assert network.macs == 16 * 16 * 8 * 3 * 3 * 3 + 16 * 16 * 8 * 3 * 3 * 2 + 8 * 10
    assert network.activations == 32 * 32 * 3 + 16 * 16 * 2 + 4 * 16 * 16 * 8 + 8 + 10
    assert repr(network) == "<Network text: rgb 32x32x3, flow 16x16x2 → 1x1x10, 6 layers>"


def test_inputs_have_the_order_of_the_spec() -> None:
    """Not that in which they are read."""
    network = cnncalc.load(NAMED + "add( @right | @left )")
    assert (network.input_names, network.inputs_at) == (("left", "right"), (2, 1))
    assert network.layers[2].inputs == (1, 2)


def test_one_input_may_have_a_name() -> None:
    """Then it is an input as without one, and its name is a label."""
    network = cnncalc.load("input image 8x8x3\nconv 3x3x3 p1 - add( | @image )")
    assert (network.input, network.inputs_at, len(network)) == ((8, 8, 3), (), 2)
    assert network.layers[1].inputs == (1, 0)


def test_names_may_have_any_letters() -> None:
    network = cnncalc.load("input 왼쪽 8x8x3\ninput LEFT 8x8x3\nadd( @왼쪽 | @Left )")
    assert network.input_names == ("왼쪽", "left")


def test_sizes_may_be_expressions_and_claims_hold() -> None:
    network = cnncalc.load("param n = 8\ninput a {n}x{n}x3\ninput b {2*n}x{2*n}x3\n@a => 8x8x3\nadd( | @b - pool 2x2 )")
    assert network.inputs == ((8, 8, 3), (16, 16, 3))


def test_sizes_come_from_outside_by_their_names() -> None:
    """Those of some, or of all; without a statement they say which inputs there are."""
    assert cnncalc.load(TWO, input={"flow": (16, 16, 4)}).inputs == ((32, 32, 3), (16, 16, 4))
    both = {"RGB": "64x64x3", "flow": "32x32x2"}
    assert cnncalc.load(TWO, input=both).inputs == ((64, 64, 3), (32, 32, 2))
    alone = cnncalc.load("add( @a | @b )", input={"a": "8x8x3", "b": "8x8x1"})
    assert (alone.input_names, alone.output) == (("a", "b"), (8, 8, 3))
    assert cnncalc.load("input image 8x8x3\nconv 3x3x4", input="16x16x3").input == (16, 16, 3)
    assert cnncalc.load("input image 8x8x3\nconv 3x3x4", input={"image": "16x16x3"}).input == (16, 16, 3)
    assert cnncalc.load("conv 3x3x4", input={"image": "16x16x3"}).input == (16, 16, 3)


# ---- receptive fields


def test_a_layer_has_a_receptive_field_in_each_input_that_it_sees() -> None:
    """Two windows of 3, one of them with a stride of 2."""
    network = cnncalc.load(TWO)
    add = next(node for node in network if node.name == "add1")
    rgb, flow = [receptive_fields(network, start)[add.index] for start in network.starts]
    assert rgb == (Field(((0, 2),), 2, Fraction(2)),) * 2
    assert flow == (Field(((-1, 1),), 1, Fraction(1)),) * 2
    conv2 = next(node for node in network if node.name == "conv2")
    assert receptive_fields(network, network.starts[0])[conv2.index] == ()


def test_the_table_names_the_inputs_where_the_fields_differ(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", TWO]) == 0
    assert capsys.readouterr().out.splitlines()[2:10] == [
        "rgb     input                32x32x3                   12.0 KiB",
        "conv1   conv 3x3x8 s2 same   16x16x8          224       8.0 KiB   55,296   3x3 /2",
        "relu1   relu                 16x16x8            0       8.0 KiB        0   3x3 /2",
        "flow    input                16x16x2                    2.0 KiB",
        "conv2   conv 3x3x8 p1        16x16x8          152       8.0 KiB   36,864   3x3 /1",
        "add1    add                  16x16x8            0       8.0 KiB        0   rgb 3x3 /2, flow 3x3 /1",
        "gap1    gap                  1x1x8              0          32 B        0   rgb 33x33 /32, flow 18x18 /16",
        "fc1     fc 10                1x1x10            90          40 B       80   rgb 33x33 /32, flow 18x18 /16",
    ]


def test_explain_works_the_field_out_in_each_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", TWO, "gap1"]) == 0
    assert capsys.readouterr().out == (
        "gap1: gap\n"
        "  input                    16x16x8\n"
        "  output                   1x1x8\n"
        "  parameters               0\n"
        "  memory                   1·1·8 values · 4 bytes = 32 bytes\n"
        "  receptive field in rgb   3 + (16 − 1)·2 = 33, stride 32\n"
        "  receptive field in flow  3 + (16 − 1)·1 = 18, stride 16\n"
    )
    assert run(["explain", TWO, "flow"]) == 0
    assert capsys.readouterr().out == (
        "flow: input\n  output  16x16x2\n  memory  16·16·2 values · 4 bytes = 2,048 bytes\n"
    )


def test_json_has_every_input() -> None:
    data = json.loads(cnncalc.load(TWO).to_json())
    assert data["input"] == [32, 32, 3]
    assert data["inputs"] == [
        {"name": "rgb", "layer": 1, "input": [32, 32, 3]},
        {"name": "flow", "layer": 4, "input": [16, 16, 2]},
    ]
    add = data["layers"][5]
    assert add["receptive_field"] == {"size": [3, 3], "stride": [2, 2]}
    assert add["receptive_fields"] == {
        "rgb": {"size": [3, 3], "stride": [2, 2]},
        "flow": {"size": [3, 3], "stride": [1, 1]},
    }
    assert data["layers"][0]["layer"] == "input"
    assert "inputs" not in json.loads(cnncalc.load("conv 3x3x4", input="8x8x3").to_json())


def test_compare_has_every_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", TWO, "input 32x32x3, conv 3x3x8"]) == 0
    rows = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines()[2:] if line)
    assert rows["input"].split("   ")[0] == "rgb 32x32x3, flow 16x16x2"
    assert rows["layers"].split()[:2] == ["6", "1"]


@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory", "draw", "report", "compare"])
def test_every_command_answers(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([command, TWO, *([TWO] if command == "compare" else [])]) == 0
    assert not capsys.readouterr().err
