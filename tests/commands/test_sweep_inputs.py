"""Sweeps and searches: specs that are not there, inputs by ``--input``, folders that cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc as library
from tests.commands.conftest import Cnncalc
from tests.commands.test_sweep import NET


@pytest.mark.parametrize("command", ["sweep", "search", "inputs"])
def test_a_spec_that_is_not_there(cnncalc: Cnncalc, command: str) -> None:
    """A word that is no layer names a file or a network."""
    options = () if command == "inputs" else ("--vary", "width=1,2", "--maximise", "params")
    done = cnncalc(command, "resnt18", *options)
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "error[no-such-file]: there is no file and no network of the zoo called `resnt18`\n"
        "  = did you mean `resnet18` of the zoo?\n"
        "  = `cnncalc zoo` lists the networks that ship\n"
        '  = a spec can stand in quotes: "conv 3x3x16 - relu"\n'
    )


def test_a_spec_of_one_layer(cnncalc: Cnncalc) -> None:
    assert "8x8x3" in cnncalc("sweep", "relu", "--vary", "input=8x8x3").out


@pytest.mark.parametrize("own", ["", "input 9x9x1\n"])
@pytest.mark.parametrize("command", ["sweep", "search"])
def test_an_input_by_its_option(cnncalc: Cnncalc, command: str, own: str) -> None:
    """It is what the designs have, whether or not the spec has one of its own."""
    spec = f"{own}param n = 3\n(conv 3x3x{{n}} p1)*n - flatten - fc 10"
    done = cnncalc(command, spec, "--vary", "n=1..3", "--input", "8x8x2", "--maximise", "params", "--format", "csv")
    assert done.status == 0, done.err
    first = done.out.splitlines()[1].split(",")
    network = library.load(spec, input="8x8x2", params={"n": 3})
    assert first[:3] == ["3", str(network.params), str(network.macs)]


def test_an_input_that_is_no_volume(cnncalc: Cnncalc) -> None:
    done = cnncalc("sweep", "param n = 3\nconv 3x3x{n}", "--vary", "n=1..3", "--input", "8by8")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error[bad-volume]: `8by8` is not a volume\n  --> --input:1:1\n")


def test_a_folder_that_is_not_there(cnncalc: Cnncalc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = cnncalc("sweep", NET, "--vary", "width=4,8", "-o", "none/designs.csv")
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "error[cannot-write]: cannot write `none/designs.csv.part`: No such file or directory\n"
        "  = make the folder `none` first\n"
    )


CAFFE = """\
input: "data" input_dim: 1 input_dim: 3 input_dim: 32 input_dim: 32
layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
"""
TWICE = 'layer { name: "y" type: "Interp" bottom: "c" top: "y" interp_param { zoom_factor: 2 } }\n'
MANY_INPUTS = [
    ("inputs",),
    ("sweep", "--vary", "input=32,64"),
    ("search", "--vary", "input=32,64", "--maximise", "macs"),
]


@pytest.mark.parametrize("command", MANY_INPUTS, ids=lambda command: command[0])
def test_sizes_that_follow_from_one_input_are_refused(cnncalc: Cnncalc, folder: Path, command: tuple[str, ...]) -> None:
    """The resize is to 59x59 for 32x32, and would stay so for 64x64."""
    (folder / "net.prototxt").write_text(CAFFE + TWICE)
    done = cnncalc(command[0], "net.prototxt", *command[1:])
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "error[bad-format]: sizes in `net.prototxt` follow from its input, and they are worked out for one input "
        "alone\n"
        "  = ask for one input at a time: cnncalc shapes FILE --input 64x64x3\n"
    )


@pytest.mark.parametrize("command", MANY_INPUTS, ids=lambda command: command[0])
def test_other_files_take_many_inputs(cnncalc: Cnncalc, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "net.prototxt").write_text(CAFFE)
    assert cnncalc(command[0], str(tmp_path / "net.prototxt"), *command[1:]).status == 0


def test_the_one_input_of_such_a_file_is_counted(cnncalc: Cnncalc, tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(CAFFE + TWICE)
    assert cnncalc("sweep", str(tmp_path / "net.prototxt"), "--vary", "input=32").status == 0


@pytest.mark.parametrize("command", MANY_INPUTS, ids=lambda command: command[0])
def test_standard_input_is_read_once(cnncalc: Cnncalc, command: tuple[str, ...]) -> None:
    assert cnncalc(command[0], "-", *command[1:], stdin=CAFFE.encode()).status == 0


@pytest.mark.parametrize("command", MANY_INPUTS[:2], ids=lambda command: command[0])
def test_a_fault_in_standard_input_is_shown_there(cnncalc: Cnncalc, command: tuple[str, ...]) -> None:
    wrong = cnncalc(command[0], "-", *command[1:], stdin=b"input 32x32x3\nrelux")
    assert (wrong.status, wrong.out) == (1, "")
    assert wrong.err == (
        "error[unknown-layer]: there is no layer `relux`\n"
        "  --> standard input:2:1\n   |\n 2 | relux\n   | ^^^^^\n   |\n   = did you mean `relu`?\n"
    )
