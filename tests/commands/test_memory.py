"""``cnncalc memory``: what is printed, and the status."""

from __future__ import annotations

import csv
import io
import json

import pytest

from cnncalc.analysis.memory.gpus import GPUS
from tests.commands.conftest import Cnncalc

TWO = ("conv 3x3x64 p1 - relu - conv 3x3x64 p1 - relu - gap - fc 10", "--input", "64x64x3")


def test_the_table(cnncalc: Cnncalc) -> None:
    """The parts of the peak, when it is, what was assumed, who holds most, what fits, and what would take less."""
    done = cnncalc("memory", *TWO, "--batch", "64", "--budget", "200MB")
    assert done.status == 1
    assert done.out == (
        "alive at the peak           memory   share\n"
        "───────────────────────────────────────────────────────\n"
        "parameters                 155 KiB    0.1%   ▏\n"
        "optimizer state            155 KiB    0.1%   ▏\n"
        "images and labels          3.0 MiB    1.1%   ▎\n"
        "cuBLAS workspace           8.1 MiB    3.0%   ▋\n"
        "activations                128 MiB   47.9%   █████████▋\n"
        "gradients of parameters    3.0 KiB   <0.1%   ▏\n"
        "gradients of activations   128 MiB   47.9%   █████████▋\n"
        "\n"
        "peak                       267 MiB\n"
        "\n"
        "peak    280,425,472 bytes, in the backward pass at relu2\n"
        "of      a training step of 64 images, float32, sgd (momentum 0.9, weight decay 0.0005, foreach), on cuda\n"
        "layers  conv1 64.0 MiB, conv2 64.0 MiB hold most of the 128 MiB of activations\n"
        "budget  191 MiB: does not fit, 76.7 MiB too much; the largest batch is 45\n"
        "--accumulate 2 saves 129 MiB (2 passes of 32 images in each step): 138 MiB are left\n"
        "--precision bf16 saves 126 MiB (autocast to bf16): 141 MiB are left\n"
        "not counted: the CUDA context, cuDNN's workspaces, and what fragmentation wastes\n"
    )


def test_it_fits(cnncalc: Cnncalc) -> None:
    """The status is 0 within a budget, and 1 beyond it; without one there is nothing to fail."""
    assert cnncalc("memory", *TWO, "--batch", "8", "--budget", "1GiB").status == 0
    assert cnncalc("memory", *TWO, "--batch", "8", "--budget", "1000000").status == 1
    assert cnncalc("memory", *TWO, "--batch", "8000").status == 0


def test_json_names_what_was_assumed(cnncalc: Cnncalc) -> None:
    """Each setting with the value that holds; momentum and weight decay are sgd's own."""
    data = json.loads(cnncalc("memory", *TWO, "--batch", "4", "--format", "json").out)
    assert data["assumptions"] | {"loss": "", "zero_grad": "", "not_counted": ""} == {
        "batch": 4,
        "optimizer": "sgd",
        "implementation": "foreach",
        "precision": "float32",
        "momentum": 0.9,
        "weight_decay": 0.0005,
        "accumulate": 1,
        "ema": False,
        "checkpointing": False,
        "inplace": True,
        "inference": False,
        "device": "cuda",
        "workspace_bytes": 8_519_680,
        "images_per_pass": 4,
        "loss": "",
        "zero_grad": "",
        "not_counted": "",
    }
    assert sum(data["parts"].values()) == data["peak_bytes"]
    assert data["budget_bytes"] is data["fits"] is data["largest_batch"] is None


def test_json_of_a_card(cnncalc: Cnncalc) -> None:
    """A card stands for its memory; on Hopper cuBLAS takes more."""
    data = json.loads(cnncalc("memory", "resnet18", "--gpu", "H100", "--format", "json").out)
    assert data["budget_bytes"] == GPUS["h100"].budget
    assert data["assumptions"]["workspace_bytes"] == 32 * 1024 * 1024
    assert data["fits"] is True
    assert data["largest_batch"] > 1000


