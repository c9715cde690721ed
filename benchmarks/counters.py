r"""What fvcore, thop, ptflops and torchinfo count of torchvision's classifiers: the tables that the tests compare with.

    python -m venv counting && counting/bin/pip install -e . torch==2.14.1 torchvision==0.29.1 \
        fvcore==0.1.5.post20221221 thop==0.1.1.post2209072238 ptflops==0.7.5 torchinfo==1.8.0
    counting/bin/python benchmarks/counters.py > tests/counters/classifiers.csv
    counting/bin/python benchmarks/counters.py --layers resnet50 vgg16 > tests/counters/layers.csv
    counting/bin/python benchmarks/counters.py --examples > tests/counters/examples.csv

Every classifier is counted twice, for one image: as torchvision wrote it, and as the Python that ``cnncalc export``
writes of the zoo's spec. ``--layers`` prints of single classifiers, as torchvision wrote them, which numbers their
modules have, each with the times that it occurs; of ptflops, which counts functions apart from modules, those of the
modules with parameters. ``--examples`` prints what the tools count of the examples of every layer; an empty cell is
what a tool does not count, or fails at.
"""

from __future__ import annotations

import csv
import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from cnncalc.model.python import python_source
from tests.counters.tables import EXAMPLES, behind_a_convolution
from tests.oracle.foreign_counters import COUNTERS, written_module
from tests.zoo import harness


def modules_of(name: str) -> Iterator[tuple[str, nn.Module, int]]:
    """Yield a classifier as torchvision wrote it and as it is exported, with the size of its images."""
    size = harness.SIZES.get(name, harness.USUAL_SIZE)
    yield "torchvision", harness.torchvision_model(name), size
    yield "exported", written_module(python_source(harness.load(name, size))), size


def _versions() -> str:
    return ", ".join(f"{name} {version(name)}" for name in ("torch", "torchvision", *COUNTERS))


def print_totals(names: Iterable[str]) -> None:
    """Print the numbers of whole classifiers as CSV."""
    print(f"# {_versions()}")
    columns = [f"{name}{what}" for name in COUNTERS for what in ("", "_params")]
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["name", "code", "size", *columns])
    for name in names:
        for code, module, size in modules_of(name):
            images = torch.rand(1, 3, size, size)
            found = [count(module, images) for count in COUNTERS.values()]
            cells = [value for each in found for value in (each.count, "" if each.params is None else each.params)]
            table.writerow([name, code, size, *cells])
            sys.stdout.flush()


def print_layers(names: Iterable[str]) -> None:
    """Print the numbers of the modules of classifiers as CSV: ``2408448*3 802816`` occurs three times and once."""
    print(f"# {_versions()}")
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["name", "size", "counter", "layers"])
    for name in names:
        _, module, size = next(modules_of(name))
        for counter, count in COUNTERS.items():
            layers = sorted(count(module, torch.rand(1, 3, size, size)).layers.items())
            text = " ".join(f"{number}*{times}" if times > 1 else str(number) for number, times in layers)
            table.writerow([name, size, counter, text])


def print_examples() -> None:
    """Print the numbers of the examples of every layer, each behind a convolution, as CSV."""
    print(f"# {_versions()}")
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["example", *(f"{name}{what}" for name in COUNTERS for what in ("", "_params"))])
    for text in EXAMPLES:
        network = behind_a_convolution(text)
        images = torch.rand(1, network.input.channels, *network.input.spatial)
        cells: list[int | str | None] = []
        for counter in COUNTERS.values():
            try:
                count, params, _ = counter(written_module(python_source(network)), images)
            except (RuntimeError, TypeError) as error:  # PyTorch cannot trace a max pool that is taken back
                print(f"{text}: {error}", file=sys.stderr)
                count, params = None, None
            cells += ["" if each is None else each for each in (count, params)]
        table.writerow([text, *cells])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    arguments = sys.argv[1:]
    with torch.no_grad():
        if "--examples" in arguments:
            print_examples()
        elif "--layers" in arguments:
            print_layers([name for name in arguments if name != "--layers"])
        else:
            print_totals(arguments or harness.CLASSIFIERS)
