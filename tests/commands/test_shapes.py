from __future__ import annotations

import csv
import io
import json

from tests.commands.conftest import Cnncalc

SMALL = "conv 5x5x10 s1 p2 - relu - pool2 - fc 10"


def test_the_table_has_a_row_per_layer_and_totals_with_units(cnncalc: Cnncalc) -> None:
    """Every number is exact; memory names its unit, and the lines below say what was counted."""
    done = cnncalc("shapes", SMALL, "--input", "32x32x3")
    assert done.err == ""
    assert done.status == 0
    assert done.out == (
        "name    layer               output     parameters   activations      MACs   receptive field /stride\n"
        "───────────────────────────────────────────────────────────────────────────────────────────────────\n"
        "input                       32x32x3                    12.0 KiB\n"
        "conv1   conv 5x5x10 s1 p2   32x32x10          760      40.0 KiB   768,000   5x5 /1\n"
        "relu1   relu                32x32x10            0      40.0 KiB         0   5x5 /1\n"
        "pool1   pool2               16x16x10            0      10.0 KiB         0   6x6 /2\n"
        "fc1     fc 10               1x1x10         25,610          40 B    25,600   36x36 /32\n"
        "\n"
        "total                       1x1x10         26,370       102 KiB   793,600\n"
        "\n"
        "parameters   26,370 (26,350 weights + 20 biases) · 4 bytes (float32) = 103 KiB\n"
        "activations  26,122 values (input and every output) · 4 bytes (float32) = 102 KiB\n"
        "MACs         793,600 multiplications for one image\n"
        "layers       2 with weights: 1 convolutional, 1 fully connected\n"
    )


def test_explain_puts_the_arithmetic_beside_the_numbers(cnncalc: Cnncalc) -> None:
    """The sums are those of the lecture: (W − F + 2P)/S + 1, and a + 1 for the bias."""
    out = cnncalc("shapes", SMALL, "--input", "32x32x3", "--explain").out
    assert "(32 − 5 + 2·2)/1 + 1 = 32" in out
    assert "(5·5·3 + 1)·10 = 760" in out
    assert "32·32·10·5·5·3 = 768,000" in out
    assert "(16·16·10 + 1)·10 = 25,610" in out


BLOCKS = """
input 8x8x4
block twice(n)
  conv 3x3x{n} p1 - relu
end
block outer(n)
  twice({n}) - twice({n})
end
outer(4) - outer(8)
"""


def _names(text: str) -> list[str]:
    return [line.split("   ")[0].rstrip() for line in text.splitlines()[2:] if line and not line.startswith("─")]


def test_nested_blocks_read_as_a_tree(cnncalc: Cnncalc) -> None:
    """A block is a line of its own, and what is in it stands further in."""
    lines = cnncalc("shapes", BLOCKS).out.splitlines()
    assert [line.rstrip()[:24].rstrip() for line in lines[2:8]] == [
        "input",
        "outer1      outer(4)",
        "  twice1    twice(4)",
        "    conv1   conv 3x3x4 p",
        "    relu1   relu",
        "  twice2    twice(4)",
    ]


def test_depth_folds_blocks_into_one_row_with_their_sums(cnncalc: Cnncalc) -> None:
    """At depth 1 only the top level is left: 2·(3·3·4 + 1)·4, then (3·3·4 + 1)·8 + (3·3·8 + 1)·8."""
    rows = list(csv.DictReader(io.StringIO(cnncalc("shapes", BLOCKS, "--depth", "1", "--format", "csv").out)))
    assert [row["name"] for row in rows] == ["input", "outer1", "outer2"]
    assert [row["params"] for row in rows[1:]] == [
        str(2 * (3 * 3 * 4 + 1) * 4),
        str((3 * 3 * 4 + 1) * 8 + (3 * 3 * 8 + 1) * 8),
    ]
    assert [row["macs"] for row in rows[1:]] == [
        str(2 * 8 * 8 * 4 * 3 * 3 * 4),
        str(8 * 8 * 8 * 3 * 3 * 4 + 8 * 8 * 8 * 3 * 3 * 8),
    ]
    two = list(csv.DictReader(io.StringIO(cnncalc("shapes", BLOCKS, "--depth", "2", "--format", "csv").out)))
    assert [row["name"].strip() for row in two] == ["input", "outer1", "twice1", "twice2", "outer2", "twice1", "twice2"]


def test_json_follows_the_schema(cnncalc: Cnncalc) -> None:
    """The input is not among the layers, but its bytes are in the total; a vector is [1, 1, n]."""
    data = json.loads(cnncalc("shapes", SMALL, "--input", "32x32x3", "--format", "json", "--batch", "2").out)
    assert data["schema"] == "cnncalc/2"
    assert data["input"] == [32, 32, 3]
    assert [layer["name"] for layer in data["layers"]] == ["conv1", "relu1", "pool1", "fc1"]
    assert data["layers"][0] == {
        "index": 1,
        "name": "conv1",
        "line": 1,
        "layer": "conv 5x5x10 s1 p2",
        "inputs": [0],
        "output": [32, 32, 10],
        "params": (5 * 5 * 3 + 1) * 10,
        "weights": 5 * 5 * 3 * 10,
        "biases": 10,
        "macs": 32 * 32 * 10 * 5 * 5 * 3,
        "activation_bytes": 2 * 4 * 32 * 32 * 10,
        "receptive_field": {"size": [5, 5], "stride": [1, 1]},
        "dropped": [0, 0],
    }
    assert data["layers"][-1]["output"] == [1, 1, 10]
    values = 32 * 32 * 3 + 2 * 32 * 32 * 10 + 16 * 16 * 10 + 10
    assert data["total"] == {
        "params": 760 + 25610,
        "weights": 750 + 25600,
        "biases": 20,
        "macs": 768_000 + 25_600,
        "activation_bytes": 2 * 4 * values,
        "parameter_bytes": 4 * (760 + 25610),
    }


