"""What every command costs, as a multiple of loading, at 1,000, 10,000 and 100,000 layers.

Each line is the least of some runs in fresh processes: processor seconds and peak memory, each divided by those of
`cnncalc.load` of the same spec in a fresh process. A command that is linear keeps its multiple from size to size.

    python benchmarks/commands.py
    python benchmarks/commands.py --layers 100000 --only explain,shapes --runs 3
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FORMS = ("table", "csv", "markdown", "latex", "json")
LOADING = "import sys, cnncalc; cnncalc.load(open(sys.argv[1]).read())"


class Cost(NamedTuple):
    """What a process took: seconds of the processor, and mebibytes at its peak."""

    seconds: float
    mebibytes: float


def repeated(layers: int) -> str:
    """Return a spec of one pair of layers, repeated."""
    return f"input 32x32x4\n(conv 3x3x4 p1 - relu)*{layers // 2}\n"


def different(layers: int) -> str:
    """Return a spec whose convolutions nearly all differ."""
    draw = random.Random(0)
    pairs = [f"conv 3x3x{16 * draw.randint(1, 60)} p1 - relu\n" for _ in range(layers // 2)]
    return "input 32x32x4\n" + "".join(pairs)


def cost(command: Sequence[str], runs: int) -> Cost:
    """Return the least that a command took, with its output thrown away."""
    costs = [_once(command) for _ in range(runs)]
    return Cost(min(one.seconds for one in costs), min(one.mebibytes for one in costs))


def _once(command: Sequence[str]) -> Cost:
    nowhere = [(os.POSIX_SPAWN_OPEN, handle, os.devnull, os.O_WRONLY, 0) for handle in (1, 2)]
    process = os.posix_spawn(command[0], list(command), os.environ, file_actions=nowhere)
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):  # 1: does not fit the budget
        raise SystemExit(f"failed: {' '.join(command)}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def commands(spec: str, folder: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every command that needs no torch, in every form that it has."""
    for name, arguments in (
        ("shapes", [spec]),
        ("shapes --explain", [spec]),
        ("shapes --saved", [spec]),
        ("params", [spec]),
        ("explain", [spec]),
        ("compare (two)", [spec, spec]),
        ("memory", [spec]),
        ("memory --gpu", [spec, "--gpu", "a100"]),
    ):
        word, *options = name.removesuffix(" (two)").split()
        options = [] if options == ["--gpu"] else options
        for form in FORMS:
            yield f"{name}, {form}", [word, *arguments, *options, "--format", form]
    yield "export, python", ["export", spec, "-o", f"{folder}/net.py"]
    yield "zoo", ["zoo"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--only", default="", help="words, joined by commas: commands that begin with one of them")
    parser.add_argument("--forms", default="", help="forms, joined by commas")
    parser.add_argument("--runs", type=int, default=1)
    chosen = parser.parse_args()
    python = [sys.executable, "-m", "cnncalc"]
    for kind in (repeated, different):
        for layers in chosen.layers:
            with tempfile.TemporaryDirectory() as folder:
                spec = Path(folder, "net.txt")
                spec.write_text(kind(layers), encoding="utf-8")
                loading = cost([sys.executable, "-c", LOADING, str(spec)], chosen.runs)
                print(f"\n{kind.__name__}, {layers:,} layers: loading takes {loading.seconds:.2f} s, ", end="")
                print(f"{loading.mebibytes:.0f} MiB", flush=True)
                for name, command in commands(str(spec), folder):
                    word, _, form = name.partition(", ")
                    if not word.startswith(tuple(chosen.only.split(","))) or form not in (chosen.forms or form):
                        continue
                    took = cost([*python, *command], chosen.runs)
                    times = took.seconds / loading.seconds, took.mebibytes / loading.mebibytes
                    print(f"  {name:<26} {took.seconds:7.2f} s {times[0]:6.1f}x", end="")
                    print(f" {took.mebibytes:7.0f} MiB {times[1]:5.1f}x", flush=True)


if __name__ == "__main__":
    main()
