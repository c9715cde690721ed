"""``cnncalc evaluate``: next to a computation by hand, as whole text, and in every form."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from sklearn.datasets import load_digits

from cnncalc.commands.cli import run
from cnncalc.train.show.confusion_matrix import draw_confusion
from tests.commands.conftest import Cnncalc

# ---- as whole text

SHADES = "input 2x2x1\ngap - fc 3"
LABELS = [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]
GREYS = [0, 0, 128, 128, 128, 255, 255, 255, 128, 255]
"""Ten images of one grey each: a dark one and a bright one are taken for something in between."""
SLOPES, OFFSETS = [0.0, 20.0, 40.0], [0.0, -5.0, -20.0]
"""Scores of the classes, as functions of a grey between 0 and 1: they cross at 1/4 and at 3/4."""


@pytest.fixture
def shades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> Path:
    """A run whose weights were written by hand, so that everything about it can be computed."""
    monkeypatch.chdir(tmp_path)
    pixels = np.array(GREYS, np.uint8).repeat(4).reshape(10, 2, 2)
    np.savez("shades.npz", x_train=pixels, y_train=LABELS, x_test=pixels, y_test=LABELS)
    options = ["--data", "shades.npz", "--normalise", "none", "--epochs", "1", "--device", "cpu", "--quiet"]
    assert run(["train", SHADES, *options, "--shift", "0", "--out", "run"]) == 0
    weights = load_file("run/best.safetensors")
    shapes = {name: value.shape for name, value in weights.items()}
    values = {"fc1.weight": torch.tensor(SLOPES), "fc1.bias": torch.tensor(OFFSETS)}
    save_file({name: values[name].view(shape) for name, shape in shapes.items()}, "run/best.safetensors")
    return tmp_path


def loss_by_hand() -> float:
    """Return the mean cross-entropy, written out."""
    total = 0.0
    for grey, label in zip(GREYS, LABELS, strict=True):
        scores = [slope * grey / 255 + offset for slope, offset in zip(SLOPES, OFFSETS, strict=True)]
        total += math.log(sum(map(math.exp, scores))) - scores[label]
    return total / len(GREYS)


def test_the_table(cnncalc: Cnncalc, shades: Path) -> None:
    done = cnncalc("evaluate", "run")
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "class   images   right   precision   recall      F1   most often confused with\n"
        "──────────────────────────────────────────────────────────────────────────────\n"
        "0            3       2      100.0%    66.7%   80.0%   1 (1)\n"
        "1            2       2       50.0%   100.0%   66.7%\n"
        "2            5       4      100.0%    80.0%   88.9%   1 (1)\n"
        "\n"
        "total       10       8\n"
        "\n"
        "tested    the test images of shades.npz, with the best weights (epoch 0)\n"
        "accuracy  80.00% (8 of 10)\n"
        "macro F1  78.5% (mean over the classes; precision 83.3%, recall 82.2%)\n"
        f"loss      {loss_by_hand():.4f} (mean cross-entropy)\n"
    )


def test_the_confusion_matrix(cnncalc: Cnncalc, shades: Path) -> None:
    assert cnncalc("evaluate", "run", "--confusion").out == (
        "class   0   1   2\n"
        "─────────────────\n"
        "0       2   1   0\n"
        "1       0   2   0\n"
        "2       0   1   4\n"
        "\n"
        "tested    the test images of shades.npz, with the best weights (epoch 0)\n"
        "accuracy  80.00% (8 of 10)\n"
        "macro F1  78.5% (mean over the classes; precision 83.3%, recall 82.2%)\n"
        f"loss      {loss_by_hand():.4f} (mean cross-entropy)\n"
        "rows are true classes, columns are predicted classes\n"
    )
    assert cnncalc("evaluate", "run", "--confusion", "--format", "csv").out == (
        "class,0,1,2\n0,2,1,0\n1,0,2,0\n2,0,1,4\n"
    )


def test_json_has_everything(cnncalc: Cnncalc, shades: Path) -> None:
    assert json.loads(cnncalc("evaluate", "run", "--format", "json").out) == {
        "schema": "cnncalc/2",
        "run": "run",
        "weights": "best",
        "epoch": 0,
        "data": "the test images of shades.npz",
        "views": 1,
        "images": 10,
        "right": 8,
        "accuracy": 0.8,
        "top5_accuracy": None,
        "loss": pytest.approx(loss_by_hand(), rel=1e-5),
        "classes": ["0", "1", "2"],
        "confusion": [[2, 1, 0], [0, 2, 0], [0, 1, 4]],
        "precision": [2 / 2, 2 / 4, 4 / 4],
        "recall": [2 / 3, 2 / 2, 4 / 5],
        "f1": [pytest.approx(value) for value in (2 / (1 / 1 + 3 / 2), 2 / (2 / 1 + 1 / 1), 2 / (1 / 1 + 5 / 4))],
        "macro_precision": pytest.approx((1 + 1 / 2 + 1) / 3),
        "macro_recall": pytest.approx((2 / 3 + 1 + 4 / 5) / 3),
        "macro_f1": pytest.approx((4 / 5 + 2 / 3 + 8 / 9) / 3),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["confusion.svg", "confusion.png"])
def test_a_picture(cnncalc: Cnncalc, shades: Path, name: str) -> None:
    """A file that its readers can read, and twice the same."""
    assert cnncalc("evaluate", "run", "--picture", name).status == 0
    data = (shades / name).read_bytes()
    if name.endswith("svg"):
        assert ElementTree.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg"
    else:
        with Image.open(name) as image:
            assert min(image.size) > 300
    assert cnncalc("evaluate", "run", "--picture", name).status == 0
    assert (shades / name).read_bytes() == data


@pytest.mark.slow
@pytest.mark.parametrize("names", [("$\\frac$", "$x$"), ("猫", "犬"), ("a_b^c", "100%"), ("", " ")])
def test_any_name_of_a_class_can_be_drawn(names: tuple[str, str]) -> None:
    """Names are those of folders: no formulas, and not in every font."""
    assert draw_confusion(names, [[1, 2], [3, 4]], "png").startswith(b"\x89PNG")
    assert draw_confusion([f"{names[0]}{number}" for number in range(50)], [[1] * 50] * 50, "svg")


# ---- other data, other views


def test_other_images_can_be_tested(cnncalc: Cnncalc, shades: Path) -> None:
    """All of them, where they have no test part of their own."""
    np.savez("dark.npz", x_train=np.zeros((4, 2, 2), np.uint8), y_train=[0, 0, 1, 2])
    data = json.loads(cnncalc("evaluate", "run", "--data", "dark.npz", "--format", "json").out)
    assert (data["data"], data["accuracy"]) == ("the images of dark.npz", 0.5)
    assert data["confusion"] == [[2, 0, 0], [1, 0, 0], [1, 0, 0]]


def test_views_are_averaged(cnncalc: Cnncalc, first: Path) -> None:
    """Digits are not mirrored, so 6 are 3: as they are, and moved by a pixel along a diagonal."""
    plain, views = (
        json.loads(cnncalc("evaluate", "first", "--views", number, "--format", "json").out) for number in ("1", "6")
    )
    assert (plain["views"], views["views"], views["images"]) == (1, 3, 360)
    assert plain["loss"] != views["loss"]
    assert ", 3 views of each, with the best weights" in cnncalc("evaluate", "first", "--views", "6").out
    for command in (("evaluate", "first"), ("predict", "first", "seven.png")):
        assert cnncalc(*command, "--views", "2") == (
            1,
            "",
            "error[bad-option]: --views 2 averages an image and its mirror image, and this run did not mirror in "
            "training\n"
            "  = leave it out, or --views 6, which averages an image and two that are moved by a pixel\n",
        )


def test_without_test_images_those_held_back_are_tested(cnncalc: Cnncalc, shades: Path) -> None:
    images, labels = load_digits(return_X_y=True)
    np.savez("d.npz", x_train=(images[:200].reshape(-1, 8, 8) * 15).astype(np.uint8), y_train=labels[:200])
    options = ["--data", "d.npz", "--epochs", "1", "--device", "cpu", "--quiet", "--out", "held"]
    assert cnncalc("train", "input 8x8x1\nfc 10", *options).status == 0
    data = json.loads(cnncalc("evaluate", "held", "--format", "json").out)
    assert (data["data"], data["images"]) == ("the validation images of d.npz", 20)
    told = (shades / "held" / "metrics.csv").read_text().splitlines()[-1].split(",")
    assert data["accuracy"] == float(told[6])


def test_a_part_of_the_images_can_be_tested(cnncalc: Cnncalc, shades: Path) -> None:
    """Evenly spaced: of ten, the first and the sixth."""
    data = json.loads(cnncalc("evaluate", "run", "--limit", "2", "--format", "json").out)
    assert (data["data"], data["images"]) == ("2 of the 10 test images of shades.npz", 2)
    assert data["confusion"] == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]
    whole = json.loads(cnncalc("evaluate", "run", "--limit", "10", "--format", "json").out)
    assert whole["data"] == "the test images of shades.npz"


def test_how_the_files_are_understood_is_said(cnncalc: Cnncalc, shades: Path) -> None:
    """Labels that begin at 1 are noted, as in training."""
    pixels = np.array(GREYS, np.uint8).reshape(10, 1, 1).repeat(2, 1).repeat(2, 2)
    labels = np.array(LABELS) + 1
    np.savez("one.npz", x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)
    options = ["--epochs", "1", "--device", "cpu", "--quiet", "--out", "one"]
    assert cnncalc("train", SHADES, "--data", "one.npz", *options).status == 0
    note = "note      the labels go from 1 to 3: they are counted from 1\n"
    assert cnncalc("evaluate", "one").out.endswith(note)
    assert "note" not in cnncalc("evaluate", "run").out


def test_other_images_are_read_as_those_of_the_run(cnncalc: Cnncalc, shades: Path) -> None:
    """A run that resized its images resizes others too; what is typed wins."""
    large = np.repeat(np.repeat(np.array(GREYS, np.uint8).reshape(10, 1, 1), 6, 1), 6, 2)
    np.savez("large.npz", x_train=large, y_train=LABELS)
    options = ["--epochs", "1", "--device", "cpu", "--quiet", "--resize", "stretch", "--out", "resized"]
    assert cnncalc("train", SHADES, "--data", "large.npz", *options).status == 0
    assert cnncalc("evaluate", "resized", "--data", "large.npz").status == 0
    assert cnncalc("evaluate", "run", "--data", "large.npz").err.startswith("error[data-differs]: ")
    assert cnncalc("evaluate", "run", "--data", "large.npz", "--resize", "crop").status == 0
    assert cnncalc("evaluate", "resized", "--data", "large.npz", "--resize", "none").status == 1


def test_a_run_is_tested_on_the_images_that_it_began_with(cnncalc: Cnncalc, shades: Path) -> None:
    """Others have to be named."""
    with np.load("shades.npz") as file:
        arrays = dict(file)
    np.savez("shades.npz", **{**arrays, "y_test": arrays["y_test"][::-1]})
    assert cnncalc("evaluate", "run") == (
        1,
        "",
        "error[other-data]: the data shades.npz are not those that the run began with\n"
        "  = images, labels or names of classes have changed: put them back as they were, or begin a new run\n"
        "  = or name them, to test on them nevertheless: --data NAME|PATH\n",
    )
    assert cnncalc("evaluate", "run", "--data", "shades.npz").status == 0


# ---- what is refused


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["evaluate", "run"], ["export", "run", "-o", "x.pt"], ["train", "--resume", "run"]]
)
def test_a_spec_that_was_edited(cnncalc: Cnncalc, shades: Path, command: list[str]) -> None:
    """The weights fit as well, and mean something else."""
    (shades / "run" / "spec.txt").write_text("input 2x2x1\ngap - relu - fc 3")
    assert cnncalc(*command) == (
        1,
        "",
        "error[other-spec]: `run/spec.txt` is not the spec that the run began with\n"
        "  = put it back as it was, or begin a new run with it\n"
        "  = or continue with it anyway: cnncalc train --resume run --accept-changes\n",
    )
    assert cnncalc("train", "--resume", "run", "--accept-changes", "--quiet").status == 0
    assert cnncalc("evaluate", "run").status == 0


def test_what_is_no_run(cnncalc: Cnncalc, shades: Path) -> None:
    (shades / "empty").mkdir()
    for name in ("empty", "nowhere", "shades.npz"):
        assert cnncalc("evaluate", name) == (
            1,
            "",
            f"error[no-run]: `{name}` is not a training run: it has no run.json\n"
            "  = name the folder that `cnncalc train` wrote\n",
        )


def test_weights_that_are_not_there_yet(cnncalc: Cnncalc, shades: Path) -> None:
    (shades / "run" / "last.safetensors").unlink()
    assert cnncalc("evaluate", "run", "--weights", "last").err == (
        "error[no-weights]: the run `run` has no last.safetensors yet\n"
        "  = train at least one epoch: cnncalc train --resume run\n"
    )


class Trap:
    """What pickle would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.mkdir, (Path("sprung"),)  # type: ignore[return-value]


