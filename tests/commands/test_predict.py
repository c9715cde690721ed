"""``cnncalc predict``: next to a softmax by hand, as whole text, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional
from torchvision import models

import cnncalc as library
from tests.commands.conftest import Cnncalc

DIGITS = [str(digit) for digit in range(10)]


def by_hand(folder: Path, images: list[np.ndarray]) -> list[float]:
    """Return the mean probabilities of an image's views, from the run's files alone."""
    module = library.build(library.load(folder / "spec.txt")).eval()
    module.load_state_dict(load_file(folder / "best.safetensors"))
    facts = json.loads((folder / "run.json").read_text())
    views = torch.stack([torch.from_numpy(image / 255).float()[None] for image in images])
    normal = (views - facts["mean"][0]) / facts["deviation"][0]
    # a view's border is filled in behind the normalisation
    normal = torch.where(views < 0, torch.zeros(()), normal)
    with torch.no_grad():
        shares: list[float] = module(normal).flatten(1).mean(0).tolist()
    return shares


def test_probabilities_are_those_of_the_network(cnncalc: Cnncalc, first: Path) -> None:
    """The run's spec ends in a softmax; all ten add up to 1, the largest first."""
    with Image.open("seven.png") as image:
        wanted = by_hand(first / "first", [np.asarray(image)])
    done = cnncalc("predict", "first", "seven.png", "--top", "10", "--format", "json", "--device", "cpu")
    [prediction] = json.loads(done.out)["predictions"]
    found = {entry["class"]: entry["probability"] for entry in prediction["classes"]}

    assert (done.status, prediction["image"]) == (0, "seven.png")
    assert [found[digit] for digit in DIGITS] == pytest.approx(wanted, abs=1e-5)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert sum(found.values()) == pytest.approx(1, abs=1e-5)
    assert next(iter(found)) == "7"


def test_probabilities_of_views_are_averaged(cnncalc: Cnncalc, first: Path) -> None:
    """As it is, and moved by a pixel towards two corners; -1 marks what comes in."""
    with Image.open("seven.png") as image:
        padded = np.pad(np.asarray(image).astype(float), 1, constant_values=-255)
    wanted = by_hand(first / "first", [padded[1:-1, 1:-1], padded[:-2, :-2], padded[2:, 2:]])
    done = cnncalc("predict", "first", "seven.png", "--views", "6", "--top", "10", "--format", "json")
    [prediction] = json.loads(done.out)["predictions"]
    found = {entry["class"]: entry["probability"] for entry in prediction["classes"]}
    assert [found[digit] for digit in DIGITS] == pytest.approx(wanted, abs=1e-5)


# ---- as whole text


@pytest.fixture
def sure(first: Path) -> Path:
    """The run with weights that give every image the same scores: log 8, log 1, log 1, and 0 to the rest."""
    weights = load_file("first/best.safetensors")
    changed = {name: torch.zeros_like(value) for name, value in weights.items()}
    changed["fc1.bias"] = torch.tensor([0.8, 0.1, 0.1] + [1e-30] * 7).log()
    save_file(changed, "first/best.safetensors")
    return first


def test_the_table(cnncalc: Cnncalc, sure: Path) -> None:
    Image.new("L", (8, 8)).save("other.png")
    assert cnncalc("predict", "first", "seven.png", "other.png", "--top", "2").out == (
        "image       class   probability\n"
        "──────────────────────────────────────────────────\n"
        "seven.png   0            80.00%   ████████████████\n"
        "            1            10.00%   ██\n"
        "other.png   0            80.00%   ████████████████\n"
        "            1            10.00%   ██\n"
    )


def test_the_table_for_programs(cnncalc: Cnncalc, sure: Path) -> None:
    lines = cnncalc("predict", "first", "seven.png", "--top", "1", "--format", "csv").out.splitlines()
    assert lines[0] == "image,class,probability"
    assert lines[1].split(",")[:2] == ["seven.png", "0"]
    assert float(lines[1].split(",")[2]) == pytest.approx(0.8)


def test_more_classes_than_there_are(cnncalc: Cnncalc, sure: Path) -> None:
    [prediction] = json.loads(cnncalc("predict", "first", "seven.png", "--top", "99", "--format", "json").out)[
        "predictions"
    ]
    assert len(prediction["classes"]) == 10


def test_softmax_of_scores_is_a_probability(cnncalc: Cnncalc, first: Path) -> None:
    """A spec that ends in scores gives probabilities as well."""
    options = ["--data", "digits", "--limit", "64", "--epochs", "1", "--device", "cpu", "--quiet", "--out", "scores"]
    assert cnncalc("train", "input 8x8x1\nfc 10", *options).status == 0
    logits = torch.tensor(by_hand(first / "scores", [np.asarray(Image.open("seven.png"))]))
    done = cnncalc("predict", "scores", "seven.png", "--top", "1", "--format", "json")
    [best] = json.loads(done.out)["predictions"][0]["classes"]
    assert best["class"] == str(logits.argmax().item())
    assert best["probability"] == pytest.approx(functional.softmax(logits, 0).max().item(), abs=1e-5)


# ---- folders


