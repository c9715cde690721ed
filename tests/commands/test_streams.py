"""Streams that are closed, full or no files: each ends in one clear line and a status."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnncalc.commands.cli import cli, run
from tests.commands.conftest import Cnncalc

CANNOT = "error[cannot-write]: cannot write to standard output: "
FULL = CANNOT + "No space left on device\n"
CLOSED = CANNOT + "it is closed\n"
ENDINGS = "use .txt, .json, .csv, .md, .tex, or --format"


def shell(line: str) -> tuple[int, str, str]:
    """Run a line of the shell in which ``cnncalc`` stands for this program."""
    whole = f'cnncalc() {{ "{sys.executable}" -m cnncalc "$@"; }}; {line}'
    done = subprocess.run(["bash", "-c", whole], capture_output=True, text=True, check=False, env={**os.environ})
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "status", "complaint"),
    [
        ("cnncalc shapes lenet5 >&-", 1, CLOSED),
        ("cnncalc zoo lenet5 >&-", 1, CLOSED),
        ("cnncalc export lenet5 >&-", 1, CLOSED),
        ("cnncalc --help >&-", 1, CLOSED),
        ("cnncalc shapes --help >&-", 1, CLOSED),
        ("cnncalc zoo lenet5 >/dev/full", 1, FULL),
        ("cnncalc --help >/dev/full", 1, FULL),
        ("cnncalc shapes - <&-", 1, "error[cannot-read]: cannot read standard input: it is closed\n"),
        ("cnncalc shapes nowhere.txt 2>&-", 1, ""),
        ("cnncalc shapes nowhere.txt 2>/dev/full", 1, ""),
        ("cnncalc shapes lenet5 >&- 2>&-", 1, ""),
        ("cnncalc shapes lenet5 2>&- >/dev/null", 0, ""),
        ("cnncalc --help | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)
def test_a_stream_that_is_closed_or_full(line: str, status: int, complaint: str) -> None:
    assert shell(line) == (status, "", complaint)


def test_streams_that_have_no_bytes_below_their_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    """So are those of notebooks and of Pyodide."""
    for name, stream in (("stdin", io.StringIO("relu")), ("stdout", io.StringIO()), ("stderr", io.StringIO())):
        monkeypatch.setattr(sys, name, stream)

    assert run(["shapes", "-", "--input", "4x4x1", "--format", "csv"]) == 0
    assert run(["shapes", "nowhere.txt"]) == 1
    assert sys.stdout.getvalue().splitlines()[1] == "input,,4x4x1,,64,,"  # type: ignore[attr-defined]
    assert sys.stderr.getvalue().startswith("error[no-such-file]: there is no file `nowhere.txt`\n")  # type: ignore[attr-defined]


def test_the_runner_of_click_can_call_it() -> None:
    done = CliRunner().invoke(cli, ["shapes", "-", "--input", "4x4x1", "--format", "csv"], input="relu")

    assert done.exit_code == 0
    assert done.output.splitlines()[1] == "input,,4x4x1,,64,,"


@pytest.mark.parametrize("command", ["train", "shapes"])
def test_help_has_signs_that_ascii_lacks(command: str) -> None:
    """The β of Adam's settings is a question mark there."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "cnncalc", command, "--help"]
    done = subprocess.run(words, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"Usage: cnncalc " + command.encode())


@pytest.mark.parametrize("arguments", [[], ["--help"], ["shapes", "--help"], ["--version"], ["zoo", "lenet5"]])
def test_a_reader_that_has_gone(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "cnncalc", *arguments]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("name", ["x.pdf", "x", "x.csv.gz"])
@pytest.mark.parametrize(
    "command", [["shapes", "lenet5"], ["params", "lenet5"], ["explain", "lenet5"], ["memory", "lenet5"], ["zoo"]]
)
def test_an_ending_that_says_no_form_is_refused(
    cnncalc: Cnncalc, tmp_path: Path, command: list[str], name: str
) -> None:
    """Nothing is written, and the endings that there are are named."""
    target = tmp_path / name
    done = cnncalc(*command, "-o", str(target))

    assert done.status == 2
    assert done.err.endswith(f" names no output format: {ENDINGS}\n  = see `cnncalc {command[0]} --help`\n")
    assert not target.exists()


@pytest.mark.parametrize(
    "command", [["evaluate", "nowhere"], ["predict", "nowhere", "no.png"], ["verify", "no.txt"], ["compare", "a", "b"]]
)
def test_an_ending_is_refused_before_anything_is_computed(cnncalc: Cnncalc, command: list[str]) -> None:
    """The run, the image and the spec do not even have to be there."""
    done = cnncalc(*command, "-o", "x.gif")

    assert (done.status, done.out) == (2, "")
    assert f"the ending of 'x.gif' names no output format: {ENDINGS}" in done.err


@pytest.mark.parametrize(("name", "start"), [("X.CSV", "name,"), ("x.txt", "name "), ("x.Md", "| name")])
def test_an_ending_may_be_written_in_capitals(cnncalc: Cnncalc, tmp_path: Path, name: str, start: str) -> None:
    assert cnncalc("shapes", "lenet5", "-o", str(tmp_path / name)).status == 0
    assert (tmp_path / name).read_text().startswith(start)


def test_a_form_that_is_named_may_go_to_any_file(cnncalc: Cnncalc, tmp_path: Path) -> None:
    assert cnncalc("shapes", "lenet5", "-o", str(tmp_path / "x.dat"), "--format", "csv").status == 0
    assert (tmp_path / "x.dat").read_text().startswith("name,")


def test_a_spec_is_written_to_a_text(cnncalc: Cnncalc, tmp_path: Path) -> None:
    done = cnncalc("zoo", "lenet5", "-o", "net.csv")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "error[usage]: a spec is a text: 'net.csv' should end in .txt, not .csv\n  = see `cnncalc zoo --help`\n"
    )
    assert cnncalc("zoo", "lenet5", "-o", str(tmp_path / "net.TXT")).status == 0


@pytest.mark.slow
@pytest.mark.parametrize("call", [("explain", "relu", "--input", "3x3x1"), ("quiz", "--count", "1", "--seed", "1")])
def test_korean_in_ascii_says_how_its_letters_are_shown(call: tuple[str, ...]) -> None:
    """Question marks alone tell nobody anything."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "cnncalc", *call, "--lang", "ko"]
    done = subprocess.run(command, env=environment, input="", capture_output=True, text=True, check=True)
    assert "?" in done.stdout
    assert done.stderr == (
        "note: Korean letters are shown as `?`, since the output is written in ascii: "
        "set PYTHONUTF8=1, or write a file with -o\n"
    )