def test_json_has_advice_with_its_gain(cnncalc: Cnncalc) -> None:
    """The best first; each says what is left."""
    data = json.loads(cnncalc("memory", "resnet18", "--batch", "64", "--no-inplace", "--format", "json").out)
    options = [change["option"] for change in data["advice"]]
    assert {"--precision bf16", "--checkpointing", "--accumulate 2"} <= set(options)
    for change in data["advice"]:
        assert change["peak_bytes"] + change["gain_bytes"] == data["peak_bytes"]
    gains = [change["gain_bytes"] for change in data["advice"]]
    assert gains == sorted(gains, reverse=True)


def test_advice_comes_true(cnncalc: Cnncalc) -> None:
    """Who follows it gets the peak that it names."""
    call = ("memory", "mobilenet_v2", "--batch", "32", "--format", "json")
    for change in json.loads(cnncalc(*call).out)["advice"]:
        assert json.loads(cnncalc(*call, *change["option"].split()).out)["peak_bytes"] == change["peak_bytes"]


def test_csv(cnncalc: Cnncalc) -> None:
    """The parts, in bytes."""
    rows = list(csv.DictReader(io.StringIO(cnncalc("memory", *TWO, "--format", "csv").out)))
    assert rows[0] == {"part": "parameters", "bytes": "158720"}


@pytest.mark.parametrize(("text", "size"), [("1GiB", 2**30), ("1.5 GB", 1_500_000_000), ("2m", 2_000_000), ("77", 77)])
def test_budgets(cnncalc: Cnncalc, text: str, size: int) -> None:
    """Binary and decimal units, or bytes."""
    data = json.loads(cnncalc("memory", *TWO, "--budget", text, "--format", "json").out)
    assert data["budget_bytes"] == size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--budget", "much"),
            "error[usage]: Invalid value for '--budget': write it as 24GiB, 24GB or a number of bytes, not 'much'\n"
            "  = see `cnncalc memory --help`\n",
        ),
        (
            ("--budget", "1GiB", "--gpu", "t4"),
            "error[usage]: --gpu and --budget say the same thing; leave one of them out\n"
            "  = see `cnncalc memory --help`\n",
        ),
        (
            ("--device", "cpu", "--gpu", "t4"),
            "error[usage]: --gpu is for --device cuda\n  = see `cnncalc memory --help`\n",
        ),
        (
            ("--optimizer", "rmsprop", "--optimizer-impl", "fused"),
            "error[bad-option]: rmsprop has no fused step\n  = write foreach or loop\n",
        ),
        (
            ("--batch", "2", "--accumulate", "3"),
            "error[out-of-range]: a batch of 2 cannot be split into 3 passes\n"
            "  = accumulate at most as many passes as there are images\n",
        ),
    ],
)
def test_what_cannot_be(cnncalc: Cnncalc, arguments: tuple[str, ...], message: str) -> None:
    """One clear error, and nothing printed."""
    done = cnncalc("memory", *TWO, *arguments)
    assert done.status in (1, 2)
    assert (done.out, done.err) == ("", message)


def test_shapes_shows_what_is_saved(cnncalc: Cnncalc) -> None:
    """A convolution keeps its input, a ReLU its output, which the next layer need not keep again."""
    call = ("shapes", "conv 1x1x4 - relu - conv 1x1x2", "--input", "8x8x3", "--saved")
    data = json.loads(cnncalc(*call, "--format", "json").out)
    assert [layer["saved_bytes"] for layer in data["layers"]] == [8 * 8 * 3 * 4, 8 * 8 * 4 * 4, 0]
    assert data["total"]["saved_bytes"] == 8 * 8 * 3 * 4 + 8 * 8 * 4 * 4
    rows = list(csv.DictReader(io.StringIO(cnncalc(*call, "--format", "csv").out)))
    assert [row["saved_bytes"] for row in rows] == ["", "768", "1024", "0"]
    assert "saved for backward" in cnncalc(*call, "--explain", "--depth", "1").out


def test_what_is_saved_needs_a_type_that_is_trained_in(cnncalc: Cnncalc) -> None:
    """There is no autocast to int8."""
    done = cnncalc("shapes", "relu", "--input", "4x4x1", "--saved", "--dtype", "int8")
    assert done.status == 2
    assert done.err == (
        "error[usage]: --saved is for float32, bfloat16, float16, not int8\n  = see `cnncalc shapes --help`\n"
    )
