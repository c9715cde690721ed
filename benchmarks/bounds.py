"""How well measured layers sum to the measured network, and how far that is from its bound on this machine.

    python benchmarks/bounds.py                        # ten networks, forward passes
    python benchmarks/bounds.py --training             # training steps
    python benchmarks/bounds.py --processor-time       # on a machine that others use

One thread on the CPU. ``sum`` is that of the layers as a share of the whole, ``bound`` that of the bound; layers that
are faster than their own bound are counted, with what bounds them.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import torch

import cnncalc
from cnncalc.analysis.roofline import Bound, Measured, TimeSetup, bound, faster_than_bound
from cnncalc.core.numbers import seconds_text
from cnncalc.model.timing import MeasureOptions, keep_freed_memory, measure

NETWORKS = (
    ("lenet5", None, 64),
    ("convnetjs_cifar10", None, 64),
    ("resnet20", None, 16),
    ("alexnet", None, 4),
    ("vgg11", "96x96x3", 2),
    ("squeezenet1_1", None, 2),
    ("mobilenet_v2", None, 2),
    ("shufflenet_v2_x1_0", None, 2),
    ("resnet18", None, 2),
    ("densenet121", "128x128x3", 2),
)


def main() -> None:
    training, alone = "--training" in sys.argv, "--processor-time" in sys.argv
    torch.set_num_threads(1)
    keep_freed_memory()
    print(f"{processor()}, {os.cpu_count()} cores, 1 thread, {platform.system()}; Python {platform.python_version()}")
    print(f"torch {torch.__version__}, cnncalc {version('cnncalc')}; float32, {'processor time' if alone else 'clock'}")
    faster = "faster than their bound"
    print(f"{'network':20s} {'input':11s} batch      whole    sum  bound   {faster:27s} peak and bandwidth")
    for name, size, batch in NETWORKS:
        network = cnncalc.load(name, input=size)
        setup = TimeSetup(batch=batch, training=training)
        measured = measure(network, setup, MeasureOptions(processor_time=alone))
        show(name, bound(network, setup, measured.machine), measured)


def show(name: str, found: Bound, measured: Measured) -> None:
    beaten = set(faster_than_bound(found, measured))
    by = [row.bound_by for row in found.rows if row.node.name in beaten]
    faster = f"{len(beaten)} of {len(found.rows)}: {by.count('compute')} compute, {by.count('memory')} memory"
    print(
        f"{name:20s} {found.network.inputs_text:11s} {found.setup.batch:5d} {seconds_text(measured.whole):>10s} "
        f"{measured.total / measured.whole:6.1%} {found.seconds / measured.whole:6.1%}   {faster:27s} "
        f"{measured.machine.peak / 1e9:4.0f} GFLOP/s {measured.machine.bandwidth / 1e9:5.1f} GB/s",
        flush=True,
    )


def processor() -> str:
    """Return the processor's name."""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
        return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))


if __name__ == "__main__":
    main()
