"""What first weights are worth: ResNet-18 trained on half of CIFAR-10's classes, then one epoch of the other half.

    python benchmarks/transfer.py --data cifar10.npz [--seeds 3] [--epochs 6] [--recipe fast] [--precision bf16]

For each seed it trains `resnet18` on the images of the classes 0 to 4 for some epochs, then on those of the classes 5
to 9 for one epoch (with ``--back`` the other way round), once with the weights of the first run (``--weights RUN``, a
new head) and once from nothing, with the same recipe. It prints the accuracies on the test images of the second half,
and their difference.

The file has the arrays x_train, y_train, x_test and y_test, images first.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

HALVES = (range(5), range(5, 10))


def write_halves(data: Path, folder: Path, *, back: bool) -> None:
    """Write a file of arrays for each half of the classes, whose labels begin at 0."""
    arrays = np.load(data)
    for name, classes in zip(("first", "second"), HALVES[::-1] if back else HALVES, strict=True):
        half = {}
        for part in ("train", "test"):
            kept = np.isin(arrays[f"y_{part}"].ravel(), list(classes))
            half[f"x_{part}"] = arrays[f"x_{part}"][kept]
            half[f"y_{part}"] = arrays[f"y_{part}"].ravel()[kept] - classes[0]
        np.savez(folder / f"{name}.npz", **half)


def train(folder: Path, half: str, out: str, settings: list[str]) -> float:
    """Run the command as a user does; return the accuracy after the last epoch in percent."""
    command = [sys.executable, "-m", "cnncalc", "train", "resnet18", "--input", "32x32x3", "--set", "classes=5"]
    command += ["--data", str(folder / f"{half}.npz"), "--out", str(folder / out), *settings]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    header, *rows = (folder / out / "metrics.csv").read_text().splitlines()
    return 100 * float(rows[-1].split(",")[header.split(",").index("accuracy")])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--back", action="store_true", help="train on the classes 5 to 9 first")
    parser.add_argument("--recipe", default="default", help="of all three runs")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--threads", default="auto")
    arguments = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}")
    gains = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_halves(arguments.data, folder, back=arguments.back)
        for seed in range(arguments.seeds):
            common = ["--recipe", arguments.recipe, "--seed", str(seed), "--precision", arguments.precision]
            common += ["--threads", arguments.threads]
            first = train(folder, "first", f"first{seed}", [*common, "--epochs", str(arguments.epochs)])
            weights = ["--weights", str(folder / f"first{seed}")]
            tuned = train(folder, "second", f"tuned{seed}", [*common, "--epochs", "1", *weights])
            scratch = train(folder, "second", f"scratch{seed}", [*common, "--epochs", "1"])
            gains.append(tuned - scratch)
            print(
                f"seed {seed}: first half {first:.2f}%; one epoch of the second half: {tuned:.2f}% from its weights, "
                f"{scratch:.2f}% from nothing, {gains[-1]:+.2f} points",
                flush=True,
            )
    print(f"mean gain {statistics.mean(gains):+.2f} points")


if __name__ == "__main__":
    main()
