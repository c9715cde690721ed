from __future__ import annotations

import csv
import io
import json

from tests.commands.conftest import Cnncalc


def test_the_sum_share_and_bar_of_every_layer(cnncalc: Cnncalc) -> None:
    """The lecture's exercise: ten 5x5 filters on three channels have (5·5·3 + 1)·10 parameters."""
    done = cnncalc("params", "conv 5x5x10 s1 p2 - relu - conv 1x1x4", "--input", "32x32x3")
    assert done.out == (
        "name    layer                         parameters   share\n"
        "──────────────────────────────────────────────────────────────────────────────\n"
        "conv1   conv 5x5x10 s1 p2   (5·5·3 + 1)·10 = 760   94.5%   ██████████████████▉\n"
        "conv2   conv 1x1x4           (1·1·10 + 1)·4 = 44    5.5%   █▏\n"
        "\n"
        "total                                        804\n"
        "\n"
        "parameters  804 · 4 bytes (float32) = 3.1 KiB\n"
        "1 layer has none\n"
    )


def test_no_bias_counts_as_the_lectures_vgg_table(cnncalc: Cnncalc) -> None:
    """CONV3-64 on 3 channels: (3·3·3)·64 = 1,728."""
    done = cnncalc("params", "conv3-64", "--input", "224x224x3", "--no-bias", "--format", "json")
    layer = json.loads(done.out)["layers"][0]
    assert layer["sum"] == "3·3·3·64"
    assert layer["params"] == 3 * 3 * 3 * 64 == 1728


def test_csv_has_plain_numbers(cnncalc: Cnncalc) -> None:
    """Programs get the sum and its result apart, without separators or units."""
    out = cnncalc("params", "fc 4096", "--input", "7x7x512", "--format", "csv").out
    assert list(csv.DictReader(io.StringIO(out))) == [
        {"name": "fc1", "layer": "fc 4096", "sum": "(7·7·512 + 1)·4096", "params": str((7 * 7 * 512 + 1) * 4096)}
    ]


def test_a_network_without_parameters(cnncalc: Cnncalc) -> None:
    """Nothing to divide by is no reason to fail."""
    done = cnncalc("params", "relu", "--input", "4x4x1")
    assert done.status == 0
    assert done.out.splitlines()[-1] == "1 layer has none"


def test_layers_that_share_weights_are_named_apart(cnncalc: Cnncalc) -> None:
    """They have parameters, which stand where the first of them is: 3·3·8·8 + 8."""
    spec = "conv 3x3x8 p1 weights=w - relu - (conv 3x3x8 p1 weights=w)*2"
    lines = cnncalc("params", spec, "--input", "8x8x8").out.splitlines()
    assert lines[-3].startswith("parameters  584 ")
    assert lines[-2:] == ["1 layer has none", "2 layers have the weights of an earlier layer"]
