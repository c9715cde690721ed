from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

import cnncalc as library
from cnncalc.report.compare import compare_report
from cnncalc.report.report import Screen
from cnncalc.report.terminal import draw
from tests.commands.conftest import Cnncalc

C = 64
STACK = "(conv 3x3x64 p1 nobias)*3"
WIDE = "conv 7x7x64 p3 nobias"


def test_three_small_layers_against_a_large_one(cnncalc: Cnncalc) -> None:
    """The lecture's comparison: the same receptive field, 27C² against 49C² weights."""
    data = json.loads(cnncalc("compare", STACK, WIDE, "--input", f"56x56x{C}", "--format", "json").out)
    stack, wide = data["specs"]
    assert stack["receptive_field"] == wide["receptive_field"] == {"size": [7, 7], "stride": [1, 1]}
    assert (stack["weights"], wide["weights"]) == (27 * C**2, 49 * C**2)
    assert data["ratios"][1]["weights"] == 49 / 27


def test_the_table_has_a_ratio_after_every_network_but_the_first(cnncalc: Cnncalc) -> None:
    lines = cnncalc("compare", STACK, WIDE, STACK, "--input", "56x56x64").out.splitlines()
    assert lines[0].split("  ")[-1].strip() == "ratio"
    weights = next(line for line in lines if line.startswith("weights"))
    assert weights.split() == ["weights", "110,592", "200,704", "1.81x", "110,592", "1x"]
    field = next(line for line in lines if line.startswith("receptive field"))
    assert field.split() == ["receptive", "field", "7x7", "/1", "7x7", "/1", "7x7", "/1"]


def test_the_receptive_field_is_that_of_the_output(cnncalc: Cnncalc) -> None:
    """A spec may end by taking an earlier volume: then that is what comes out."""
    spec = "a: conv 3x3x4 p1 - gap - @a"
    data = json.loads(cnncalc("compare", spec, "conv 3x3x4 p1", "--input", "8x8x3", "--format", "json").out)
    first, second = data["specs"]
    assert first["output"] == second["output"] == [8, 8, 4]
    assert first["receptive_field"] == second["receptive_field"] == {"size": [3, 3], "stride": [1, 1]}


