"""How long CIFAR-10 takes, and how well it is told apart, next to airbench's own script on the same images.

    python benchmarks/cifar10.py --data cifar10 [--width 64] [--epochs 10] [--seeds 3]
    python benchmarks/cifar10.py --data cifar10 --airbench airbench94_muon.py      # on a CUDA GPU

Trains `examples/cifar10.txt` with the recipe `fast`, once for each seed, and prints each accuracy, their mean and
spread, the seconds of training, and after how many of them an accuracy of 94% was passed. With --airbench it puts
the same images where that script looks for them, runs it, and prints what it says of its last run and the ratio of
the times. That script is Keller Jordan's (https://github.com/KellerJordan/cifar10-airbench); it is not part of this
project, and it is run as it is: read it before.
"""

from __future__ import annotations

import argparse
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from cnncalc.core.volume import Volume
from cnncalc.network import SpecSettings
from cnncalc.train.data import DataRequest, MemorySplit, load_dataset
from cnncalc.train.engine.devices import choose_device, describe
from cnncalc.train.events import Ended, Observer
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run.planning import TrainRequest, train
from cnncalc.train.run.signals import Signals

SPEC = Path(__file__).parents[1] / "examples" / "cifar10.txt"
GOAL = 0.94


class Listener(Observer):
    """Keeps the rows of the epochs."""

    def __init__(self) -> None:
        self.rows: list[EpochMetrics] = []

    def epoch(self, row: EpochMetrics) -> None:
        """Keep it."""
        self.rows.append(row)


def ours(arguments: argparse.Namespace, seed: int) -> tuple[Ended, list[EpochMetrics]]:
    changes: dict[str, object] = {"seed": seed, "epochs": arguments.epochs, "compile": arguments.compile}
    listener = Listener()
    with tempfile.TemporaryDirectory() as folder:
        asked = TrainRequest(
            spec=str(SPEC),
            settings=SpecSettings.of_texts(None, {"width": str(arguments.width)}, None),
            recipe=load_recipe("fast", changes),
            data=DataRequest(arguments.data, limit=arguments.limit),
            device=arguments.device,
            out=str(Path(folder) / "run"),
        )
        return train(asked, lambda processes: listener, Signals()), listener.rows


def seconds_to_goal(rows: list[EpochMetrics]) -> str:
    passed = [row.seconds for row in rows if row.score is not None and row.score >= GOAL]
    return f"{passed[0]:.2f} s" if passed else "never"


def airbench(script: Path, data: str) -> float:
    """Run airbench's script on the same images; return the seconds that it prints for its last run."""
    dataset = load_dataset(DataRequest(data), Volume(32, 32, 3), classes=10)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cifar10").mkdir()
        for name, split in (("train", dataset.train), ("test", dataset.test)):
            assert isinstance(split, MemorySplit)
            images = split.pixels.permute(0, 2, 3, 1).contiguous()
            stored = {"images": images, "labels": split.labels, "classes": list(dataset.classes)}
            torch.save(stored, Path(folder) / "cifar10" / f"{name}.pt")
        done = subprocess.run(
            [sys.executable, str(script.resolve())], cwd=folder, capture_output=True, text=True, check=True
        )
    rows = [line for line in done.stdout.splitlines() if re.search(r"\d+\.\d{4}", line)]
    print("airbench, its last line:", rows[-1])
    return float(re.findall(r"\d+\.\d{4}", rows[-1])[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a folder of images, or cifar10")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--width", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--airbench", type=Path)
    arguments = parser.parse_args()
    print(f"{describe(choose_device(arguments.device))}, Python {platform.python_version()}, torch {torch.__version__}")
    accuracies, times = [], []
    for seed in range(arguments.seeds):
        ended, rows = ours(arguments, seed)
        accuracies.append(100 * (ended.score or 0))
        times.append(ended.seconds)
        print(
            f"seed {seed}: {accuracies[-1]:.2f}% after {ended.seconds:.1f} s; {GOAL:.0%} after {seconds_to_goal(rows)}"
        )
    spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
    print(f"mean {statistics.mean(accuracies):.2f}%, standard deviation {spread:.2f}, {statistics.median(times):.1f} s")
    if arguments.airbench:
        theirs = airbench(arguments.airbench, arguments.data)
        print(f"time, ours / airbench: {statistics.median(times) / theirs:.2f}")


if __name__ == "__main__":
    main()