def test_half_precision_halves_the_bytes(cnncalc: Cnncalc) -> None:
    """--dtype is what a value takes: 2 bytes for bfloat16."""
    data = json.loads(cnncalc("shapes", "relu", "--input", "4x4x2", "--dtype", "bfloat16", "--format", "json").out)
    assert data["layers"][0]["activation_bytes"] == 4 * 4 * 2 * 2


def test_what_a_floor_drops_is_said(cnncalc: Cnncalc) -> None:
    """With stride 2 on 32 rows, a 3x3 window never reads the last one."""
    done = cnncalc("shapes", "p: pool 3x3 s2 floor", "--input", "32x32x3")
    assert done.out.splitlines()[-1] == "p: the last row and column are never read"


def test_layers_that_have_seen_everything_are_flagged(cnncalc: Cnncalc) -> None:
    """The third 5x5 convolution looks at values that have seen 9x9 of an 8x8 image."""
    done = cnncalc("shapes", "(conv 5x5x4 p2)*3", "--input", "8x8x1")
    assert done.out.splitlines()[-1] == (
        "conv3: every value in its window has seen the whole input already (unproductive)"
    )


def test_a_wrong_total_of_the_lecture_is_a_note(cnncalc: Cnncalc) -> None:
    """The table is accepted; the note goes to standard error, so that piped output stays clean."""
    table = (
        "INPUT: [4x4x1] memory: 4*4*1=16 params: 0\n"
        "POOL2: [2x2x1] memory: 2*2*1=4 params: 0\n"
        "TOTAL memory: 24M * 4 bytes"
    )
    done = cnncalc("shapes", "-", stdin=table.encode())
    assert done.status == 0
    assert done.err == (
        "note[wrong-total]: the table's total of 24,000,000 values is not the sum of its rows, 20\n"
        "  --> standard input:3:15\n"
        "   |\n"
        " 3 | TOTAL memory: 24M * 4 bytes\n"
        "   |               ^^^\n"
    )


def test_a_single_number_is_no_sum(cnncalc: Cnncalc) -> None:
    """What is no product is not written as one, and one of a thing has no plural: 1 + 1 parameters of a bn."""
    out = cnncalc("shapes", "prelu perchannel", "--input", "4x4x16", "--explain").out
    assert "16 = 16" not in out
    assert "16 (16 weights + 0 biases)" in out
    assert "(1 weight + 1 bias)" in cnncalc("shapes", "bn", "--input", "1x1x1").out


def test_other_words_for_a_type_are_taken(cnncalc: Cnncalc) -> None:
    """``fp16`` is float16, and a batch may be called by either of its names."""
    assert cnncalc("shapes", "vgg16", "--dtype", "fp16", "--batch", "2").out == (
        cnncalc("shapes", "vgg16", "--dtype", "float16", "--batch", "2").out
    )


def test_the_layers_in_front_of_a_fault_are_shown(cnncalc: Cnncalc) -> None:
    """On standard error, so that a program that reads the table gets none."""
    done = cnncalc("shapes", "conv 3x3x4 p1 - pool2 - pool2 - fc 3", "--input", "6x6x1")
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "name    layer           output   parameters   activations    MACs   receptive field /stride\n"
        "───────────────────────────────────────────────────────────────────────────────────────────\n"
        "input                   6x6x1                       144 B\n"
        "conv1   conv 3x3x4 p1   6x6x4            40         576 B   1,296   3x3 /1\n"
        "pool1   pool2           3x3x4             0         144 B       0   4x4 /2\n"
        "\n"
        "error[does-not-fit]: a 2x2 window with stride 2 does not fit a 3x3 input\n"
        "  --> text:1:25\n"
        "   |\n"
        " 1 | conv 3x3x4 p1 - pool2 - pool2 - fc 3\n"
        "   |                         ^^^^^ (3 − 2 + 2·0)/2 + 1 = 1 1/2\n"
        "   |\n"
        "   = fits with: stride 1 → 2x2, padding 0:1 → 2x2, kernel 3x3 → 1x1, input 4x4 or 8x8\n"
        "   = or write `floor`, as PyTorch does → 1x1 (the last row and column are never read)\n"
    )


def test_of_many_layers_in_front_of_a_fault_the_last_are_shown(cnncalc: Cnncalc) -> None:
    err = cnncalc("shapes", "relu*50 - conv 3x3x4 s3", "--input", "7x7x1").err
    assert err.splitlines()[2].startswith("relu21 ") and "\nrelu50 " in err
    assert "\nthe 21 rows in front of these are not shown\n\nerror[does-not-fit]" in err


def test_programs_get_the_error_alone(cnncalc: Cnncalc) -> None:
    """As JSON it stays one object."""
    err = cnncalc("shapes", "relu - conv 3x3x4 s3", "--input", "7x7x1", "--format", "json").err
    assert json.loads(err)["code"] == "does-not-fit"
    assert cnncalc("shapes", "relu - conv 3x3x4 s3", "--input", "7x7x1", "--format", "csv").err.startswith("error[")
