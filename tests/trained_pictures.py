"""The pictures of docs/inspect.md: networks are trained, and the commands that the page names draw what they see.

Those of a run's page, in docs/report.md, are photographed in a browser. ``make trained-pictures`` runs this, which
takes half an hour on two cores. The page has the specs.
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


PHOTOGRAPHS = "docs/pictures/run-page-{theme}.png"
"""Pictures of the page of a run, for each theme."""


def photograph(folder: Path) -> None:
    """Train on digits, write the page of the run, and photograph its beginning in Chromium, light and dark."""
    from playwright.sync_api import sync_playwright

    from tests.page.conftest import CHROMIUM

    page, run_folder = folder / "digits.html", str(folder / "digits")
    spec = str(ROOT / "examples" / "digits.txt")
    assert run(["train", spec, "--data", "digits", "--epochs", "20", "--out", run_folder]) == 0
    assert run(["report", run_folder, "-o", str(page)]) == 0
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for theme in ("light", "dark"):
            view = browser.new_page(viewport={"width": 1200, "height": 650}, color_scheme=theme)
            view.goto(page.as_uri())
            view.screenshot(path=ROOT / PHOTOGRAPHS.format(theme=theme))
        browser.close()


def main() -> None:
    """Train and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mnist", default="mnist", help="folder of the IDX files; else they are downloaded")
    parser.add_argument("--cifar10", default="cifar10", help="folder of the images; else they are downloaded")
    parser.add_argument("--runs", help="folder of runs that are trained already")
    parser.add_argument("--page-only", action="store_true", help="photograph the page of a run, and draw nothing else")
    given = parser.parse_args()
    data = {"lenet": str(given.mnist), "filters": str(given.cifar10)}
    with tempfile.TemporaryDirectory() as folder:
        photograph(Path(folder))
        if given.page_only:
            return
        runs = Path(given.runs or folder)
        if not given.runs:
            train(runs, data)
        write_seven(runs / "seven.png", data["lenet"])
        draw(runs)


if __name__ == "__main__":
    main()
