"""How near the predicted memory of several cards comes to what PyTorch's tracker finds in real processes over gloo.

    python benchmarks/cards.py [PROCESSES …] [NAME …]   # 2 and 4 processes
    python benchmarks/cards.py alone [CARDS …] [NAME …]   # FSDP2 on 2, 8 and 64 cards, without gloo

Each process takes four steps with real tensors on the CPU, under the tracker of PyTorch, with images of 64x64. The
least peak of the last three counts, since the threads of gloo may hold a tensor for a moment after it has been
exchanged. Of the processes the one that takes most is compared with the prediction. Without names, the tables are also
written to benchmarks/results, as cards.txt and cards-alone.txt. ``alone`` is one process with fake tensors
in a group that exchanges nothing: reductions work in place there, as those of NCCL do.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from tests.oracle.parallel_memory import Case, Measured, measured, measured_alone, predicted

MIB = 1024 * 1024
RESULTS = Path(__file__).resolve().parent / "results"
NETWORKS = (("squeezenet1_1", 4), ("mobilenet_v2", 4), ("resnet18", 4), ("resnet50", 4), ("alexnet", 2))
WAYS = (
    ("ddp", {}),
    ("ddp", {"views": False}),
    ("ddp", {"passes": 2}),
    ("zero1", {}),
    ("zero1", {"optimizer": "adam", "implementation": "loop"}),
    ("fsdp2", {}),
    ("fsdp2", {"optimizer": "adam"}),
    ("fsdp2", {"passes": 2}),
)
IMAGES = "64x64x3"
FAKE = (
    "alexnet",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "mobilenet_v2",
    "resnet18",
    "resnet50",
    "unet",
    "vgg11",
)


def main() -> None:
    alone = sys.argv[1:2] == ["alone"]
    given = sys.argv[2 if alone else 1 :]
    counts = [int(text) for text in given if text.isdecimal()] or ([2, 8, 64] if alone else [2, 4])
    names = [text for text in given if not text.isdecimal()]
    lines = list(_alone(counts, names) if alone else _processes(counts, names))
    if not names:
        name = "cards-alone.txt" if alone else "cards.txt"
        RESULTS.joinpath(name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _processes(counts: Sequence[int], names: Sequence[str]) -> Iterator[str]:
    yield from _head()
    for count in counts:
        for name, batch in [each for each in NETWORKS if not names or each[0] in names]:
            cases = [Case(name, batch, way, input=IMAGES, **more) for way, more in WAYS]
            for case, found in zip(cases, measured(cases, count), strict=True):
                yield _row(case, count, max(found), predicted(case, count).peak_bytes)


def _alone(counts: Sequence[int], names: Sequence[str]) -> Iterator[str]:
    yield from _head()
    for count in counts:
        for name in names or FAKE:
            case = Case(name, 2, "fsdp2", optimizer="adamw")
            (found,) = measured_alone([case], count)
            yield _row(case, count, found, predicted(case, count, alone=True).peak_bytes)


def _head() -> Iterator[str]:
    first = f"torch {torch.__version__}, Python {platform.python_version()}, {platform.machine()}"
    heads = ("network", "images", "way", "step", "cards", "tracker", "cnncalc", "error")
    for line in (first, "{:16} {:>6} {:12} {:14} {:>5} {:>14} {:>14} {:>9}".format(*heads)):
        print(line, flush=True)
        yield line


def _row(case: Case, count: int, found: Measured, ours: int) -> str:
    way = case.way if case.views else f"{case.way}, copies"
    step = f"{case.optimizer} {case.implementation}" + (f" x{case.passes}" if case.passes > 1 else "")
    line = f"{case.spec:16} {case.batch:>6} {way:12} {step:14} {count:>5} {found.peak:>14,} {ours:>14,}"
    line += f" {ours / found.peak - 1:>9.4%}"
    print(line, flush=True)
    return line


if __name__ == "__main__":
    main()
