"""How near the predicted memory on a microcontroller comes to what the real interpreter reports.

    python -m venv mcu && mcu/bin/pip install . tensorflow==2.21.0 tflite-micro==0.dev20261023182759
    PYTHONPATH=. mcu/bin/python benchmarks/mcu.py [-o TABLE.csv] [NUMBER …]

Each network is written as a model of Keras, converted by TensorFlow with full int8 quantisation (a batch of 1, random
weights, two random images to calibrate), and loaded by TensorFlow Lite Micro's interpreter, which reports its arena.
The least arena is found by trying. The prediction is that of the Python package, of 64 bits, with compression and with
an allocator that records. ``-o`` writes the table that the tests compare with; numbers choose networks.
"""

from __future__ import annotations

import csv
import os
import platform
import re
import statistics
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tflite_micro.python.tflite_micro import runtime

from cnncalc.loading import load
from cnncalc.microcontrollers.arena import arena_of
from cnncalc.microcontrollers.converter import convert
from cnncalc.microcontrollers.flash import flash_of
from cnncalc.microcontrollers.structs import PYTHON
from cnncalc.network import Network
from cnncalc.to_foreign.keras_source import KerasSource
from tests.microcontrollers.random_networks import random_network

RESULTS = Path(__file__).resolve().parent / "results" / "mcu.txt"
LARGEST = 64 * 1024 * 1024
SEEDS = (*range(40), *range(1000, 1020))
"""Random networks: the first 40 were there while the prediction was written, the others were not."""

MADE = (
    "49x10x1; dwconv 10x4x64 s2 same - relu - (dwconv 3x3 same - bn - relu - conv 1x1x64 - bn - relu)*4 - gap - fc 12",
    "96x96x1; conv 3x3x8 s2 same - bn - relu6 - dwconv 3x3 same - bn - relu6 - conv 1x1x16 - gap - fc 2 - softmax",
    "16x16x3; conv 3x3x8 - concat( conv 1x1x4 - sigmoid - pool 2x2 | conv 1x1x4 - pool 2x2 - relu ) - conv 1x1x4",
    "15x15x3; conv 3x3x8 p1 - avgpool 3x3 s2 same - upsample 2 bilinear - deconv 3x3x8 s2 p1",
    "1x1x64; fc 20 - fc 16 nobias - fc 16 - softmax",
    "8x8x8; gap - add( identity | fc 16 - relu - fc 8 ) - relu",
    "1x1x8; fc 4000 - relu - fc 2",
    "4x4x1; conv 1x1x2000 s4",
    "16x16x3; conv 3x3x8 - concat( conv 1x1x4 - tanh - bn | conv 1x1x4 - softmax - avgpool 3x3 same s1 ) - fc 9",
    "left 24x24x1; input right 24x24x1; block trunk(); conv 5x5x8 - relu - pool2 - conv 3x3x16 - fc 32 - sigmoid; end; "
    "sub( @left - trunk() weights=t | @right - trunk() weights=t ) - fc 1 - sigmoid",
    "20x20x3; conv 3x3x8 d2 - relu - a: conv 1x1x8 - relu - b: conv 3x3x4 s2 floor; output @a @b",
)
"""Networks of one line, each for a kernel or for what the converter does."""

NETWORKS = (
    *(("lenet5", ""), ("all_cnn_c", ""), ("nin", ""), ("mtcnn_pnet", ""), ("mtcnn_rnet", ""), ("mtcnn_onet", "")),
    *(("srcnn", ""), ("squeezenet1_1", "96x96x3"), ("mobilenet_v2", "96x96x3"), ("mobilenet_v3_small", "96x96x3")),
    *(("mnasnet0_5", "96x96x3"), ("shufflenet_v2_x0_5", "96x96x3"), ("googlenet", "96x96x3")),
    *(("efficientnet_b0", "96x96x3"), ("resnet18", "96x96x3"), ("regnet_y_400mf", "96x96x3")),
    *((f"examples/{name}.txt", "") for name in ("digits", "mnist", "inception", "inception-naive", "residual")),
    *((f"examples/{name}.txt", "") for name in ("squeeze-excite", "three-stages", "convnetjs-cifar10")),
    *((f"input {text}", "") for text in MADE),
)
"""Specs with their inputs: of the zoo, of the examples, and those."""


class Measured(NamedTuple):
    """What the interpreter says of a network, and its file."""

    spec: str
    input: str
    arena: int
    tensors: int
    least: int
    weights: int
    file: int


def main() -> None:
    arguments = sys.argv[1:]
    table = arguments.pop(1) if arguments[:1] == ["-o"] else None
    numbers = [int(number) for number in arguments if number != "-o"]
    specs = [*NETWORKS, *((random_network(seed), "") for seed in SEEDS)]
    rows, lines = [], []
    for number, (spec, size) in enumerate(specs):
        if not numbers or number in numbers:
            rows.append(measure(spec, size))
            lines.append(line_of(rows[-1]))
            print(lines[-1], flush=True)
    lines += ["", *summary(rows)]
    print("\n".join(lines[-4:]))
    if table is not None:
        with Path(table).open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([Measured._fields, *rows])
        RESULTS.write_text("\n".join([*heading(), "", *lines]) + "\n")


