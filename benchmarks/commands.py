"""What every command costs, as a multiple of loading, at 1,000, 10,000 and 100,000 layers.

Each line is the least of some runs in fresh processes: processor seconds and peak memory, each divided by those of
`cnncalc.load` of the same spec in a fresh process. A command that is linear keeps its multiple from size to size.
Beside each multiple stands its limit at 100,000 layers; one that is broken is marked, and the exit status is 1.

    python benchmarks/commands.py
    python benchmarks/commands.py --layers 100000 --only explain,shapes --runs 3
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cnncalc

FORMS = ("table", "csv", "markdown", "latex", "json")
LOADING = "import sys, cnncalc; cnncalc.load(open(sys.argv[1]).read())"


MOST_TIME = 4.0
MOST_TIME_OF_JSON = 6.0
MOST_MEMORY = 3.0
"""The limits, as multiples of loading."""

HELD_FROM = 100_000
"""Layers from which on the limits hold: below, starting Python and the command line takes most of the time."""

WITHOUT_SPEC = ("zoo",)
"""Commands that load the specs that ship: no multiple of loading another one is their limit."""


class Cost(NamedTuple):
    """What a process took: seconds of the processor, and mebibytes at its peak."""

    seconds: float
    mebibytes: float


def repeated(layers: int) -> str:
    """Return a spec of one pair of layers, repeated."""
    return f"input 32x32x4\n(conv 3x3x4 p1 - relu)*{layers // 2}\n"


def different(layers: int) -> str:
    """Return a spec of thousands of different convolutions: a text may make about 8,300 different layers."""
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


def line(name: str, took: Cost, loading: Cost, layers: int) -> tuple[str, bool]:
    """Return a line of the table, and whether what it says is within the limits."""
    time, memory = took.seconds / loading.seconds, took.mebibytes / loading.mebibytes
    most = MOST_TIME_OF_JSON if name.endswith("json") else MOST_TIME
    held = layers >= HELD_FROM and name not in WITHOUT_SPEC
    broken = held and (time > most or memory > MOST_MEMORY)
    limits = (f"(limit {most:g}x)", f"(limit {MOST_MEMORY:g}x)") if held else ("", "")
    text = f"  {name:<26} {took.seconds:7.2f} s {time:6.1f}x {limits[0]:<11} {took.mebibytes:7.0f} MiB {memory:5.1f}x"
    return f"{text} {limits[1]}{'  BROKEN' if broken else ''}".rstrip(), not broken


def wanted(name: str, chosen: argparse.Namespace) -> bool:
    """Say whether a command was asked for."""
    word, _, form = name.partition(", ")
    return word.startswith(tuple(chosen.only.split(","))) and form in (chosen.forms or form)


def measure(spec: Path, layers: int, chosen: argparse.Namespace) -> bool:
    """Print the table of one spec, and return whether all of it is within the limits."""
    loading = cost([sys.executable, "-c", LOADING, str(spec)], chosen.runs)
    print(f"loading takes {loading.seconds:.2f} s, {loading.mebibytes:.0f} MiB", flush=True)
    good = True
    for name, command in commands(str(spec), str(spec.parent)):
        if wanted(name, chosen):
            took = cost([sys.executable, "-m", "cnncalc", *command], chosen.runs)
            text, within = line(name, took, loading, layers)
            print(text, flush=True)
            good = good and within
    return good


def machine() -> str:
    """Say what runs this: the processor, Python, cnncalc."""
    facts = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", facts.read_text()) if facts.exists() else []
    processor = names[0] if names else platform.processor()
    system = f"{os.cpu_count()} cores of {processor}, {platform.system()}"
    return f"{system}; Python {platform.python_version()}, cnncalc {cnncalc.__version__}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--only", default="", help="words, joined by commas: commands that begin with one of them")
    parser.add_argument("--forms", default="", help="forms, joined by commas")
    parser.add_argument("--runs", type=int, default=1)
    chosen = parser.parse_args()
    print(machine())
    good = True
    for kind in (repeated, different):
        for layers in chosen.layers:
            with tempfile.TemporaryDirectory() as folder:
                spec = Path(folder, "net.txt")
                spec.write_text(kind(layers), encoding="utf-8")
                print(f"\n{kind.__name__}, {layers:,} layers: ", end="")
                good = measure(spec, layers, chosen) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
