"""``cnncalc inspect``: the summary, pages and sheets, and what is refused."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.commands.conftest import Cnncalc
from tests.house import ROOT

PARTS = (
    "Filters of the first layer",
    "Activation maps of seven.png",
    "Patches that activate units most",
    "Worst mistakes",
    "Precision, recall, F1 and the confusion matrix",
)


def headings(page: str) -> tuple[str, ...]:
    return tuple(re.findall("<h2>(.*?)</h2>", page))


def lose_data(folder: Path) -> None:
    """Let the run look for its images where there are none."""
    facts = folder / "first" / "run.json"
    facts.write_text(facts.read_text().replace('"data": "digits"', '"data": "/nowhere/digits.npz"'))
    assert "/nowhere" in facts.read_text()


def test_a_summary(cnncalc: Cnncalc, first: Path) -> None:
    """The numbers of every layer, and what a test comes to, which is what `evaluate` says."""
    done = cnncalc("inspect", "first", "--device", "cpu")
    evaluated = cnncalc("evaluate", "first", "--device", "cpu").out
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["layer", "operation", "output", "weights", "±", "mean", "±", "zeros", "dead", "units"]
    assert [line.split()[0] for line in lines[2:6]] == ["conv1", "relu1", "pool1", "fc1"]
    for word in ("tested", "accuracy", "macro F1", "loss"):
        told = next(line for line in evaluated.splitlines() if line.startswith(word))
        assert any(line.split() == told.split() for line in lines)
    assert lines[-1] == "pictures: -o look.html, or -o look.png"


def test_the_summary_as_json(cnncalc: Cnncalc, first: Path) -> None:
    data = json.loads(cnncalc("inspect", "first", "--device", "cpu", "--format", "json").out)
    evaluated = json.loads(cnncalc("evaluate", "first", "--device", "cpu", "--format", "json").out)
    assert set(data) == {"schema", "name", "weights", "epoch", "missing", "images", "layers", "metrics", "mistakes"}
    assert {**evaluated, **data["metrics"]} == evaluated
    assert (data["name"], data["weights"], data["epoch"]) == ("first", "best", evaluated["epoch"])
    page = (
        (ROOT / "docs" / "json.md")
        .read_text(encoding="utf-8")
        .split("`inspect` prints")[1]
        .split("`predict` prints")[0]
    )
    documented = set(re.findall(r"`(\w+)`", page))
    assert {*data, *data["layers"][0], *data["mistakes"][0]} <= documented
    wrong = data["mistakes"][0]
    assert wrong["class"] != wrong["predicted"]
    assert wrong["probability_of_class"] < wrong["probability"]


def test_a_page_has_all_parts(cnncalc: Cnncalc, first: Path) -> None:
    done = cnncalc("inspect", "first", "seven.png", "--device", "cpu", "-o", "look.html")
    assert (done.status, done.out, done.err) == (0, "", "")
    page = Path("look.html").read_text(encoding="utf-8")
    assert headings(page) == PARTS
    assert "script-src 'none'" in page
    assert re.findall('(?:src|href)="([^#d][^"]*)', page) == []  # links within the page, and data


def test_a_page_is_the_same_every_time(cnncalc: Cnncalc, first: Path) -> None:
    pages = []
    for name in ("one.html", "two.html"):
        assert cnncalc("inspect", "first", "--device", "cpu", "-o", name).status == 0
        pages.append(Path(name).read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.parametrize(("theme", "corner"), [(None, (255, 255, 255)), ("dark", (20, 23, 28))])
def test_a_sheet_is_a_picture_in_the_theme(
    cnncalc: Cnncalc, first: Path, theme: str | None, corner: tuple[int, int, int]
) -> None:
    themed = ["--theme", theme] if theme else []
    done = cnncalc("inspect", "first", "seven.png", "--device", "cpu", "--only", "maps", *themed, "-o", "look.png")
    assert (done.status, done.out, done.err) == (0, "", "")
    with Image.open("look.png") as image:
        assert image.convert("RGB").getpixel((0, 0)) == corner
        assert image.width > 500


def test_parts_and_layers_can_be_chosen(cnncalc: Cnncalc, first: Path) -> None:
    call = ("inspect", "first", "--device", "cpu", "--only", "patches", "--layer", "relu1", "--unit", "5")
    assert cnncalc(*call, "-o", "look.html").status == 0
    page = Path("look.html").read_text(encoding="utf-8")
    assert headings(page) == ("Patches that activate units most",)
    assert re.findall("<h3>(.*?)</h3>", page) == ["relu1"]
    assert re.findall("<span>(unit.*?)</span>", page) == ["unit 5"]


# ---- without a run, and without its data


def test_a_spec_with_weights(cnncalc: Cnncalc, first: Path) -> None:
    """What needs no data is shown, and the rest says what it needs; the weights may be those that `export` writes."""
    assert cnncalc("export", "first", "-o", "weights.pt").status == 0
    for weights in ("weights.pt", "first/best.safetensors"):
        done = cnncalc("inspect", "first/spec.txt", "seven.png", "--weights", weights, "-o", "look.html")
        assert (done.status, done.out, done.err) == (0, "", "")
        page = Path("look.html").read_text(encoding="utf-8")
        assert headings(page) == PARTS
        says = "This needs images, and there are none: a spec has no data of its own: name images with --data."
        assert page.count(says) == 3
        assert re.findall("<h3>(.*?)</h3>", page) == [
            "conv1",
            "input",
            "class activation",
            "conv1",
            "relu1",
            "pool1",
            "fc1",
        ]


def test_a_spec_can_be_tested_too(cnncalc: Cnncalc, first: Path) -> None:
    done = cnncalc(
        "inspect", "first/spec.txt", "--weights", "first/best.safetensors", "--data", "digits", "--format", "json"
    )
    data = json.loads(done.out)
    assert (data["epoch"], data["weights"]) == (None, "the weights of first/best.safetensors")
    assert data["metrics"]["images"] == 360


@pytest.mark.slow
def test_weights_of_torchvision(cnncalc: Cnncalc, folder: Path, published: nn.Module) -> None:
    """The middle of a photo, normalised as published; the likeliest classes are those of torchvision's own model."""
    from torchvision.models import ResNet18_Weights
    from torchvision.transforms.functional import normalize

    pixels = np.random.default_rng(0).integers(0, 256, (224, 300, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    middle = torch.from_numpy(pixels[:, 38:262]).permute(2, 0, 1) / 255
    with torch.no_grad():
        shares = published(normalize(middle, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])[None]).softmax(1)[0]
    best = [ResNet18_Weights.IMAGENET1K_V1.meta["categories"][place] for place in shares.topk(3).indices.tolist()]
    call = ("inspect", "resnet18", "photo.png", "--weights", "torchvision", "--only", "maps", "--device", "cpu")
    done = cnncalc(*call, "-o", "look.html")
    assert (done.status, done.err) == (0, "")
    page = html.unescape(Path("look.html").read_text(encoding="utf-8"))
    assert re.findall(r'<tr><th scope="row">(.*?)</th>', page) == best


def test_a_run_whose_data_are_gone_shows_what_needs_none(cnncalc: Cnncalc, first: Path) -> None:
    lose_data(first)
    done = cnncalc("inspect", "first", "seven.png", "--device", "cpu", "-o", "look.html")
    missing = "there is no data set or folder `/nowhere/digits.npz`"
    assert (done.status, done.out) == (0, "")
    assert done.err == f"note: there is nothing to test on: {missing}\n"
    page = Path("look.html").read_text(encoding="utf-8")
    assert headings(page) == PARTS
    assert page.count(f"This needs images, and there are none: {missing}.") == 3
    summary = cnncalc("inspect", "first", "seven.png", "--device", "cpu").out
    assert f"tested   not: {missing}\n" in summary


# ---- what is refused

REFUSED = {
    ("nowhere",): (
        "error[no-run]: `nowhere` is not a training run: it has no run.json\n"
        "  = name the folder that `cnncalc train` wrote\n"
        "  = a spec needs the file of its weights: --weights FILE\n"
    ),
    ("first", "--layer", "conv9"): (
        "error[unknown-name]: there is no layer `conv9`\n"
        "  = did you mean `conv1`?\n"
        "  = layers and blocks are conv1, bn1, relu1, pool1, fc1\n"
    ),
    ("first", "--only", "patches", "--unit", "8", "--layer", "relu1", "-o", "a.png"): (
        "error[bad-option]: `relu1` has no unit 8: its units are 0 to 7\n"
        "  = name the layers that have one: --layer NAME\n"
    ),
    ("first", "eight.png", "-o", "a.png"): (
        "error[unreadable-image]: cannot read `eight.png`: there is no such file\n"
    ),
    ("first", "large.png", "-o", "a.png"): (
        "error[data-differs]: `large.png` is 9x9x1, and the spec's input is 8x8x1\n"
        "  = `--resize pad`, `--resize crop` or `--resize stretch` brings images to the input's size\n"
    ),
    ("conv 3x3x4 - fc 2", "--input", "8x8x1", "--weights", "first/best.safetensors"): (
        "error[other-weights]: the weights are of another network: they have 8 tensors, and this one has 4\n"
        "  = `conv1.weight` has 4x1x3x3, and they have 8x1x3x3 in its place\n"
    ),
    ("conv 3x3x4 - fc 2", "--input", "8x8x1", "--weights", "no.pt"): (
        "error[no-weights]: cannot read the weights in `no.pt`: No such file or directory\n"
        "  = weights are a file (.safetensors, .pt, .pth, .bin, .ckpt, .tar, .npz) or the folder of a run, "
        "and `torchvision` names its own\n"
    ),
    ("conv 3x3x4 - fc 2", "--input", "8x8x1", "--weights", "seven.png"): (
        "error[bad-weights]: `seven.png` is not a file of weights: its name ends in none of "
        ".safetensors, .pt, .pth, .bin, .ckpt, .tar, .npz\n"
    ),
    ("conv 3x3x4 - fc 2", "--input", "8x8x1", "--weights", "first/best.safetensors", "--normalise", "imagenet"): (
        "error[bad-option]: --normalise imagenet is for images of 3 channels, and the network's have 1\n"
        "  = use --normalise none or half\n"
    ),
    ("first", "--data", "nowhere"): (
        "error[no-such-data]: there is no data set or folder `nowhere`\n"
        "  = known are auto, digits, mnist, fashion-mnist, cifar10, cifar100, synthetic, "
        "and the paths of folders, .npz and .csv files\n"
    ),
}
"""Calls, and what is said."""


@pytest.mark.parametrize("call", REFUSED, ids=" ".join)
def test_one_clear_error(cnncalc: Cnncalc, first: Path, call: tuple[str, ...]) -> None:
    Image.new("L", (9, 9)).save("large.png")
    done = cnncalc("inspect", *call)
    assert (done.status, done.out) == (1, "")
    assert done.err == REFUSED[call]
    assert not Path("a.png").exists()


USAGE = {
    ("first", "-o", "look.gif"): (
        "the ending of 'look.gif' names no output format: use .html, .png, .txt, .json, .csv, .md, .tex"
    ),
    ("first", "--only", "maps"): (
        "--only and --unit choose pictures; name a file for them: -o look.html or -o look.png"
    ),
    ("first", "--theme", "dark", "-o", "look.html"): (
        "--theme is for a .png; a page follows the setting of the browser"
    ),
    ("first", "--format", "csv", "-o", "look.html"): "--format is for the summary; 'look.html' is a picture",
    ("first", "--normalise", "half"): (
        "a run has its network and its normalisation; leave out --normalise, --input and --set"
    ),
    ("first", "seven.png", "-o", "seven.png"): "-o seven.png would replace seven.png itself; name another file",
    ("first", "-o", "first/metrics.csv"): (
        "-o first/metrics.csv would replace the run's own metrics.csv; name another file"
    ),
}


@pytest.mark.parametrize("call", USAGE, ids=" ".join)
def test_what_does_not_go_together_is_refused(cnncalc: Cnncalc, first: Path, call: tuple[str, ...]) -> None:
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    done = cnncalc("inspect", *call)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error[usage]: {USAGE[call]}\n  = see `cnncalc inspect --help`\n"
    assert {path: path.read_bytes() for path in first.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_report_never_replaces_a_file_of_its_run(cnncalc: Cnncalc, first: Path, command: str) -> None:
    before = Path("first/run.json").read_bytes()
    done = cnncalc(command, "first", *(["seven.png"] if command == "predict" else []), "-o", "first/run.json")
    assert done.status == 2
    assert "-o first/run.json would replace the run's own run.json; name another file" in done.err
    assert Path("first/run.json").read_bytes() == before


def test_what_needs_images_alone_is_refused_where_there_are_none(cnncalc: Cnncalc, first: Path) -> None:
    lose_data(first)
    done = cnncalc("inspect", "first", "--device", "cpu", "--only", "mistakes", "-o", "look.png")
    assert done.status == 1
    assert done.err.splitlines()[1:] == [
        "error[no-data]: mistakes: This needs images, and there are none: "
        "there is no data set or folder `/nowhere/digits.npz`",
        "  = name images to test on: --data NAME|PATH",
    ]
    assert not Path("look.png").exists()


# ---- folders and letters


@pytest.mark.slow
def test_a_folder_stands_for_its_first_images(cnncalc: Cnncalc, first: Path) -> None:
    """Eight of them, sorted, also those in folders below."""
    (first / "photos" / "more").mkdir(parents=True)
    for number in range(10):
        place = first / "photos" / ("more" if number > 6 else "")
        Image.new("L", (8, 8), 20 * number).save(place / f"{number}.png")
    done = cnncalc("inspect", "first", "photos", "--only", "maps", "--device", "cpu", "-o", "look.html")
    assert (done.status, done.err) == (0, "note: the first 8 of the 10 images in photos are shown\n")
    shown = [name for name in headings(Path("look.html").read_text()) if name.startswith("Activation maps of")]
    assert shown == [f"Activation maps of {number}.png" for number in (0, 1, 2, 3, 4, 5, 6, 7)]


def test_a_folder_without_images(cnncalc: Cnncalc, first: Path) -> None:
    (first / "empty").mkdir()
    done = cnncalc("inspect", "first", "empty", "--device", "cpu", "-o", "look.html")
    assert (done.status, done.err) == (1, "error[bad-data]: no image lies in `empty`\n")


def test_letters_that_no_font_has_are_told(cnncalc: Cnncalc, first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet shows boxes in their place, and one line says so."""
    monkeypatch.setattr("cnncalc.inspect.fonts._others", tuple)
    facts = first / "first" / "run.json"
    said = json.loads(facts.read_text())
    said["classes"][3] = "고양이"
    facts.write_text(json.dumps(said))
    done = cnncalc("inspect", "first", "seven.png", "--only", "filters", "--device", "cpu", "-o", "look.png")
    assert done.status == 0
    assert done.err.splitlines()[-1] == "note: no font on this machine has the letters of 고양이; a page shows them"