def test_files_go_by_their_names(cnncalc: Cnncalc, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("input 8x8x3\nconv 3x3x4")
    (tmp_path / "b.txt").write_text("input 8x8x3\nconv 5x5x4")
    out = cnncalc("compare", str(tmp_path / "a.txt"), str(tmp_path / "b.txt")).out
    assert out.splitlines()[0].split() == ["a.txt", "b.txt", "ratio"]


def test_one_spec_is_not_a_comparison(cnncalc: Cnncalc) -> None:
    done = cnncalc("compare", STACK)
    assert done.status == 2
    assert done.err == (
        "error[usage]: name two specs or more: the others are compared with the first\n"
        "  = see `cnncalc compare --help`\n"
    )


# ---- accuracies, other tools' counts, the chart


def test_published_accuracies_are_shown_with_their_source(cnncalc: Cnncalc) -> None:
    """torchvision's table of weights: ResNet-18 has 69.758 and 89.078; SENet's paper an error of 18.68."""
    lines = cnncalc("compare", "resnet18", "senet154", "lenet5").out.splitlines()
    assert [line.split() for line in lines if line.startswith("top-")] == [
        ["top-1", "accuracy", "69.76%", "81.32%"],
        ["top-5", "accuracy", "89.08%", "95.53%"],
    ]
    of = "published accuracy on ImageNet (one view of each validation image), from"
    assert lines[-2:] == [f"{of} torchvision's first weights: resnet18", f"{of} the networks' papers: senet154"]


def test_accuracies_of_several_data_sets_name_them(cnncalc: Cnncalc) -> None:
    lines = cnncalc("compare", "resnet18", "resnet20").out.splitlines()
    (row,) = [line.split() for line in lines if line.startswith("top-1")]
    assert row == ["top-1", "accuracy", "69.76%", "on", "ImageNet", "91.25%", "on", "CIFAR-10"]


def test_a_network_that_is_set_otherwise_has_no_published_accuracy(cnncalc: Cnncalc) -> None:
    """ImageNet's accuracy is that of a thousand classes and of images of 224x224."""
    for option in (("--input", "96x96x3"), ("--set", "classes=10")):
        assert "accuracy" not in cnncalc("compare", "resnet18", "resnet34", *option).out


def test_an_accuracy_of_ones_own(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """It is given by the spec's path or by the name of the file."""
    path = tmp_path / "mine.txt"
    path.write_text("input 8x8x3\nconv 3x3x4 - gap - fc 10")
    for name in (str(path), "mine.txt"):
        done = cnncalc("compare", "resnet18", str(path), "--accuracy", f"{name}=71.5%", "--format", "json")
        specs = json.loads(done.out)["specs"]
        assert [spec["top1_accuracy_percent"] for spec in specs] == [69.76, 71.5]
        assert [spec["accuracy_source"] for spec in specs] == ["torchvision's first weights", "--accuracy"]


def test_accuracies_that_are_none(cnncalc: Cnncalc) -> None:
    for value, message in (
        ("resnet18=171", "an accuracy is a percentage from 0 to 100, not '171'"),
        ("resnet18=high", "an accuracy is a percentage from 0 to 100, not 'high'"),
        ("resnet18=nan", "an accuracy is a percentage from 0 to 100, not 'nan'"),
        ("resnet18", "write it as SPEC=PERCENT, not 'resnet18'"),
        ("resnet81=70", "no spec 'resnet81' is compared; did you mean `resnet18`?"),
    ):
        done = cnncalc("compare", "resnet18", "vgg11", "--accuracy", value)
        assert (done.status, done.err.splitlines()[0]) == (
            2,
            f"error[usage]: Invalid value for '--accuracy': {message}",
        )


def test_two_accuracies_of_one_spec(cnncalc: Cnncalc) -> None:
    """Whether it is called by its path or by its name."""
    done = cnncalc("compare", "resnet18", "vgg11", "--accuracy", "vgg11=70", "--accuracy", "vgg11=71")
    assert (done.status, done.err) == (
        2,
        "error[usage]: Invalid value for '--accuracy': vgg11 is given an accuracy twice; leave one of them out\n"
        "  = see `cnncalc compare --help`\n",
    )


def test_what_other_tools_count(cnncalc: Cnncalc) -> None:
    """27 weights and a bias at 64 positions of 4 filters: torchinfo counts the bias, and fvcore does not."""
    specs = "conv 3x3x4 p1", "conv 3x3x8 p1"
    done = cnncalc("compare", *specs, "--input", "8x8x3", "--count", "torchinfo", "--count", "fvcore")
    rows = [line.split() for line in done.out.splitlines() if line.startswith(("torchinfo", "fvcore"))]
    assert rows == [["torchinfo", "7,168", "14,336", "2x"], ["fvcore", "6,912", "13,824", "2x"]]


def test_the_chart_as_every_file(cnncalc: Cnncalc, tmp_path: Path) -> None:
    begins = {"svg": b"<svg ", "png": b"\x89PNG", "pdf": b"%PDF-", "html": b"<!DOCTYPE html>"}
    for ending, begin in begins.items():
        path = tmp_path / f"bubbles.{ending}"
        assert cnncalc("compare", "resnet18", "vgg11", "lenet5", "-o", str(path)) == (0, "", "")
        assert path.read_bytes().startswith(begin)
    page = (tmp_path / "bubbles.html").read_text()
    assert '<td data-value="69.76">69.76%</td>' in page
    assert 'role="img"' in page


def test_one_network_is_a_chart(cnncalc: Cnncalc, tmp_path: Path) -> None:
    assert cnncalc("compare", "resnet18", "-o", str(tmp_path / "one.svg")).status == 0
    assert "Accuracy and MACs of 1 network<" in (tmp_path / "one.svg").read_text()


def test_a_chart_is_no_table(cnncalc: Cnncalc, tmp_path: Path) -> None:
    path = str(tmp_path / "bubbles.svg")
    done = cnncalc("compare", "resnet18", "vgg11", "-o", path, "--format", "csv")
    assert done.status == 2
    assert "--format is for tables" in done.err


NAMES = ("lenet5", "alexnet", "squeezenet1_0", "resnet18")
"""Networks of 61,706, 61,100,840, 1,248,424 and 11,689,512 parameters, as torchvision and the lecture state."""


@pytest.mark.parametrize(("width", "tables"), [(40, 4), (60, 2), (80, 2), (120, 1)])
def test_on_a_narrow_terminal_networks_stand_below_each_other(width: int, tables: int) -> None:
    """Nothing is cut and nothing left out: every network has all its lines and its ratio to the first."""
    counts = [library.count(library.load(name)) for name in NAMES]
    lines = draw(compare_report(NAMES, counts), Screen(width)).splitlines()
    assert max(map(len, lines)) <= width
    assert sum(set(line) == {"─"} for line in lines) == tables
    titles = [word for before, line in pairwise(lines) if set(line) == {"─"} for word in before.split()]
    assert titles == ["lenet5", "alexnet", "ratio", "squeezenet1_0", "ratio", "resnet18", "ratio"]
    numbers = [word for line in lines if line.startswith("parameters") for word in line.split()[1:]]
    assert numbers == ["61,706", "61,100,840", "990x", "1,248,424", "20.2x", "11,689,512", "189x"]
    assert not any("not shown" in line for line in lines)


def test_long_names_stay_different_where_there_is_little_room() -> None:
    """They would be the same after their first letters, and so have their numbers."""
    names = ["(conv 3x3x64 p1)*2", "(conv 3x3x64 p1)*3", "fc 10"]
    counts = [library.count(library.load(name, input="8x8x64")) for name in names]
    lines = draw(compare_report(names, counts), Screen(40)).splitlines()
    titles = [before.split("  ") for before, line in pairwise(lines) if set(line) == {"─"}]
    assert [[word.strip() for word in words if word] for words in titles] == [
        ["(conv 3x3x64 p1)*2"],
        ["2: (conv 3x3x…", "ratio"],
        ["fc 10", "ratio"],
    ]
