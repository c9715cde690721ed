"""``cnncalc.bound_time`` and ``cnncalc.measure_time``: what a program asks about time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc import ArgumentError, ArgumentTypeError, SpecError
from cnncalc.commands.cli import run
from tests.refusals import assert_refused

NET = cnncalc.load("input 32x32x64, conv 3x3x64 p1 - relu")
CARDS = "a10, a100, a100-80gb, a6000, b200, gtx1060, gtx1070, gtx1080, gtx1080ti, gtx1650, …"


def test_a_bound_is_the_larger_of_arithmetic_and_traffic() -> None:
    """2·32·32·64·3·3·64·64 FLOP at the 165.2 TFLOP/s of the card; the values of relu at its 1,008 GB/s."""
    bound = cnncalc.bound_time(NET, "RTX 4090", precision="bf16", batch=64)
    convolution, relu = bound.rows
    assert (convolution.seconds, convolution.bound_by) == (2 * 32 * 32 * 64 * 3 * 3 * 64 * 64 / 165.2e12, "compute")
    assert (relu.seconds, relu.bound_by) == (2 * 32 * 32 * 64 * 64 * 2 / 1008e9, "memory")
    assert bound.seconds == convolution.seconds + relu.seconds
    assert bound.images_per_second == 64 / bound.seconds


@pytest.mark.parametrize("training", [False, True])
def test_the_command_says_the_same(capsys: pytest.CaptureFixture[str], training: bool) -> None:
    options = ("--training", "--optimizer", "adamw") if training else ()
    assert run(["time", "lenet5", "--gpu", "a100", "--batch", "8", "--format", "json", *options]) == 0
    settings: dict[str, Any] = {"training": True, "optimizer": "adamw"} if training else {}
    bound = cnncalc.bound_time(cnncalc.load("lenet5"), "a100", batch=8, **settings)
    assert bound.seconds == json.loads(capsys.readouterr().out)["total"]["seconds"]
    assert (bound.step is None) == (not training)


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    """A multiply-add of 64·64·3·3 weights for each of 32·32 places takes 2 FLOP, at 1 TFLOP/s."""
    path = tmp_path / "cards.csv"
    path.write_text("name,memory_mib,bandwidth_gb_s,float32_tflops\nmine,1024,1000,1\n")
    assert cnncalc.bound_time(NET, "mine", cards=path).rows[0].seconds == 2 * 64 * 64 * 3 * 3 * 32 * 32 / 1e12
    with pytest.raises(ArgumentError) as raised:
        cnncalc.bound_time(NET, "h100", cards=path)
    assert str(raised.value) == "there is no gpu `h100`\n  = there are mine"


def test_what_is_measured_and_its_bound() -> None:
    """The machine that was measured is what the bound is asked for."""
    measured = cnncalc.measure_time(NET, batch=2, threads=1, rounds=1)
    bound = cnncalc.bound_time(NET, measured.machine, batch=2)
    assert measured.rounds == 1
    assert len(measured.layers) == len(NET) == len(bound.rows)
    assert measured.whole > 0
    assert bound.machine is measured.machine


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: cnncalc.bound_time("vgg16", "h100"),  # type: ignore[arg-type]
            ArgumentTypeError,
            "network is a Network, not a str\n  = load it first: cnncalc.load(spec)",
        ),
        (lambda: cnncalc.bound_time(NET, "h10"), ArgumentError, "there is no gpu `h10`\n  = did you mean h100 or a10?"),
        (lambda: cnncalc.bound_time(NET, "abacus"), ArgumentError, f"there is no gpu `abacus`\n  = there are {CARDS}"),
        (lambda: cnncalc.bound_time(NET, 4090), ArgumentTypeError, f"gpu is one of {CARDS}, not 4090 (an int)"),  # type: ignore[arg-type]
        (lambda: cnncalc.bound_time(NET, "h100", cards=3), ArgumentTypeError, "cards is a path, not 3 (an int)"),  # type: ignore[arg-type]
        (lambda: cnncalc.bound_time(NET, "h100", batch=0), ArgumentError, "batch is at least 1, not 0"),
        (
            lambda: cnncalc.bound_time(NET, "h100", precision="int8", training=True),
            ArgumentError,
            "nothing is trained in int8\n  = a training step is in bf16, float32, fp16, tf32",
        ),
        (
            lambda: cnncalc.bound_time(cnncalc.load("relu", input="8x8x3"), "h100", training=True),
            SpecError,
            "the network has no parameters, so there is nothing to train",
        ),
        (
            lambda: cnncalc.bound_time(NET, "v100", precision="bf16"),
            SpecError,
            "the table of cards has no peak of v100 in bf16; it has float32, fp16\n"
            "  = give one of these as the precision, such as float32",
        ),
        (
            lambda: cnncalc.measure_time(cnncalc.load("relu", input="8x8x3"), training=True),
            SpecError,
            "the network has no parameters, so there is nothing to train",
        ),
        (lambda: cnncalc.measure_time(NET, rounds=0), ArgumentError, "rounds is at least 1, not 0"),
        (lambda: cnncalc.measure_time(NET, threads=1025), ArgumentError, "threads is at most 1024, not 1025"),
        (lambda: cnncalc.measure_time(NET, device=0), ArgumentTypeError, 'device is "cpu" or "cuda", not an int'),  # type: ignore[arg-type]
        (
            lambda: cnncalc.measure_time(NET, device="mps"),
            ArgumentError,
            "time is measured on cpu and cuda, not on mps",
        ),
        (
            lambda: cnncalc.measure_time(NET, precision="int8"),
            ArgumentError,
            "time is measured in float32, bf16 and fp16 on cpu, not in int8",
        ),
        (
            lambda: cnncalc.measure_time(NET, processor_time=True),
            ArgumentError,
            "processor time is that of one thread of the CPU: give device cpu and threads 1",
        ),
        (
            lambda: cnncalc.measure_time(NET, processor_time=True, device="cuda", threads=1),
            ArgumentError,
            "processor time is that of one thread of the CPU: give device cpu and threads 1",
        ),
    ],
)
def test_a_wrong_argument_is_refused_by_name(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    assert_refused(call, kind, message)
