"""What building, verifying and exporting cost, as a multiple of making the same modules of torch.nn by hand.

Everything runs in one process, so that loading PyTorch is in no number. Each number is the least processor time of some
runs. A command that is linear keeps its multiple from size to size.

    python benchmarks/building.py
    python benchmarks/building.py --layers 1000 10000 --only build,verify
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import nn

import cnncalc
from cnncalc.model import export
from cnncalc.model.python import python_source
from cnncalc.model.verify import verify

CHANNELS, SIDE = 4, 8


def by_hand(layers: int) -> nn.Sequential:
    """Make the layers of `spec` as a person would, with PyTorch's own first weights."""
    made: list[nn.Module] = []
    for _ in range(layers // 2):
        made += [nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*made)


def spec(layers: int) -> str:
    """Return a chain of convolutions and activations."""
    return f"input {SIDE}x{SIDE}x{CHANNELS}\n(conv 3x3x{CHANNELS} p1 - relu)*{layers // 2}\n"


def seconds(work: Callable[[], object], runs: int) -> float:
    """Return the least processor seconds that some work took."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def works(network: cnncalc.Network) -> dict[str, Callable[[], object]]:
    """Return what is timed, by its name."""
    return {
        "build": lambda: cnncalc.build(network, device="cpu"),
        "build, meta": lambda: cnncalc.build(network, device="meta"),
        "verify": lambda: verify(network),
        "export .py": lambda: python_source(network),
        "export .pt": lambda: export.state_dict(network),
        "export .pt2": lambda: export.pt2(network),
        "export .onnx": lambda: export.onnx(network),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--only", default="", help="words, joined by commas: what begins with one of them")
    parser.add_argument("--runs", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    cnncalc.build(cnncalc.load(spec(2)), device="cpu")  # what PyTorch does once is in no number
    for layers in chosen.layers:
        network = cnncalc.load(spec(layers))
        hand = seconds(lambda: by_hand(layers), max(chosen.runs, 3))  # noqa: B023
        print(f"\n{layers:,} layers: {hand:.2f} s by hand", flush=True)
        for name, work in works(network).items():
            if name.startswith(tuple(chosen.only.split(","))):
                took = seconds(work, chosen.runs)
                print(f"  {name:<14} {took:8.2f} s {took / hand:7.1f}x", flush=True)


if __name__ == "__main__":
    main()
