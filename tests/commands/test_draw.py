"""``cnncalc draw``."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commands.conftest import Cnncalc


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def title(path: Path) -> str | None:
    """Return what a picture says that it shows."""
    return ElementTree.parse(path).getroot().findtext("{http://www.w3.org/2000/svg}title")


def test_without_a_file_the_picture_has_the_name_of_the_network(cnncalc: Cnncalc, here: Path) -> None:
    assert cnncalc("draw", "lenet5") == (0, "wrote lenet5.svg\n", "")
    assert title(here / "lenet5.svg") == "lenet5"


def test_a_file_gives_its_name(cnncalc: Cnncalc, here: Path) -> None:
    (here / "my net.txt").write_text("input 8x8x3\nconv 3x3x4")
    assert cnncalc("draw", "my net.txt").out == "wrote my-net.svg\n"
    assert title(here / "my-net.svg") == "my-net"


def test_a_text_is_called_network(cnncalc: Cnncalc, here: Path) -> None:
    assert cnncalc("draw", "conv 3x3x4", "--input", "8x8x3").out == "wrote network.svg\n"
    assert cnncalc("draw", "-", stdin=b"input 8x8x3\nrelu").out == "wrote network.svg\n"


def test_with_a_file_nothing_is_said(cnncalc: Cnncalc, here: Path) -> None:
    assert cnncalc("draw", "lenet5", "-o", "picture.svg") == (0, "", "")
    assert title(here / "picture.svg") == "lenet5"


@pytest.mark.parametrize(
    ("ending", "begin"), [("svg", b"<svg "), ("pdf", b"%PDF-1.4"), ("png", b"\x89PNG"), ("tex", b"% lenet5: ")]
)
def test_the_ending_says_what_is_written(cnncalc: Cnncalc, here: Path, ending: str, begin: bytes) -> None:
    assert cnncalc("draw", "lenet5", "-o", f"net.{ending}") == (0, "", "")
    assert (here / f"net.{ending}").read_bytes().startswith(begin)


def test_an_ending_that_is_no_picture_is_refused(cnncalc: Cnncalc, here: Path) -> None:
    finished = cnncalc("draw", "lenet5", "-o", "picture.gif")
    assert finished.status == 2
    said = "error[usage]: the ending of 'picture.gif' names no picture format: use .svg, .pdf, .png or .tex"
    assert finished.err.splitlines()[0] == said
    assert list(here.iterdir()) == []


def test_where_the_spec_is_wrong_nothing_is_written(cnncalc: Cnncalc, here: Path) -> None:
    finished = cnncalc("draw", "conv 3x3x4 - pool 9", "--input", "8x8x3")
    assert finished.status == 1
    assert list(here.iterdir()) == []


def test_a_file_that_cannot_be_written_is_one_error(cnncalc: Cnncalc, here: Path) -> None:
    finished = cnncalc("draw", "lenet5", "-o", "nowhere/net.svg")
    assert finished.status == 1
    assert finished.err == (
        "error[cannot-write]: cannot write `nowhere/net.svg`: No such file or directory\n"
        "  = make the folder `nowhere` first\n"
    )


@pytest.mark.parametrize(
    ("show", "said"),
    [
        ("params", "156 parameters"),
        ("macs", "118 k MACs"),
        ("memory", "36.8 KiB"),
        ("share", "28.2% of MACs · 0.3% of parameters"),
    ],
)
def test_costs_stand_in_the_boxes(cnncalc: Cnncalc, here: Path, show: str, said: str) -> None:
    """LeNet-5's first convolution: (5·5·1 + 1)·6 = 156, 28·28·6·25 = 117,600, and 28·28·6 values twice, in 4 bytes."""
    cnncalc("draw", "lenet5", "--show", show)
    assert f">{said}</text>" in (here / "lenet5.svg").read_text(encoding="utf-8")


def test_a_cost_of_nothing_is_left_out(cnncalc: Cnncalc, here: Path) -> None:
    """LeNet-5 has two convolutions and three fully connected layers; its pools multiply nothing."""
    cnncalc("draw", "lenet5", "--show", "macs")
    assert (here / "lenet5.svg").read_text(encoding="utf-8").count(" MACs</text>") == 5 + 1  # and the total


def test_a_window_that_does_not_fit_is_drawn(cnncalc: Cnncalc, here: Path) -> None:
    """The lecture's 7x7 input, 3x3 filter and stride 3: every other style refuses it."""
    arguments = ["draw", "conv 3x3x1 s3", "--input", "7x7x3"]
    assert cnncalc(*arguments).status == 1
    assert cnncalc(*arguments, "--style", "window") == (0, "wrote network.svg\n", "")
    assert "(7 − 3 + 2·0)/3 + 1 = 2.33: it does not fit" in (here / "network.svg").read_text(encoding="utf-8")


def test_a_window_larger_than_its_input_is_refused(cnncalc: Cnncalc, here: Path) -> None:
    finished = cnncalc("draw", "pool 9", "--input", "7x7x3", "--style", "window")
    assert (finished.status, finished.err.splitlines()[0]) == (
        1, "error[too-large]: a 9x9 window is larger than the 7x7 input",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--style", "volumes", "--show", "macs"], "error[usage]: --show is for graph, not for volumes"),
        (["--layer", "conv1"], "error[usage]: --layer is for field and window, not for graph"),
        (["--image", "photo.png"], "error[usage]: --image is for field, not for graph"),
        (["--style", "field", "--depth", "1"], "error[usage]: --depth is for graph and volumes, not for field"),
        (["--style", "window", "--layer", "fc1"], "error[no-window]: `fc1` (fc) has no window that slides"),
        (["--style", "field", "--layer", "nope"], "error[unknown-name]: there is no layer `nope`"),
        (
            ["--style", "field", "--image", "no.png"],
            "error[cannot-read]: cannot read `no.png`: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_is_one_error(cnncalc: Cnncalc, here: Path, arguments: list[str], said: str) -> None:
    assert cnncalc("draw", "lenet5", *arguments).err.splitlines()[0] == said
    assert list(here.iterdir()) == []


def test_a_photo_that_is_none_is_refused(cnncalc: Cnncalc, here: Path) -> None:
    (here / "photo.png").write_text("<svg onload='alert(1)'/>")
    finished = cnncalc("draw", "lenet5", "--style", "field", "--image", "photo.png")
    assert finished.err == (
        "error[bad-image]: `photo.png` is not a PNG, JPEG or GIF image\n  = save it as one of these\n"
    )


def test_depth_closes_blocks(cnncalc: Cnncalc, here: Path) -> None:
    cnncalc("draw", "resnet50", "--depth", "1")
    text = (here / "resnet50.svg").read_text(encoding="utf-8")
    assert all(f'data-layer="stage{number}" ' in text for number in (1, 2, 3, 4))