def test_a_folder_is_gone_through_and_what_cannot_be_read_is_listed(cnncalc: Cnncalc, sure: Path) -> None:
    """For programs every row is whole; the status is 0, since the rest was done."""
    (sure / "photos" / "more").mkdir(parents=True)
    for name in ("b.png", "a.png", "more/c.png"):
        Image.new("L", (8, 8)).save(sure / "photos" / name)
    (sure / "photos" / "bad.png").write_bytes(b"no image")
    done = cnncalc("predict", "first", "photos", "--top", "2", "-o", "answers.csv")
    unread = "cannot read `photos/bad.png`: it is not an image (JPEG, PNG, BMP, GIF, PPM, TIFF, WEBP)"
    assert (done.status, done.err) == (0, f"note: left out photos/bad.png: {unread}\n")
    rows = [line.split(",")[:2] for line in (sure / "answers.csv").read_text().splitlines()]
    names = [name for name in ("a", "b", "more/c") for _ in range(2)]
    assert rows == [["image", "class"], *([f"photos/{name}.png", str(at % 2)] for at, name in enumerate(names))]
    shown = cnncalc("predict", "first", "photos", "--top", "1")
    assert (shown.out.splitlines()[-1], shown.err) == (f"left out  photos/bad.png: {unread}", "")


def test_a_folder_without_a_usable_image(cnncalc: Cnncalc, first: Path) -> None:
    (first / "photos").mkdir()
    assert cnncalc("predict", "first", "photos").err == "error[bad-data]: no image lies in `photos`\n"
    (first / "photos" / "bad.png").write_bytes(b"no image")
    assert cnncalc("predict", "first", "photos").status == 1


# ---- published weights


@pytest.mark.slow
def test_a_published_network_sees_what_torchvision_s_own_preprocessing_makes(
    cnncalc: Cnncalc, folder: Path, published: nn.Module
) -> None:
    """The example of torchvision's documentation, by hand: resize to 256, cut out 224, normalise, softmax."""
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)).save("photo.png")
    done = cnncalc("predict", "resnet18", "--weights", "torchvision", "photo.png", "--format", "json", "--top", "5")
    assert (done.status, done.err) == (0, "")
    weights = models.ResNet18_Weights.IMAGENET1K_V1
    with torch.no_grad(), Image.open("photo.png") as image:
        shares = published(weights.transforms()(image)[None]).softmax(1)[0]
    best = shares.topk(5)
    (found,) = json.loads(done.out)["predictions"]
    assert [entry["class"] for entry in found["classes"]] == [weights.meta["categories"][at] for at in best.indices]
    assert [entry["probability"] for entry in found["classes"]] == pytest.approx(best.values.tolist(), rel=1e-3)


def test_what_published_weights_do_not_go_with(cnncalc: Cnncalc, first: Path) -> None:
    for call, said in (
        (("first", "--weights", "torchvision"), "a run has its own weights, best and last, and not 'torchvision'"),
        (
            ("resnet18", "--weights", "torchvision", "--views", "2"),
            "--views is for a run: published weights have their",
        ),
        (("first", "--input", "9x9x1"), "--input, --set and --rounding are for a spec: a run has its own"),
    ):
        done = cnncalc("predict", *call, "seven.png")
        assert (done.status, done.out) == (2, "")
        assert said in done.err


# ---- what is refused


def test_images_that_cannot_be_read(cnncalc: Cnncalc, first: Path) -> None:
    (first / "no.png").write_bytes(b"no image")
    done = cnncalc("predict", "first", "seven.png", "no.png")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error[unreadable-image]: ")
    assert cnncalc("predict", "first", "nowhere.png").err == (
        "error[unreadable-image]: cannot read `nowhere.png`: there is no such file\n"
    )


def test_images_of_another_size_or_colour(cnncalc: Cnncalc, first: Path) -> None:
    """What is asked for with --resize is done; colours become the grey that the network was trained on."""
    Image.new("L", (20, 30), 90).save("large.png")
    assert cnncalc("predict", "first", "large.png").err == (
        "error[data-differs]: `large.png` is 30x20x1, and the spec's input is 8x8x1\n"
        "  = `--resize pad`, `--resize crop` or `--resize stretch` brings images to the input's size\n"
    )
    for how in ("pad", "crop", "stretch"):
        assert cnncalc("predict", "first", "large.png", "--resize", how).status == 0
    colour = Image.new("RGB", (8, 8), (9, 90, 200))
    colour.save("colour.png")
    colour.convert("L").save("grey.png")
    coloured, grey = (cnncalc("predict", "first", name, "--format", "csv").out for name in ("colour.png", "grey.png"))
    assert coloured.replace("colour.png", "grey.png") == grey


def test_a_wrong_call(cnncalc: Cnncalc) -> None:
    assert cnncalc("predict", "first") == (
        2,
        "",
        "error[usage]: Missing argument 'IMAGE|FOLDER|FILE.npy...'.\n  = see `cnncalc predict --help`\n",
    )
    assert cnncalc("predict", "nowhere", "x.png").err.splitlines()[0] == (
        "error[no-run]: `nowhere` is not a training run: it has no run.json"
    )
