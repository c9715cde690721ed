"""What a picture costs: against the table of the same network, against torchview, and as networks grow.

    python benchmarks/drawing.py            # all
    python benchmarks/drawing.py zoo        # one of: table, torchview, growth, zoo

Processor seconds are user and system of a whole process, from the shell's call to its end. ``torchview`` needs
PyTorch, torchvision, torchview and Graphviz: ``pip install torchview graphviz`` and Graphviz's ``dot``.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

RUNS = 11

TORCHVIEW = """
import torchvision, torchview
model = torchvision.models.resnet50()
graph = torchview.draw_graph(model, input_size=(1, 3, 224, 224), device="meta", expand_nested=True)
graph.visual_graph.render("torchview", format="svg")
"""


class Cost(NamedTuple):
    """What a process took."""

    seconds: float
    mebibytes: float


def main() -> None:
    chosen = sys.argv[1:] or ["table", "torchview", "growth", "zoo"]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    for name in chosen:
        {"table": table, "torchview": torchview, "growth": growth, "zoo": zoo}[name]()


def cnncalc(*arguments: str) -> list[str]:
    """Return the command line of cnncalc with these arguments."""
    return [sys.executable, "-m", "cnncalc", *arguments]


def cost(command: list[str]) -> Cost:
    """Run a command in a folder of its own; return what it and its children took."""
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if not child:
            os.chdir(folder)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.execv(command[0], command)
        _, status, used = os.wait4(child, 0)
        if status:
            sys.exit(f"failed: {' '.join(command)[:200]}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(command: list[str], runs: int = RUNS) -> Cost:
    """Return the median of several runs, after one that is not counted."""
    costs = [cost(command) for _ in range(runs + 1)][1:]
    return Cost(statistics.median(c.seconds for c in costs), max(c.mebibytes for c in costs))


def table() -> None:
    """Draw ResNet-152 in every style against its table."""
    shapes = median(cnncalc("shapes", "resnet152"))
    print(f"table: cnncalc shapes resnet152 {shapes.seconds * 1000:.0f} ms, {shapes.mebibytes:.1f} MiB")
    for style, ending in (("graph", "svg"), ("graph", "pdf"), ("graph", "tex"), ("volumes", "svg"), ("field", "svg")):
        drawn = median(cnncalc("draw", "resnet152", "--style", style, "-o", f"net.{ending}"))
        print(
            f"table: cnncalc draw resnet152 --style {style} -o net.{ending} {drawn.seconds * 1000:.0f} ms: "
            f"{drawn.seconds / shapes.seconds:.2f}x, {drawn.mebibytes:.1f} MiB"
        )


def torchview() -> None:
    """Draw ResNet-50 against torchview, which draws torchvision's with Graphviz."""
    ours = median(cnncalc("draw", "resnet50"))
    theirs = median([sys.executable, "-c", TORCHVIEW], 3)
    print(
        f"torchview: cnncalc draw resnet50 {ours.seconds:.3f} s, {ours.mebibytes:.0f} MiB; torchview "
        f"{version('torchview')} {theirs.seconds:.2f} s, {theirs.mebibytes:.0f} MiB: "
        f"{theirs.seconds / ours.seconds:.0f} times as long"
    )


def growth() -> None:
    """Draw 10,000 and 100,000 layers, against loading them."""
    kinds = {
        "repeated": lambda n: f"input 16x16x8\n(conv 3x3x8 p1 - bn - relu - conv 1x1x8)*{n // 4}",
        "all different": lambda n: "input 16x16x8\n" + "\n".join(f"conv 3x3x{1 + k % 97} p1" for k in range(n)),
        "blocks": lambda n: f"input 16x16x8\nblock b\nadd( conv 3x3x8 p1 - relu | )\nend\n(b - relu)*{n // 4}",
    }
    for kind, write in kinds.items():
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            found = []
            for layers in (10_000, 100_000):
                Path(file.name).write_text(write(layers))
                loading = median(cnncalc("params", file.name, "-o", "net.csv"), 1)
                found.append((median(cnncalc("draw", file.name, "-o", "net.svg"), 1), loading))
        (small, _), (large, loading) = found
        print(
            f"growth: {kind}, 10,000 layers {small.seconds:.2f} s, 100,000 layers {large.seconds:.2f} s, "
            f"{large.mebibytes:.0f} MiB; `params` of the latter {loading.seconds:.2f} s, {loading.mebibytes:.0f} MiB"
        )


def zoo() -> None:
    """Draw all of the zoo in one process; print the largest file and the most boxes."""
    import time

    import cnncalc as library
    from cnncalc import zoo as specs
    from cnncalc.draw.styles import DrawingOptions, picture_of
    from cnncalc.draw.svg import svg

    start = time.process_time()
    sizes = {}
    for name in specs.names():
        sizes[name] = len(svg(picture_of(library.load(name), "graph", DrawingOptions(name))).encode())
    seconds = time.process_time() - start
    largest = max(sizes, key=lambda name: sizes[name])
    print(f"zoo: {len(sizes)} networks in {seconds:.1f} s; the largest file is {largest}'s, {sizes[largest]:,} bytes")
    print(f"zoo: ResNet-152 takes {sizes['resnet152']:,} bytes")


if __name__ == "__main__":
    main()
