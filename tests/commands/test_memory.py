"""``cnncalc memory``: what is printed, and the status."""

from __future__ import annotations

import csv
import io
import json

import pytest

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.gpus import GPUS, gpu_named
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
        "budget  the largest batch for 191 MiB is 45; a batch of 64 does not fit: it takes 76.7 MiB too much\n"
        "peak    280,425,472 bytes, in the backward pass at relu2\n"
        "of      a training step of 64 images, float32, sgd (momentum 0.9, weight decay 0.0005, foreach), on cuda\n"
        "layers  conv1 64.0 MiB, conv2 64.0 MiB are the largest of the 128 MiB of activations\n"
        "--accumulate 2 lowers the peak by 129 MiB to 138 MiB (2 passes of 32 images in each step)\n"
        "--precision bf16 lowers the peak by 126 MiB to 141 MiB (autocast to bf16)\n"
        "not counted: the CUDA context, cuDNN's workspaces, and what fragmentation wastes\n"
    )


def test_the_status_says_whether_a_step_fits_into_the_budget(cnncalc: Cnncalc) -> None:
    """The status is 0 within a budget, and 1 beyond it; without one there is nothing to fail."""
    assert cnncalc("memory", *TWO, "--batch", "8", "--budget", "1GiB").status == 0
    assert cnncalc("memory", *TWO, "--batch", "8", "--budget", "1000000B").status == 1
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


@pytest.mark.parametrize(
    ("written", "card"),
    [
        ("RTX 3060", "rtx3060"),
        ("NVIDIA GeForce RTX 3060 12GB", "rtx3060"),
        ("rtx 3060 8gb", "rtx3060-8gb"),
        ("4090", "rtx4090"),
        ("Tesla T4", "t4"),
        ("RTX A6000", "a6000"),
        ("A100-SXM4-80GB", "a100-80gb"),
        ("NVIDIA A100 40GB PCIe", "a100"),
        ("GTX 1080 Ti 11GB", "gtx1080ti"),
        ("Jetson Orin Nano 8GB", "jetson-orin-nano"),
        ("jetson nano", "jetson-nano"),
        ("RTX 3060 16GB", None),
        ("RTX 4090 Laptop", None),
        ("8gb", None),
        ("", None),
    ],
)
def test_cards_are_known_however_they_are_spelled(written: str, card: str | None) -> None:
    """The maker, the form and the memory on the box may be said; another memory is another card."""
    assert gpu_named(written) == card


def test_every_card_is_known_by_its_own_name() -> None:
    assert [gpu_named(name) for name in GPUS] == list(GPUS)


def test_a_jetson_shares_its_memory_with_the_system() -> None:
    """It hands out less than a card of the same size."""
    assert GPUS["jetson-orin-nano"].budget < GPUS["rtx4060"].budget - 1024**3


@pytest.mark.parametrize(("written", "kept"), [("float16", "fp16"), ("FP16", "fp16"), ("bfloat16", "bf16")])
def test_precisions_have_two_spellings(cnncalc: Cnncalc, written: str, kept: str) -> None:
    """The name of the type and the name that training uses mean the same, here and in Python."""
    call = ("memory", *TWO, "--batch", "3", "--format", "json")
    data = json.loads(cnncalc(*call, "--precision", written).out)
    assert (data["assumptions"]["precision"], data["assumptions"]["batch"]) == (kept, 3)
    assert TrainingSetup(precision=written.lower()) == TrainingSetup(precision=kept)


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


def test_csv_has_the_parts_in_bytes(cnncalc: Cnncalc) -> None:
    """The parts, in bytes."""
    rows = list(csv.DictReader(io.StringIO(cnncalc("memory", *TWO, "--format", "csv").out)))
    assert rows[0] == {"part": "parameters", "bytes": "158720"}


@pytest.mark.parametrize(
    ("text", "size"), [("1GiB", 2**30), ("1.5 GB", 1_500_000_000), ("2m", 2_000_000), ("77 bytes", 77)]
)
def test_a_budget_has_binary_or_decimal_units(cnncalc: Cnncalc, text: str, size: int) -> None:
    """Binary and decimal units, or bytes."""
    data = json.loads(cnncalc("memory", *TWO, "--budget", text, "--format", "json").out)
    assert data["budget_bytes"] == size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--budget", "much"),
            "error[usage]: Invalid value for '--budget': write 24GiB, 24GB or 500MB, not 'much'\n"
            "  = see `cnncalc memory --help`\n",
        ),
        (
            ("--budget", "8"),
            "error[usage]: Invalid value for '--budget': it has no unit: write 8GB, 8GiB or 8B (bytes), not '8'\n"
            "  = see `cnncalc memory --help`\n",
        ),
        (
            ("--gpu", "RTX 3060 16GB"),
            "error[usage]: Invalid value for '--gpu': there is no card 'RTX 3060 16GB'; did you mean rtx3060-8gb or "
            "rtx5060ti-16gb or rtx4060ti-16gb? Or give its memory: --budget 24GiB\n"
            "  = see `cnncalc memory --help`\n",
        ),
        (
            ("--budget", "1GiB", "--gpu", "t4"),
            "error[usage]: give either --gpu or --budget, not both\n  = see `cnncalc memory --help`\n",
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
    assert done.err == ("error[usage]: --saved is for float32, bf16, fp16, not int8\n  = see `cnncalc shapes --help`\n")


def test_a_network_without_layers_holds_its_input(cnncalc: Cnncalc) -> None:
    """A repeat of nothing is a network, and its images are there."""
    done = cnncalc("memory", "relu*0", "--input", "8x8x2", "--inference", "--batch", "7", "--device", "cpu")
    assert done.status == 0
    assert f"peak  {7 * 8 * 8 * 2 * 4:,} bytes, in the forward pass at the input\n" in done.out


def test_what_is_said_of_training_is_refused_for_an_inference(cnncalc: Cnncalc) -> None:
    done = cnncalc("memory", "lenet5", "--inference", "--accumulate", "2")
    assert (done.status, done.err) == (
        2,
        "error[usage]: --accumulate has no effect with --inference; leave it out\n  = see `cnncalc memory --help`\n",
    )
