"""The arena, the interpreter's own: TensorFlow Lite Micro loads the graph and says what it allocated.

``interpreter.csv`` has what it said of networks that TensorFlow converted from the model of Keras, as
``python benchmarks/mcu.py -o tests/microcontrollers/interpreter.csv`` wrote it; the others are written and loaded here.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.core.errors import SpecError
from cnncalc.microcontrollers.arena import arena_of
from cnncalc.microcontrollers.converter import convert
from cnncalc.microcontrollers.flash import flash_of
from cnncalc.microcontrollers.operators import KERNELS
from cnncalc.microcontrollers.structs import PYTHON

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("interpreter.csv")

KERNEL_BY_KERNEL = (
    "conv 3x3x8 s2 same - relu - dwconv 3x3 same nobias - bn - relu6 - conv 1x1x4 - gap - fc 3 - softmax",
    "conv 3x3x8 - maxpool 2x2 - avgpool 3x3 s2 - gmp - fc 7 - logsoftmax",
    "conv 3x3x8 same - a: relu - add( conv 3x3x8 same | identity ) - relu - bn - relu - concat( @a | conv 1x1x4 )",
    "conv 3x3x4 - leakyrelu - conv 3x3x4 - prelu - conv 3x3x4 - tanh - conv 3x3x4 - sigmoid - conv 1x1x2 - hardswish",
    "concat( conv 3x3x4 | conv 3x3x4 ) - relu - relu6 - sub( conv 1x1x8 | conv 3x3x8 same ) - mul( | conv 1x1x8 )",
    "conv 3x3x4 s2 p1 floor - max( conv 1x1x4 | conv 1x1x4 - sigmoid ) - min( | conv 1x1x4 ) - upsample 2 bilinear",
    "deconv 3x3x4 s2 p1 - crop 1 - pad 2 - shuffle 2 - slice 0:2 - flatten - fc 5",
    "fc 9 - relu - add( fc 9 | identity ) - fc 4 nobias",
)


def load(spec: str, size: str = "12x12x3") -> Any:
    return cnncalc.load(spec, input=size, rounding="floor")


@pytest.mark.parametrize("spec", KERNEL_BY_KERNEL)
def test_the_arena_is_what_the_interpreter_says(spec: str, capfd: pytest.CaptureFixture[str]) -> None:
    """To the byte, tensors as planned and all that the interpreter allocates beside them."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    from tests.oracle.tflite_file import tflite_file

    graph = convert(load(spec))
    runtime.Interpreter.from_bytes(tflite_file(graph), arena_size=2**20).print_allocations()
    said = capfd.readouterr()
    printed = said.err + said.out
    total, head = (int(re.findall(rf"allocation {word} (\d+)", printed)[0]) for word in ("total", "head"))
    arena = arena_of(graph, PYTHON)
    assert (arena.used, arena.head) == (total, head)


@pytest.mark.parametrize("spec", KERNEL_BY_KERNEL)
def test_it_starts_with_what_it_needs_and_runs(spec: str) -> None:
    """With the least arena that is predicted, which is a multiple of 16."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    from tests.oracle.tflite_file import tflite_file

    graph = convert(load(spec))
    arena = arena_of(graph, PYTHON)
    assert arena.needed % 16 == 0
    interpreter = runtime.Interpreter.from_bytes(tflite_file(graph), arena_size=arena.needed)
    assert interpreter.invoke() == 0


def test_every_kernel_is_compared() -> None:
    compared = {operator.kind for spec in KERNEL_BY_KERNEL for operator in convert(load(spec)).operators}
    assert compared == set(KERNELS)


def rows() -> list[Any]:
    with TABLE.open(newline="") as file:
        return [pytest.param(row, id=f"{row['spec'][:40]} {row['input']}".strip()) for row in csv.DictReader(file)]


@pytest.mark.parametrize("row", rows())
def test_converted_networks(row: dict[str, str]) -> None:
    """The arena that was measured, and the weights in the file; the least arena is never below the interpreter's."""
    spec = ROOT / row["spec"] if row["spec"].startswith("examples/") else row["spec"]
    network = cnncalc.load(spec, input=row["input"] or None, rounding="floor")
    graph = convert(network)
    arena, flash = arena_of(graph, PYTHON), flash_of(graph, network)
    assert (arena.used, arena.head, flash.weights) == (int(row["arena"]), int(row["tensors"]), int(row["weights"]))
    assert int(row["least"]) <= arena.needed <= 1.009 * int(row["least"])
    assert abs(flash.bytes / int(row["file"]) - 1) < 0.3


def test_a_transposed_convolution_without_a_bias() -> None:
    """The generator of DCGAN: four of them have a crop before the norm, which cannot become their bias."""
    network = cnncalc.load("dcgan_generator")
    graph = convert(network)
    assert (arena_of(graph, PYTHON).used, flash_of(graph, network).weights) == (414_496, 3_577_728)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deconv 2x2x8 s2 nobias - hardsigmoid", "hardsigmoid"),
        ("deconv 2x2x8 s2 nobias - plus 3", "plus"),
        ("deconv 2x2x8 s2 nobias - times 2 - plus 3", "plus"),
    ],
)
def test_a_sum_behind_a_transposed_convolution_without_a_bias(text: str, said: str) -> None:
    """TensorFlow 2.21 stops: ``NumElements(bias) != SizeOfDimension(weights, 0) (1 != 8)``."""
    with pytest.raises(SpecError) as caught:
        convert(cnncalc.load(f"{text} - conv 3x3x4", input="8x8x4"))
    assert caught.value.code == "not-in-format"
    assert caught.value.message == (
        f"`{said}1`: TensorFlow's converter cannot put the sum of `{said}` into a `deconv nobias`"
    )
    assert list(caught.value.hints) == ["leave out `nobias`, or put a `bn` between the two"]


@pytest.mark.parametrize(
    "text",
    [
        "deconv 2x2x8 s2 nobias - bn - hardsigmoid",
        "deconv 2x2x8 s2 - plus 3",
        "deconv 2x2x1 s2 nobias - hardsigmoid",
    ],
)
def test_a_sum_behind_other_transposed_convolutions(text: str) -> None:
    """With a bias, also that of a norm, and with a single filter TensorFlow 2.21 converts them."""
    graph = convert(cnncalc.load(f"{text} - conv 3x3x4", input="8x8x4"))
    assert graph.operators[0].kind == "TRANSPOSE_CONV"


def test_an_activation_behind_a_transposed_convolution_without_a_bias() -> None:
    """It stays an operator of its own: what was measured of this network."""
    network = cnncalc.load("deconv 2x2x8 s2 nobias - relu - deconv 3x3x3 s2 p1 nobias - bn", input="8x8x4")
    graph = convert(network)
    assert [operator.kind for operator in graph.operators[:2]] == ["TRANSPOSE_CONV", "RELU"]
    assert (arena_of(graph, PYTHON).used, flash_of(graph, network).weights) == (20_496, 350)
