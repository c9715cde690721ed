"""The pictures of docs/inspect.md: networks are trained, and the commands that the page names draw what they see.

``make trained-pictures`` runs this, which takes half an hour on two cores. The page has the specs.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import tempfile
from pathlib import Path

import torch
from PIL import Image

from cnncalc.commands.cli import run
from cnncalc.core.volume import Volume
from cnncalc.train.data import DataRequest, load_dataset
from tests.pictures import ROOT

PAGE = ROOT / "docs" / "inspect.md"
_COMMAND = re.compile(r"<!-- (cnncalc inspect .* -o (docs/pictures/\S+)) -->")
_SPEC = re.compile(r"```spec\n(.*?)```", re.DOTALL)

SETTINGS = {"lenet": ("--epochs", "3"), "filters": ("--epochs", "12", "--weight-decay", "1")}
"""The networks of the page, in its order, and how they are trained."""


def commands() -> list[tuple[str, list[str]]]:
    """Return the pictures that the page names: the file, and the arguments that draw it."""
    return [(path, shlex.split(command)[1:]) for command, path in _COMMAND.findall(PAGE.read_text(encoding="utf-8"))]


def train(folder: Path, data: dict[str, str]) -> None:
    """Train the networks of the page into a folder."""
    specs = _SPEC.findall(PAGE.read_text(encoding="utf-8"))
    for (name, settings), spec in zip(SETTINGS.items(), specs, strict=True):
        source = data[name]
        where = ["--data", source, *([] if os.path.exists(source) else ["--download"])]  # noqa: PTH110
        assert run(["train", spec, *where, *settings, "--out", str(folder / name)]) == 0


def write_seven(path: Path, data: str) -> None:
    """Write the first test image of MNIST, which shows a seven, as a file."""
    test = load_dataset(DataRequest(data), Volume((28, 28, 1)), classes=10).test
    assert test is not None
    [(pixels, labels)] = test.batches([torch.tensor([0])])
    assert labels.tolist() == [7]
    Image.fromarray(pixels[0, 0].numpy()).save(path)


def draw(folder: Path) -> None:
    """Draw all pictures, where the networks lie."""
    os.chdir(folder)
    for path, arguments in commands():
        assert run([*arguments[:-1], str(ROOT / path)]) == 0


def main() -> None:
    """Train and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mnist", default="mnist", help="folder of the IDX files; else they are downloaded")
    parser.add_argument("--cifar10", default="cifar10", help="folder of the images; else they are downloaded")
    parser.add_argument("--runs", help="folder of runs that are trained already")
    given = parser.parse_args()
    data = {"lenet": str(given.mnist), "filters": str(given.cifar10)}
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(given.runs or folder)
        if not given.runs:
            train(runs, data)
        write_seven(runs / "seven.png", data["lenet"])
        draw(runs)


if __name__ == "__main__":
    main()