def heading() -> list[str]:
    packages = ", ".join(f"{package} {version(package)}" for package in ("keras", "tflite-micro", "numpy"))
    return [
        "python benchmarks/mcu.py -o tests/microcontrollers/interpreter.csv:",
        f"tensorflow {tf.__version__}, {packages},",
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, no accelerator",
        "",
        "arena: bytes that the interpreter reports; least: bytes with which it starts; weights: bytes of int8 and",
        "int32 in the file; each beside the prediction, with its error. file: bytes of the .tflite, an estimate.",
        "",
        f"{'network':44}{'arena':>9}{'predicted':>10}{'error':>8}{'least':>9}{'predicted':>10}{'error':>8}"
        f"{'weights':>9}{'error':>7}{'file':>9}{'error':>8}",
    ]


def predicted(row: Measured) -> tuple[int, int, int, int]:
    """Return the arena, the least arena, the weights and the file."""
    network = network_of(row.spec, row.input)
    graph = convert(network)
    arena, flash = arena_of(graph, PYTHON), flash_of(graph, network)
    return arena.used, arena.needed, flash.weights, flash.bytes


def line_of(row: Measured) -> str:
    arena, least, weights, file = predicted(row)
    name = f"{row.spec} {row.input}".strip()
    cells = (
        f"{row.arena:9}{arena:10}{arena / row.arena - 1:8.2%}{row.least:9}{least:10}{least / row.least - 1:8.2%}",
        f"{row.weights:9}{weights - row.weights:7}{row.file:9}{file / row.file - 1:8.2%}",
    )
    return f"{name if len(name) < 44 else name[:40] + '...':44}" + "".join(cells)


def summary(rows: list[Measured]) -> list[str]:
    """Say for each of the four numbers how large the errors are."""
    errors = []
    for row in rows:
        measured = (row.arena, row.least, row.weights, row.file)
        errors.append([ours / theirs - 1 for ours, theirs in zip(predicted(row), measured, strict=True)])
    lines = []
    for name, column in zip(("arena", "least arena", "weights", "file"), zip(*errors, strict=True), strict=True):
        mean, exact, small = statistics.mean(map(abs, column)), column.count(0), sum(error < 0 for error in column)
        span = f"from {min(column):.2%} to {max(column):.2%}"
        lines.append(f"{name + ':':12} mean error {mean:.3%}, {span}; {exact} of {len(rows)} exact, {small} too small")
    return lines


# ---- the interpreter


def network_of(spec: str, size: str) -> Network:
    """Load a spec."""
    return load(spec, input=size or None, rounding="floor")


def measure(spec: str, size: str) -> Measured:
    """Convert a network, load it, and read what the interpreter says."""
    file = converted(network_of(spec, size))
    said = allocations(file)
    arena, tensors = (int(re.search(rf"allocation {word} (\d+)", said)[1]) for word in ("total", "head"))
    model = schema.ModelT.InitFromPackedBuf(file, 0)
    data = [model.buffers[tensor.buffer].data for tensor in model.subgraphs[0].tensors if _is_quantised(tensor)]
    weights = sum(len(each) for each in data if each is not None)
    return Measured(spec, size, arena, tensors, least_arena(file, arena), weights, len(file))


def _is_quantised(tensor: Any) -> bool:
    return tensor.quantization is not None and tensor.quantization.scale is not None


def converted(network: Network) -> bytes:
    """Return the .tflite of a network with random weights."""
    names: dict[str, Any] = {}
    exec(compile(KerasSource(network).text(), "net_keras.py", "exec"), names)
    model = names["build"]()
    random = np.random.default_rng(0)
    for layer in model.layers:
        low, high = (0.5, 1.5) if isinstance(layer, keras.layers.BatchNormalization) else (-0.5, 0.5)
        layer.set_weights([random.uniform(low, high, value.shape) for value in layer.get_weights()])
    inputs = [keras.Input(each.shape[1:], batch_size=1) for each in model.inputs]
    single = keras.Model(inputs, model(inputs if len(inputs) > 1 else inputs[0]))
    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [random.normal(size=tuple(each.shape)).astype(np.float32) for each in inputs] for _ in range(2)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with Quiet():
        return bytes(converter.convert())


class Quiet:
    """Takes what is written to the terminal, also by libraries; ``text`` has it afterwards."""

    def __enter__(self) -> Quiet:
        sys.stdout.flush()
        self.saved = [os.dup(1), os.dup(2)]
        self.path = f"/tmp/cnncalc-mcu-{os.getpid()}"
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        for number in (1, 2):
            os.dup2(file, number)
        os.close(file)
        return self

    def __exit__(self, *error: object) -> None:
        sys.stdout.flush()
        for number, saved in zip((1, 2), self.saved, strict=True):
            os.dup2(saved, number)
            os.close(saved)
        self.text = Path(self.path).read_text(errors="replace")
        Path(self.path).unlink()


def allocations(file: bytes, size: int = LARGEST) -> str:
    """Return what the interpreter prints of its arena."""
    with Quiet() as quiet:
        runtime.Interpreter.from_bytes(file, arena_size=size).print_allocations()
    return quiet.text


def least_arena(file: bytes, used: int) -> int:
    """Return the least arena, a multiple of 16, with which the interpreter starts."""

    def starts(size: int) -> bool:  # in a process of its own: an interpreter without room for its views crashes
        child = os.fork()
        if not child:
            try:
                with Quiet():
                    runtime.Interpreter.from_bytes(file, arena_size=size)
            except RuntimeError:
                os._exit(1)
            os._exit(0)
        return os.waitpid(child, 0)[1] == 0

    low, high = used // 16 - 1, used // 16
    while not starts(16 * high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if starts(16 * middle) else (middle, high)
    return 16 * high


if __name__ == "__main__":
    main()
