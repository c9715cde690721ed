"""What the built module costs against torchvision's own, and whether torch.compile takes it as one graph.

    python benchmarks/module.py [NAME …]          # default: resnet50 mobilenet_v2

For every network, forward and backward passes of the built module and of torchvision's run in turn in
one process, and the ratio of the medians is printed.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time

import torch
import torchvision
from torch import nn

import cnncalc

BATCH, SIDE, ROUNDS = 4, 96, 15


def main() -> None:
    names = sys.argv[1:] or ["resnet50", "mobilenet_v2"]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    where = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    print(
        f"torch {torch.__version__}, torchvision {torchvision.__version__}, {where}, {torch.get_num_threads()} threads"
    )
    print(f"batch {BATCH}, {SIDE}x{SIDE}, forward and backward, median of {ROUNDS} rounds in turn")
    for name in names:
        ours = cnncalc.build(cnncalc.load(name, input=(SIDE, SIDE, 3)), device=device, seed=0)
        theirs = torchvision.models.get_model(name, weights=None).to(device)
        first, second = timed(ours, theirs, device)
        graphs = graph_count(ours, device)
        print(f"{name}: built {1e3 * first:.1f} ms, torchvision {1e3 * second:.1f} ms: {first / second:.3f}x; {graphs}")


def timed(first: nn.Module, second: nn.Module, device: str) -> tuple[float, float]:
    """Return the median seconds of a step of either module; the two run in turn, in changing order."""
    images = torch.randn(BATCH, 3, SIDE, SIDE, device=device)
    times: dict[int, list[float]] = {0: [], 1: []}
    for round_ in range(ROUNDS + 2):
        for place in (0, 1) if round_ % 2 else (1, 0):
            seconds = step((first, second)[place], images)
            if round_ >= 2:
                times[place].append(seconds)
    return statistics.median(times[0]), statistics.median(times[1])


def step(module: nn.Module, images: torch.Tensor) -> float:
    """Run one forward and backward pass, and return its seconds."""
    synchronise()
    start = time.perf_counter()
    module.zero_grad()
    module(images).sum().backward()
    synchronise()
    return time.perf_counter() - start


def synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def graph_count(module: nn.Module, device: str) -> str:
    """Say how many graphs torch.compile makes of a module, and how many breaks it has."""
    explained = torch._dynamo.explain(module)(torch.randn(2, 3, SIDE, SIDE, device=device))
    return f"torch.compile: {explained.graph_count} graph, {explained.graph_break_count} breaks"


if __name__ == "__main__":
    main()
