"""Tasks other than classes on the command line: trained, tested, predicted, looked at."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.commands.conftest import Cnncalc
from tests.train.tasks.scenes import scenes
from tests.train.tasks.test_training import SMALL

DENSE = SMALL["masks"]


@pytest.fixture
def scans(folder: Path) -> Path:
    """A folder of images and masks, with names of the classes."""
    for part, count in (("train", 24), ("test", 8)):
        for name, arrays in zip(("images", "masks"), scenes(count, count, 16), strict=True):
            (folder / "scans" / part / name).mkdir(parents=True)
            for number, array in enumerate(arrays):
                Image.fromarray(array).save(folder / "scans" / part / name / f"{number}.png")
    (folder / "scans" / "classes.txt").write_text("ground\ndisc\nsquare\n")
    return folder


@pytest.mark.slow
def test_masks_from_a_folder_to_png_files(scans: Path, cnncalc: Cnncalc) -> None:
    """The pixels of a predicted mask are classes, and the table counts them."""
    done = cnncalc("train", DENSE, "--data", "scans", "--epochs", "2", "--batch", "8", "--out", "run")
    assert (done.status, done.err) == (0, "")
    assert "24 images to train on, 8 to test; masks of 3 classes" in done.out
    assert "test mIoU" in done.out
    done = cnncalc("evaluate", "run", "--format", "json")
    found = json.loads(done.out)
    assert found["classes"] == ["ground", "disc", "square"]
    assert sum(map(sum, found["confusion"])) == found["pixels"] == 8 * 16 * 16
    ious = [value for value in found["iou"] if value is not None]
    assert found["mean_iou"] == pytest.approx(sum(ious) / len(ious))

    done = cnncalc("predict", "run", "scans/test/images", "--masks", "found", "-o", "shares.csv")
    assert done.status == 0
    with Image.open("found/3.png") as mask:
        assert (mask.mode, mask.size) == ("P", (16, 16))
        counts = {value: count for count, value in mask.getcolors() or []}
    with Path("shares.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["image"].endswith("3.png")]
    assert {row["class"]: int(row["pixels"]) for row in rows} == {
        found["classes"][value]: count for value, count in counts.items()
    }


@pytest.mark.slow
def test_numbers_from_a_table_to_a_table(scans: Path, cnncalc: Cnncalc) -> None:
    """The columns of the predictions are those of the table."""
    rows = [f"scans/train/images/{number}.png,{number / 10},{number}" for number in range(24)]
    Path("t.csv").write_text("\n".join(["file,age,height", *rows]))
    spec = SMALL["regression"]
    done = cnncalc("train", spec, "--data", "t.csv", "--epochs", "1", "--batch", "8", "--out", "run")
    assert "2 numbers: age, height" in done.out
    done = cnncalc("predict", "run", "scans/test/images/0.png", "--format", "csv")
    assert done.out.splitlines()[0] == "image,age,height"
    done = cnncalc("evaluate", "run", "--confusion")
    assert done == (
        1, "",
        "error[bad-option]: there is no confusion matrix of numbers, which this run has learned\n"
        "  = leave --confusion and --picture out\n",
    )  # fmt: skip
    done = cnncalc("inspect", "run", "--only", "cam", "-o", "look.html")
    assert done.err == (
        "error[bad-option]: cam: only classifiers have these\n  = choose filters, maps, patches or metrics\n"
    )
    assert cnncalc("predict", "run", "scans/test/images/0.png", "--masks", "found").status == 2
    assert cnncalc("report", "run", "-o", "run.html").status == 0
    page = Path("run.html").read_text()
    assert "best root mean square error" in page
    assert "Images and what is predicted" in page
    done = cnncalc("export", "run", "-o", "run.onnx")
    assert done.err == "note: the input is pixels, uint8 N x 1 x 16 x 16, and the output is numbers\n"


def test_numbers_are_named_in_the_order_of_the_outputs(folder: Path, cnncalc: Cnncalc) -> None:
    """That of the table's columns, which is also the order of what is predicted."""
    rows = ["file,width,area"]
    for number, array in enumerate(scenes(24, 0, 16)[0]):
        Image.fromarray(array).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{number % 5},{number % 7}.5")
    (folder / "sizes.csv").write_text("\n".join(rows))
    done = cnncalc("train", "input 16x16x1\ngap - fc 2", "--data", "sizes.csv", "--epochs", "1", "--out", "run")
    assert "; 2 numbers: width, area\n" in done.out
    assert cnncalc("predict", "run", "3.png", "--format", "csv").out.splitlines()[0] == "image,width,area"
