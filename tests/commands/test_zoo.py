from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from cnncalc import zoo
from cnncalc.commands.zoo import _listed
from cnncalc.report.report import Screen
from cnncalc.report.terminal import draw
from cnncalc.report.zoo import winners_report, zoo_report
from cnncalc.zoo.catalogue import catalogue
from tests.commands.conftest import Cnncalc


@pytest.mark.slow
def test_the_list_has_every_spec_with_its_numbers_year_and_paper(cnncalc: Cnncalc) -> None:
    """ResNet-50: 25,557,032 parameters (torchvision's table) and He et al., 2015."""
    done = cnncalc("zoo", "--format", "csv")
    assert done.status == 0
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(done.out))}
    assert list(rows) == zoo.names()
    assert rows["resnet50"] == {
        "name": "resnet50",
        "title": "ResNet-50",
        "input": "224x224x3",
        "params": "25557032",
        "macs": "4089184256",
        "task": "classification",
        "family": "ResNet",
        "top1_error_percent": "23.87",
        "top5_error_percent": "7.14",
        "ilsvrc": "",
        "other_error": "",
        "year": "2015",
        "paper": "He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition",
    }


def test_the_list_as_json(cnncalc: Cnncalc) -> None:
    specs = json.loads(cnncalc("zoo", "--format", "json").out)["specs"]
    [lenet] = [spec for spec in specs if spec["name"] == "lenet5"]
    assert lenet["params"] == (5 * 5 + 1) * 6 + (25 * 6 + 1) * 16 + (400 + 1) * 120 + (120 + 1) * 84 + (84 + 1) * 10


def test_a_name_prints_the_spec_as_it_ships(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """What is printed can be kept and changed; it is a spec like any other."""
    source = zoo.spec("resnet50")
    assert source is not None
    assert cnncalc("zoo", "resnet50").out == cnncalc("zoo", "ResNet50").out == source.text
    mine = tmp_path / "mine.txt"
    assert cnncalc("zoo", "resnet50", "-o", str(mine)).status == 0
    assert "25,557,032" in cnncalc("params", str(mine)).out


def test_every_command_takes_a_name(cnncalc: Cnncalc) -> None:
    assert "138,357,544" in cnncalc("shapes", "vgg16").out
    assert "25,557,032" in cnncalc("compare", "resnet50", "vgg16").out


def test_a_file_of_that_name_comes_first(cnncalc: Cnncalc, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """What a person has in the folder is meant before what ships."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vgg16").write_text("input 4x4x1\nfc 3")
    assert "1x1x3" in cnncalc("shapes", "vgg16").out


def test_a_name_that_is_not_there_suggests_the_nearest(cnncalc: Cnncalc) -> None:
    done = cnncalc("zoo", "densenet12l")
    assert done.status == 1
    assert done.err == "error[unknown-name]: there is no `densenet12l` in the zoo\n  = did you mean `densenet121`?\n"
    assert "did you mean `resnet50` of the zoo?" in cnncalc("shapes", "resnt50").err


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("ResNet", "`resnet18`, `resnet20`, `resnet34`, `resnet50`, `resnet56`, `resnet101`, `resnet110`, `resnet152`"),
        ("vgg61", "`vgg16`"),
        ("google", "`googlenet`, `googlenet_paper`"),
    ],
)
def test_the_beginning_of_a_name_suggests_the_family_and_swapped_letters_the_name(
    cnncalc: Cnncalc, written: str, near: str
) -> None:
    assert cnncalc("zoo", written).err == (
        f"error[unknown-name]: there is no `{written}` in the zoo\n  = did you mean {near}?\n"
    )
    assert f"  = did you mean {near} of the zoo?\n" in cnncalc("shapes", written).err


def test_a_narrow_terminal_gets_numbers_in_units() -> None:
    """40 columns have room for the names, the parameters and the MACs of all of them."""
    lines = draw(zoo_report([_listed(name, row) for name, row in catalogue().items()]), Screen(40)).splitlines()
    assert max(map(len, lines)) <= 40
    assert "alexnet               61.1 M    714 M" in lines


# ---- what was published


def names_of(text: str) -> list[str]:
    return [line.split(",")[0] for line in text.splitlines()[1:]]


def test_networks_for_a_task_or_of_a_family(cnncalc: Cnncalc) -> None:
    """Small letters and other signs do not matter."""
    assert names_of(cnncalc("zoo", "--task", "segmentation", "--format", "csv").out) == [
        "deeplabv3_resnet50",
        "fcn8s",
        "segnet",
        "unet",
        "unet_3d",
        "unet_572",
        "vnet",
    ]
    assert names_of(cnncalc("zoo", "--family", "wide-resnet", "--format", "csv").out) == [
        "wide_resnet50_2",
        "wide_resnet101_2",
        "wrn_28_10",
    ]


def test_the_winners_by_year(cnncalc: Cnncalc) -> None:
    rows = [line.split(",")[:4] for line in cnncalc("zoo", "--ilsvrc", "--format", "csv").out.splitlines()]
    assert rows == [
        ["name", "year", "place", "top5_error_percent"],
        ["alexnet_paper", "2012", "first", "16.4"],
        ["zfnet", "2013", "first", "11.7"],
        ["googlenet_paper", "2014", "first", "6.7"],
        ["vgg16", "2014", "second", "7.3"],
        ["vgg19", "2014", "second", "7.3"],
        ["resnet152", "2015", "first", "3.6"],
        ["senet154", "2017", "first", "2.3"],
    ]


def test_a_task_and_a_family_that_there_are_not(cnncalc: Cnncalc) -> None:
    assert cnncalc("zoo", "--task", "detecton").err == (
        "error[unknown-name]: the zoo has no task `detecton`\n"
        "  = did you mean `detection`?\n"
        "  = there are audio, classification, detection, generation, segmentation, signals, super-resolution, video\n"
    )
    assert cnncalc("zoo", "--family", "x").err.startswith("error[unknown-name]: the zoo has no family `x`\n")
    assert cnncalc("zoo", "--ilsvrc", "--task", "video").err == (
        "error[unknown-name]: the zoo has no network of the task `video` that won ILSVRC\n"
        "  = leave out one of the options\n"
    )
    assert "do not go with a NAME" in cnncalc("zoo", "resnet50", "--ilsvrc").err


def test_a_name_in_any_spelling(cnncalc: Cnncalc) -> None:
    """As every command takes it."""
    assert cnncalc("zoo", "VGG-16") == cnncalc("zoo", "vgg16")
    assert cnncalc("zoo", "VGG-16").status == 0


def test_a_spec_has_no_format(cnncalc: Cnncalc) -> None:
    done = cnncalc("zoo", "vgg16", "--format", "csv")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "error[usage]: --format is for the list: vgg16 is printed as the text that it is\n"
        "  = see `cnncalc zoo --help`\n"
    )


def test_the_winners_fit_a_narrow_terminal() -> None:
    """Year, place and error stay."""
    names = [name for name, known in catalogue().items() if known.ilsvrc]
    lines = draw(winners_report([_listed(name, catalogue()[name]) for name in names]), Screen(40)).splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[0].split() == ["name", "ILSVRC", "place", "top-5"]
