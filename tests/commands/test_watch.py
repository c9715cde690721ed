"""`shapes --watch`, in a real process: it shows a file again, faults too, until Ctrl-C."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from tests.commands.conftest import Cnncalc

START = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom cnncalc.__main__ import main; main()"
)


def read_until(stream: IO[str], text: str) -> str:
    """Return what a process writes, up to the line in which a text stands."""
    read = ""
    while text not in read:
        line = stream.readline()
        assert line, f"it ended without {text!r}: {read}"
        read += line
    return read


@pytest.mark.slow
def test_a_file_is_shown_again_when_it_changes(tmp_path: Path) -> None:
    """A change, a fault, a file that is gone, and Ctrl-C with its usual status."""
    path = tmp_path / "net.txt"
    path.write_text("input 8x8x3\nconv 3x3x8\n")
    process = subprocess.Popen(
        [sys.executable, "-c", START, "shapes", "net.txt", "--watch"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert "6x6x8" in read_until(process.stdout, "watching net.txt; Ctrl-C ends\n")
    path.write_text("input 8x8x3\nconv 3x3x16 p1\n")
    assert "8x8x16" in read_until(process.stdout, "watching")
    path.write_text("input 8x8x3\nconv 3x3x16 p1 - relo\n")
    assert "error[unknown-layer]: there is no layer `relo`" in read_until(process.stdout, "watching")
    path.unlink()
    assert "error[no-such-file]: there is no file `net.txt`" in read_until(process.stdout, "watching")
    path.write_text("input 8x8x3\nfc 10\n")
    assert "1x1x10" in read_until(process.stdout, "watching")
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=120)
    assert (rest, process.returncode) == ("interrupted\n", 130)


@pytest.mark.slow
def test_a_terminal_is_cleared_first(tmp_path: Path) -> None:
    (tmp_path / "net.txt").write_text("input 8x8x3\nconv 3x3x8\n")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", START, "shapes", "net.txt", "--watch"], cwd=tmp_path, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while b"Ctrl-C ends" not in shown:
        shown += os.read(ours, 1024)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 130
    os.close(ours)
    assert shown.startswith(b"\x1b[2J\x1b[3J\x1b[H")


def test_what_cannot_be_watched(cnncalc: Cnncalc, folder: Path) -> None:
    """A text in quotes, a name of the zoo and standard input do not change."""
    see = "\n  = see `cnncalc shapes --help`\n"
    for spec in ("relu", "vgg16", "-", "missing.txt"):
        assert cnncalc("shapes", spec, "--watch").err == (
            f"error[usage]: --watch needs a file to watch, and {spec!r} is not a file{see}"
        )
    (folder / "net.txt").write_text("input 8x8x3\nfc 10\n")
    assert cnncalc("shapes", "net.txt", "--watch", "-o", "out.csv").err == (
        f"error[usage]: --watch shows the table in the terminal; leave out -o{see}"
    )
