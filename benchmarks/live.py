"""What a page that is watched costs training: the time with it, beside the time without it, in turns.

    python benchmarks/live.py                        # LeNet-5 on noise of 28x28x1
    python benchmarks/live.py vgg --rounds 5 --epochs 2

Both train the same network on the same images in the same process. With the page there is a server, and a program that
asks it for what is new as a browser does, once a second. Two times are compared: that of the processor in the process
that trains, and that on the clock, in which the server and the program that asks may take from other cores. A ratio
of 1 is as fast as without the page, and 0.97 is the least that is aimed at. ``least`` compares the fastest rounds,
which what else the machine does disturbs least.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import torch

from cnncalc.network import SpecSettings
from cnncalc.page.live.observer import LivePage, PageProcess
from cnncalc.train.data import DataRequest
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.events import Observer
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run import planning
from cnncalc.train.run.signals import Signals

AIM = 0.97
SPECS = {
    "lenet": "input 28x28x1\n"
    "conv 5x5x6 p2 - relu - pool2\nconv 5x5x16 - relu - pool2\nfc 120 - relu - fc 84 - relu - fc 10",
    "vgg": "input 32x32x3\n((conv 3x3x32 p1 - bn - relu)*2 - pool2)*3 - fc 128 - relu - fc 10",
}
ASKING = """
import sys, time, json, urllib.request
version = 0
while True:
    try:
        with urllib.request.urlopen(f"{sys.argv[1]}state?since={version}") as answer:
            version = json.load(answer)["version"]
    except OSError:
        break
    time.sleep(1)
"""
"""What a browser does that shows the page."""


class Took(NamedTuple):
    """Seconds of the processor in this process, and on the clock."""

    process: float
    clock: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("spec", nargs="?", default="lenet", choices=SPECS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {os.cpu_count()} cores, {given.device}")
    took(given, live=False)  # what is loaded once is loaded now
    took(given, live=True)
    pairs = []
    for number in range(given.rounds):
        first = number % 2 == 1
        one, other = took(given, live=first), took(given, live=not first)
        plain, live = (other, one) if first else (one, other)
        pairs.append((plain, live))
        print(f"  round {number + 1}: without {plain.process:.2f} s, with {live.process:.2f} s of the processor")
    for name in Took._fields:
        ratios = [getattr(plain, name) / getattr(live, name) for plain, live in pairs]
        whole = sum(getattr(plain, name) for plain, _ in pairs) / sum(getattr(live, name) for _, live in pairs)
        spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
        least = min(getattr(plain, name) for plain, _ in pairs) / min(getattr(live, name) for _, live in pairs)
        parts = f"least {least:.3f}, sums {whole:.3f}, median {statistics.median(ratios):.3f} ({spread})"
        print(f"{name} time without / with the page: {parts}")
    print(f"aimed at: {AIM} or more")


def took(given: argparse.Namespace, *, live: bool) -> Took:
    """Train once, with a page that is watched or without, and return what the training took, without the planning."""
    with tempfile.TemporaryDirectory() as folder:
        page = PageProcess(0, "") if live else None
        asking = subprocess.Popen([sys.executable, "-c", ASKING, page.address]) if page else None
        clocks = Clocks()
        try:
            planning.train(request(given, folder), lambda processes: observers(processes, page, clocks), Signals())
        finally:
            if page and asking:
                page.close()
                asking.terminate()
                asking.wait()
    return clocks.took


class Clocks(Observer):
    """Reads the clocks when the run has begun and when it has ended."""

    def begin(self, event: object) -> None:
        """Start."""
        self._process, self._clock = time.process_time(), time.monotonic()

    def end(self, event: object) -> None:
        """Stop."""
        self.took = Took(time.process_time() - self._process, time.monotonic() - self._clock)


def observers(processes: Processes, page: PageProcess | None, clocks: Observer) -> Observer:
    from cnncalc.train.events import Observers

    return Observers(clocks, *([LivePage(page)] if page else []), Last(clocks))


class Last(Observer):
    """Tells another observer of the end once all others have heard of it."""

    def __init__(self, other: Observer) -> None:
        self._other = other

    def end(self, event: object) -> None:
        """Tell it."""
        self._other.end(event)  # type: ignore[arg-type]


def request(given: argparse.Namespace, folder: str) -> planning.TrainRequest:
    return planning.TrainRequest(
        spec=SPECS[given.spec],
        settings=SpecSettings(),
        recipe=load_recipe("default", {"epochs": given.epochs, "batch": 64}),
        data=DataRequest("synthetic", limit=given.images),
        device=given.device,
        out=str(Path(folder) / "run"),
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
