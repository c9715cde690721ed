from __future__ import annotations

import re
from pathlib import Path

import cnncalc as library
from tests.commands.conftest import Cnncalc
from tests.house import ROOT
from tests.test_readme import output_of

FORMULA = "[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K,SOFTMAX"


def test_a_formula_becomes_a_file_that_every_command_takes(cnncalc: Cnncalc, folder: Path) -> None:
    """32x32 → 16 → 8 → 4, as the lecture counts it."""
    sizes = ["--input", "32x32x3", "--times", "N=2", "--times", "m=3", "--times", "K=1", "--width", "16"]
    done = cnncalc("new", "--pattern", FORMULA, *sizes, "--classes", "7", "-o", "mine.txt")
    assert done == (0, "", "")
    net = library.load(folder / "mine.txt")
    assert net.output == (1, 1, 7)
    assert "4x4x64" in cnncalc("shapes", "mine.txt").out


def test_the_terminal_gets_it_without_a_file_and_notes_go_beside_it(cnncalc: Cnncalc) -> None:
    done = cnncalc("new", "--pattern", "(CONV-RELU)*N", "--times", "N=8", "--input", "8x8x3", "--kernel", "5")
    assert done.status == 0
    assert done.out.endswith("(conv 5x5x{width} p2 - relu)*8\n")
    assert done.err == "note: N is 8; N is usually up to 5\n"


def test_a_known_network_is_adapted(cnncalc: Cnncalc) -> None:
    done = cnncalc("new", "--like", "ResNet-18", "--input", "32x32x3", "--classes", "10")
    assert done.status == 0
    assert "param classes = 10\n\nconv 3x3x64 p1 nobias - bn - relu\n" in done.out


def test_what_is_not_said_or_said_twice(cnncalc: Cnncalc) -> None:
    see = "\n  = see `cnncalc new --help`\n"
    both = "error[usage]: name a formula with --pattern, or a network with --like, and not both" + see
    assert cnncalc("new", "--input", "8x8x3") == (2, "", both)
    assert cnncalc("new", "--like", "vgg16", "--pattern", "FC", "--input", "8x8x3") == (2, "", both)
    assert cnncalc("new", "--like", "vgg16", "--width", "3", "--input", "8x8x3").err == (
        "error[usage]: --width is for --pattern; a network that is known has its own sizes" + see
    )
    assert cnncalc("new", "--pattern", "FC", "--input", "8x8x3", "--times", "NN=2").err == (
        "error[usage]: Invalid value for '--times': write it as letter=number, such as N=2, not 'NN=2'" + see
    )
    assert cnncalc("new", "--pattern", "FC", "--input", "8x8x3", "--times", "N=x").err == (
        "error[usage]: Invalid value for '--times': N is a whole number from 0 to 1000, not 'x'" + see
    )
    assert cnncalc("new", "--pattern", "FC", "--input", "8by8").err == (
        "error[bad-volume]: `8by8` is not a volume\n  --> --input:1:1\n   |\n 1 | 8by8\n   | ^^^^\n   |\n"
        "   = write height x width x channels, such as 224x224x3\n"
    )


def test_a_call_without_its_option_is_told_how_it_is_written(cnncalc: Cnncalc) -> None:
    """The first thing that many people type is ``cnncalc new resnet18``."""
    see = "\n  = see `cnncalc new --help`\n"
    assert cnncalc("new", "resnet18").err == (
        "error[usage]: 'resnet18' has no option in front of it; write cnncalc new --like resnet18 --input 32x32x3" + see
    )
    assert cnncalc("new", "(CONV-RELU)*2-FC", "--input", "64x64x1").err == (
        "error[usage]: '(CONV-RELU)*2-FC' has no option in front of it; "
        "write cnncalc new --pattern '(CONV-RELU)*2-FC' --input 64x64x1" + see
    )
    assert "--pattern conv-relu" in cnncalc("new", "conv-relu").err
    assert "--like conv_net.txt" in cnncalc("new", "conv_net.txt").err
    assert cnncalc("new", "--like", "resnet18").err == (
        "error[usage]: name the input volume, such as --input 32x32x3" + see
    )
    assert cnncalc("new", "resnet18", "--help").status == 0


def test_a_file_is_not_replaced_by_what_is_made_of_it(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "mine.txt").write_text("input 64x64x3\nconv 3x3x8\n")
    done = cnncalc("new", "--like", "mine.txt", "--input", "32x32x3", "-o", "mine.txt")
    assert (done.status, done.err) == (
        2,
        "error[usage]: -o mine.txt would replace what --like reads; name another file\n  = see `cnncalc new --help`\n",
    )


def test_the_page_shows_what_it_prints() -> None:
    """Both examples of the page, as they are printed."""
    page = (ROOT / "docs" / "zoo.md").read_text(encoding="utf-8")
    shown = re.findall(r"```console\n\$ cnncalc (new .*)\n((?:.*\n)*?)```\n", page)
    assert len(shown) == 2
    for command, output in shown:
        assert output_of(command) == output