def test_weights_of_a_stranger_are_data_or_nothing(cnncalc: Cnncalc, shades: Path) -> None:
    """A pickle is not run, a file that was cut off is refused, and so are weights of another network."""
    best = shades / "run" / "best.safetensors"
    whole = best.read_bytes()
    torch.save({"fc1.weight": Trap()}, best)
    for _ in range(2):
        done = cnncalc("evaluate", "run")
        assert (done.status, done.out) == (1, "")
        assert done.err.startswith("error[bad-weights]: `run/best.safetensors` is damaged: ")
        assert done.err.count("\n") == 1
        best.write_bytes(whole[:-1])
    assert not Path("sprung").exists()

    save_file({"fc1.weight": torch.zeros(4, 1), "fc1.bias": torch.zeros(4)}, best)
    assert cnncalc("evaluate", "run").err == (
        "error[other-weights]: run/best.safetensors holds the weights of another network: `fc1.weight` does not match\n"
    )


def test_data_that_do_not_suit_the_network(cnncalc: Cnncalc, shades: Path) -> None:
    np.savez("four.npz", x_train=np.zeros((4, 2, 2), np.uint8), y_train=[0, 1, 2, 3])
    assert cnncalc("evaluate", "run", "--data", "four.npz").err.splitlines()[0] == (
        "error[data-differs]: four.npz has 4 classes, and the network 3 outputs"
    )
    assert cnncalc("evaluate", "run", "--data", "digits").err.splitlines()[0] == (
        "error[data-differs]: the images of digits are 8x8x1, and the spec's input is 2x2x1"
    )


def test_a_picture_is_an_svg_or_a_png(cnncalc: Cnncalc) -> None:
    assert cnncalc("evaluate", "run", "--picture", "x.gif") == (
        2,
        "",
        "error[usage]: Invalid value for '--picture': 'x.gif' ends in neither .svg nor .png\n"
        "  = see `cnncalc evaluate --help`\n",
    )
