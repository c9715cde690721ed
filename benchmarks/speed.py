"""How fast the calculator is, each figure as a ratio to a named baseline measured in the same run.

    python benchmarks/speed.py            # all
    python benchmarks/speed.py cold       # one of: cold, inprocess, linear

``cold`` needs cnncalc installed with its byte code (``pip install .``), since that is what users run.
``cold`` and ``inprocess`` compare with torchvision and torchinfo, and need the extra ``train``.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
RUNS = 11

IMPORTS = "import click, rich.table"
TORCHINFO = """
import torchvision, torchinfo
torchinfo.summary(torchvision.models.vgg16(), input_size=(1, 3, 224, 224))
"""


def main() -> None:
    chosen = sys.argv[1:] or ["cold", "inprocess", "linear"]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    for name in chosen:
        {"cold": cold, "inprocess": in_process, "linear": linear}[name]()


# ---- cold: a whole process, from the shell's call to its end


def cold() -> None:
    """Time `cnncalc shapes vgg16.txt` against importing its libraries, and against torchinfo."""
    program = shutil.which("cnncalc", path=Path(sys.executable).parent) or shutil.which("cnncalc")
    if program is None:
        sys.exit("cnncalc is not installed; run `pip install .` first")
    with tempfile.TemporaryDirectory() as folder:
        # byte code is kept apart, so that an editable installation without it is not measured compiling
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        shapes = [program, "shapes", str(EXAMPLES / "vgg16.txt")]
        ours, baseline = interleaved(shapes, [sys.executable, "-c", IMPORTS], environment)
        print(f"cold: cnncalc shapes vgg16.txt {ours:.0f} ms, `{IMPORTS}` {baseline:.0f} ms: {ours / baseline:.2f}x")
        print(f"cold: peak memory {peak_mebibytes(shapes, environment):.1f} MiB")
        theirs, _ = interleaved([sys.executable, "-c", TORCHINFO], [sys.executable, "-c", "pass"], environment, 3)
        print(
            f"cold: torchinfo {version('torchinfo')} on torchvision's VGG-16 {theirs:.0f} ms: "
            f"{theirs / ours:.0f} times as long"
        )


def interleaved(
    first: list[str], second: list[str], environment: dict[str, str], runs: int = RUNS
) -> tuple[float, float]:
    """Return the median milliseconds of two commands that run in turn, after a run that is not counted."""
    times: tuple[list[float], list[float]] = ([], [])
    for run in range(runs + 1):
        for command, found in zip((first, second), times, strict=True):
            start = time.perf_counter()
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
            if run:
                found.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[0]), statistics.median(times[1])


def peak_mebibytes(command: list[str], environment: dict[str, str]) -> float:
    """Return the peak memory of a command, which runs as the only child of a process of its own."""
    measure = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", measure, *command], env=environment, check=True, capture_output=True, text=True
    )
    return int(done.stdout) / 1024


# ---- in process


def in_process() -> None:
    """Time text to totals for ResNet-152 against torchinfo on the meta device."""
    import torch
    import torchinfo
    import torchvision

    import cnncalc

    text = resnet152()
    nodes = len(cnncalc.load(text))

    def totals() -> tuple[int, int, int]:
        network = cnncalc.load(text)
        return network.params, network.macs, network.activations

    ours = best(totals, 20)
    everything = best(lambda: cnncalc.count(cnncalc.load(text)), 20)
    with torch.device("meta"):
        model = torchvision.models.resnet152()
    columns = ("output_size", "num_params", "mult_adds")
    theirs = best(
        lambda: torchinfo.summary(model, input_size=(1, 3, 224, 224), device="meta", verbose=0, col_names=columns), 5
    )
    expected = sum(parameter.numel() for parameter in model.parameters())
    assert cnncalc.load(text).params == expected, "the two must have counted the same network"
    print(
        f"in process: ResNet-152 ({nodes} layers), text to totals {ours:.1f} ms, torchinfo on meta {theirs:.0f} ms: "
        f"{theirs / ours:.0f} times as long (torch {torch.__version__})"
    )
    print(f"in process: with the receptive field of every layer {everything:.1f} ms: {theirs / everything:.0f} times")


def resnet152() -> str:
    """Return ResNet-152 as a text: ResNet-50's with other repeats."""
    text = (EXAMPLES / "resnet50.txt").read_text()
    changed = text.replace("(128)*3", "(128)*7").replace("(256)*5", "(256)*35")
    assert changed.count("*7") == changed.count("*35") == 1
    return changed


# ---- growth


def linear() -> None:
    """Time 10,000 and 100,000 layers, written out and as a repeat."""
    import cnncalc

    def counted(text: str) -> Callable[[], int]:
        return lambda: cnncalc.count(cnncalc.load(text)).activation_bytes

    layers = "conv 3x3x8 p1 - bn - relu - conv 1x1x8\n"
    small, large = (best(counted("input 16x16x8\n" + layers * (n // 4)), 3) for n in (10_000, 100_000))
    print(f"growth: 10,000 layers {small:.0f} ms, 100,000 layers {large:.0f} ms: {large / small:.1f}x")
    small, large = (best(counted(f"input 16x16x8\n({layers.strip()})*{n // 4}"), 3) for n in (10_000, 100_000))
    print(f"growth, as a repeat: {small:.0f} ms and {large:.0f} ms: {large / small:.1f}x")
    print(f"growth: peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def best(call: Callable[[], object], runs: int) -> float:
    """Return the milliseconds of processor time of the fastest of several runs: others on the machine matter less."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(1000 * (time.process_time() - start))
    return min(times)


if __name__ == "__main__":
    main()
