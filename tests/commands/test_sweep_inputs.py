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
