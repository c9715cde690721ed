"""Where output goes, in what form, and what happens when it cannot go there."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc

DEEP = "input 64x64x3\n(conv 3x3x16 p1 - bn - relu)*3000"
LENET = str(Path(__file__).parents[2] / "examples" / "lenet5.txt")
COMMAND = [sys.executable, "-m", "cnncalc"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run_in_terminal(columns: int, *arguments: str, **environment: str) -> str:
    """Run the command in a pseudo-terminal of some width, and return what it would show."""
    master, slave = pty.openpty()
    settings = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), **environment}
    settings = {name: value for name, value in settings.items() if value}
    process = subprocess.Popen([*COMMAND, *arguments], stdout=slave, stderr=slave, env=settings)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the terminal closes when its last writer is gone
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert process.wait() == 0
    return shown.decode().replace("\r\n", "\n")


def test_a_narrow_terminal_drops_columns_and_says_so() -> None:
    """Titles and numbers get shorter first; no line is wider than the terminal, and nothing is cut inside a word."""
    shown = COLOUR.sub("", run_in_terminal(60, "shapes", LENET))
    table = shown.split("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 60
    assert table.splitlines()[0].split() == ["name", "layer", "output", "params", "memory", "MACs", "field"]
    assert "…" not in shown and "not shown" not in shown
    shown = COLOUR.sub("", run_in_terminal(44, "shapes", LENET))
    assert max(map(len, shown.split("\n\n")[0].splitlines())) <= 44
    assert "not shown for lack of width: MACs, receptive field /stride" in " ".join(shown.split())


def test_a_wide_terminal_shows_everything_in_colour() -> None:
    shown = run_in_terminal(150, "shapes", LENET)
    assert "receptive field /stride" in shown
    assert COLOUR.search(shown)


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_refused(setting: dict[str, str]) -> None:
    """NO_COLOR (no-color.org) and a dumb terminal get plain text, at the terminal's width."""
    assert "\x1b" not in run_in_terminal(80, "shapes", LENET, **setting)


def test_piped_output_is_never_cut_and_carries_no_colour() -> None:
    """Even where COLUMNS says 40 and colour is forced, a pipe gets whole lines of plain text."""
    settings = {**os.environ, "COLUMNS": "40", "TERM": "xterm-256color", "FORCE_COLOR": "1"}
    done = subprocess.run([*COMMAND, "shapes", LENET], env=settings, capture_output=True, check=True)
    assert b"receptive field /stride" in done.stdout
    assert b"\x1b" not in done.stdout


def test_plain_signs_where_the_output_has_no_others() -> None:
    """An ASCII output gets * for ·, not an error."""
    settings = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "explain", LENET, "conv1"], env=settings, capture_output=True, check=True)
    assert b"(5*5*1 + 1)*6 = 156" in done.stdout


def test_a_closed_pipe_ends_in_silence(tmp_path: Path) -> None:
    """As with ``| head``: the reader has what it wanted, and a shell says 141 of a program that SIGPIPE ends."""
    spec = tmp_path / "deep.txt"
    spec.write_text(DEEP)
    read, write = os.pipe()
    process = subprocess.Popen([*COMMAND, "shapes", str(spec), "--format", "csv"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    os.read(read, 10)
    os.close(read)
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (141, b"")


def test_a_full_disk_ends_in_one_line() -> None:
    """/dev/full is a disk that is always full."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "shapes", LENET], check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "error[cannot-write]: cannot write to standard output: No space left on device\n"


def test_a_file_is_replaced_as_a_whole(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """The new text stands in the old one's place, with its permissions, and nothing is left beside it."""
    target = tmp_path / "shapes.json"
    target.write_text("old")
    target.chmod(0o640)
    done = cnncalc("shapes", LENET, "-o", str(target))
    assert (done.status, done.out, done.err) == (0, "", "")
    assert json.loads(target.read_text())["schema"] == "cnncalc/2"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["shapes.json"]


def test_a_failed_write_leaves_the_old_file(cnncalc: Cnncalc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up before the text is safe: the old file is untouched, the half-written one gone."""
    target = tmp_path / "shapes.csv"
    target.write_text("old")

    def no_space(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    done = cnncalc("shapes", LENET, "-o", str(target))
    assert done.status == 1
    assert done.err == f"error[cannot-write]: cannot write `{target}`: No space left on device\n"
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["shapes.csv"]


def test_a_link_is_followed(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """What is written goes where a symbolic link points, and the link stays."""
    (tmp_path / "real.csv").write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to("real.csv")
    assert cnncalc("shapes", LENET, "-o", str(link)).status == 0
    assert link.is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("name,layer,output,")


def test_a_device_is_written_to_and_not_replaced(cnncalc: Cnncalc) -> None:
    done = cnncalc("shapes", LENET, "-o", "/dev/full")
    assert done.err == "error[cannot-write]: cannot write `/dev/full`: No space left on device\n"
    assert Path("/dev/full").is_char_device()


def test_a_folder_that_is_missing(cnncalc: Cnncalc, tmp_path: Path) -> None:
    target = tmp_path / "missing" / "out.txt"
    done = cnncalc("shapes", LENET, "-o", str(target))
    assert done.err == (
        f"error[cannot-write]: cannot write `{target}`: No such file or directory\n"
        f"  = make the folder `{target.parent}` first\n"
    )


@pytest.mark.parametrize(
    ("ending", "start"), [(".json", "{"), (".csv", "name,"), (".md", "| name"), (".tex", r"\begin{tabular}")]
)
def test_the_ending_of_a_file_says_its_form(cnncalc: Cnncalc, tmp_path: Path, ending: str, start: str) -> None:
    target = tmp_path / f"out{ending}"
    assert cnncalc("shapes", LENET, "-o", str(target)).status == 0
    assert target.read_text().startswith(start)


@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory", "report"])
def test_an_output_never_replaces_the_spec(cnncalc: Cnncalc, tmp_path: Path, command: str) -> None:
    """Also under another name for the same file."""
    spec = tmp_path / ("net.html" if command == "report" else "net.txt")
    spec.write_text("input 8x8x3\nrelu\n")
    other = tmp_path / f"other{spec.suffix}"
    other.symlink_to(spec)
    for path in (spec, other):
        done = cnncalc(command, str(spec), "-o", str(path))
        assert (done.status, done.out) == (2, "")
        assert "would replace the spec itself; name another file" in done.err
    assert spec.read_text() == "input 8x8x3\nrelu\n"
