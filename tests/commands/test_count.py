"""``--count``: what other tools count, as people and programs read it."""

from __future__ import annotations

import csv
import io
import json

from tests.commands.conftest import Cnncalc

SPEC = ("conv 3x3x4 p1 - bn - relu - gn 2 - fc 10", "--input", "4x4x3")


def test_the_number_and_what_it_consists_of(cnncalc: Cnncalc) -> None:
    """thop has no rule for a group norm, and 4 for each of the 4·4·4 values of a batch norm: 64·27, 256, 64·10."""
    done = cnncalc("params", *SPEC, "--count", "thop")
    assert done.out == (
        "name    layer            thop   share   what it counts\n"
        "──────────────────────────────────────────────────────────────────────────────────\n"
        "conv1   conv 3x3x4 p1   1,728   65.9%   its multiplications; a bias counts nothing\n"
        "bn1     bn                256    9.8%   4 for each input value\n"
        "fc1     fc 10             640   24.4%   its multiplications; a bias counts nothing\n"
        "\n"
        "total                   2,624\n"
        "\n"
        "thop           2,624 operations, which it calls ops or MACs, for one image (thop 0.1.1.post2209072238)\n"
        "  Conv2d       1,728 in 1 call: its multiplications; a bias counts nothing\n"
        "  Linear       640 in 1 call: its multiplications; a bias counts nothing\n"
        "  BatchNorm2d  256 in 1 call: 4 for each input value\n"
        "cnncalc        2,368 MACs, 4,736 FLOPs: thop has 256 more than MACs\n"
        "parameters     770 of 778: thop passes over 8\n"
        "2 layers without a number: relu, gn\n"
        "It counts modules of the classes that it has rules for; of other modules, group norms among them, not even the"
        " parameters.\n"
        "A norm counts 4 for each value (2 without a learned scale).\n"
        "It passes over all functions, biases, activations, max pools, and sums and products.\n"
    )


def test_shapes_has_the_same_table(cnncalc: Cnncalc) -> None:
    """People look for multiplications there."""
    assert cnncalc("shapes", *SPEC, "--count", "ptflops") == cnncalc("params", *SPEC, "--count", "ptflops")


def test_csv_has_plain_numbers_and_the_parameters_of_the_tool(cnncalc: Cnncalc) -> None:
    """Plain numbers, with the tool's parameters and its rule."""
    rows = list(csv.DictReader(io.StringIO(cnncalc("params", *SPEC, "--count", "torchinfo", "--format", "csv").out)))
    assert [(row["name"], row["count"], row["params"]) for row in rows] == [
        ("conv1", str(112 * 16), "112"), ("bn1", "8", "8"), ("gn1", "8", "8"), ("fc1", "650", "650"),
    ]  # fmt: skip


def test_json_has_the_parts_of_every_layer(cnncalc: Cnncalc) -> None:
    """Every layer, with its parts; ptflops counts a ReLU as a module and as a function."""
    data = json.loads(cnncalc("params", *SPEC, "--count", "ptflops", "--format", "json").out)
    assert (data["counter"]["name"], data["counter"]["version"]) == ("ptflops", "0.7.5")
    assert data["layers"][2]["parts"] == [
        {"call": "ReLU", "function": False, "count": 64, "rule": "1 for each output value"},
        {"call": "relu", "function": True, "count": 64, "rule": "1 for each input value"},
    ]
    assert data["total"]["count"] == sum(layer["count"] for layer in data["layers"])
    assert data["total"]["macs"] == 64 * 27 + 640


def test_code_of_torchvision_that_is_written_otherwise(cnncalc: Cnncalc) -> None:
    """Published numbers of MobileNetV2 are those of torchvision's code, which calls its last pool as a function."""
    done = cnncalc("params", "mobilenet_v2", "--count", "thop")
    assert done.out.splitlines()[-1] == (
        "This is the number of the Python that `cnncalc export` writes. Of torchvision's own module thop counts"
        " 327,486,720, for its code differs: the average pool is called as a function."
    )
    data = json.loads(cnncalc("params", "mobilenet_v2", "--count", "thop", "--format", "json").out)
    assert data["torchvision"] == {"count": 327_486_720, "params": 3_504_872}
    assert data["total"]["count"] - data["torchvision"]["count"] == 1280 * (7 * 7 + 1)


def test_a_folded_repeat_is_one_row_with_the_sum_of_its_layers(cnncalc: Cnncalc) -> None:
    """Sixteen alike convolutions are one row: 16 · 4·4 · 3·3·3·3."""
    done = cnncalc("params", "(conv 3x3x3 p1 - relu)*16", "--input", "4x4x3", "--count", "fvcore", "--fold")
    assert done.out.splitlines()[2].split()[-3:-1] == [f"{16 * 16 * 81:,}", "100.0%"]


def test_options_and_networks_that_cannot_be_counted_are_refused(cnncalc: Cnncalc) -> None:
    """Options that say something else about the same table, and networks that PyTorch has no layers for."""
    for arguments, message in (
        (
            ("params", *SPEC, "--no-bias"),
            "--no-bias and --count exclude each other: the other tool says what it counts",
        ),
        (("shapes", *SPEC, "--saved"), "--count has a table of its own: leave out --depth, --explain and --saved"),
    ):
        done = cnncalc(*arguments, "--count", "thop")
        assert (done.status, done.err.splitlines()[0]) == (2, f"error[usage]: {message}")
    done = cnncalc("params", "relu", "--input", "2x2x2x2x1", "--count", "thop")
    assert (done.status, done.err) == (
        1, "error[not-in-pytorch]: PyTorch has layers for 3 spatial dimensions, not 4\n",
    )  # fmt: skip
    done = cnncalc("params", *SPEC, "--count", "deepspeed")
    assert done.err.splitlines()[0] == (
        "error[usage]: Invalid value for '--count': 'deepspeed' is not one of 'fvcore', 'thop', 'ptflops', 'torchinfo'."
    )
    done = cnncalc("params", *SPEC, "--count", "thop", "--count", "fvcore")
    message = "it is given twice; `cnncalc compare SPEC SPEC` takes several counters"
    assert done.err.splitlines()[0] == f"error[usage]: Invalid value for '--count': {message}"
