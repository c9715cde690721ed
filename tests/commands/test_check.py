from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.commands.conftest import Cnncalc

GOOD = "input 8x8x3\nconv 3x3x8 p1 - relu\n"
BAD = "input 32x32x3\nconv 3x3x8 p1 - relo\nconv 5x5x16 s3\nlab: conw 3x3x8\npool 2x2 s2 q3\nfc 10 => 1x1x9\n"


@pytest.fixture
def specs(folder: Path) -> Path:
    """Two specs, one of them with faults."""
    (folder / "specs").mkdir()
    (folder / "specs" / "good.txt").write_text(GOOD)
    (folder / "specs" / "bad, 1.txt").write_text(BAD)
    return folder


def test_what_is_right_has_the_status_0(cnncalc: Cnncalc, specs: Path) -> None:
    assert cnncalc("check", "specs/good.txt") == (0, "1 file checked: no faults\n", "")


def test_all_faults_of_a_file_that_do_not_follow_from_others(cnncalc: Cnncalc, specs: Path) -> None:
    """The window and the claim may be right once `relo` is a layer, so that nothing is said of them."""
    done = cnncalc("check", "specs")
    assert done == (
        1,
        "error[unknown-layer]: there is no layer `relo`\n"
        "  --> specs/bad, 1.txt:2:17\n   |\n 2 | conv 3x3x8 p1 - relo\n   |                 ^^^^\n   |\n"
        "   = did you mean `relu`?\n"
        "error[unknown-layer]: there is no layer `conw`\n"
        "  --> specs/bad, 1.txt:4:6\n   |\n 4 | lab: conw 3x3x8\n   |      ^^^^\n   |\n   = did you mean `conv`?\n"
        "error[unknown-option]: pool has no option `q3`\n"
        "  --> specs/bad, 1.txt:5:13\n   |\n 5 | pool 2x2 s2 q3\n   |             ^^\n   |\n"
        "   = pool takes s2 (stride=2), d2 (dilation=2), same, valid, strict, floor, ceil, p1 (pad=1)\n"
        "   = layers are separated by ` - ` or a line end\n"
        "2 files checked: 3 faults in 1\n",
        "",
    )


def lines_of(cnncalc: Cnncalc, text: str) -> list[int]:
    """Return the lines of the faults of a text."""
    done = cnncalc("check", "-", stdin=text.encode())
    return [int(line) for line in re.findall(r"--> standard input:(\d+):", done.out)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("input 8x8x3\nconv 3x3x8 s3\nconv 3x3x8 s3\nrelo", [2, 4]),
        ("input 8x8x3\nparam = 3\nfc {n}\nbm\n", [2, 4]),
        ("input 8x8x3\n(relu - relo)*2\nadd( | tann )\n", [2, 3]),
        ("input 8x8x3\nblock b(n)\n  relo\n  tann\nend\nb(3)\nb(4, 5)\n", [3, 4, 7]),
        ("input 8x8x3\n(relu\nrelo\n", [2]),
        ("input 8x8x3\nrelo - tann\n", [2, 2]),
        ("input 8x8\nconv 3x3x8\n", [2]),
        ("relu\n", [1]),
    ],
)
def test_which_faults_are_found(cnncalc: Cnncalc, text: str, lines: list[int]) -> None:
    """A bracket that is never closed ends the search; what follows from a fault is not shown."""
    assert lines_of(cnncalc, text) == lines


def test_a_search_ends(cnncalc: Cnncalc) -> None:
    """20 faults are enough of one file."""
    assert lines_of(cnncalc, "input 8x8x3\n" + "relo\n" * 500) == list(range(2, 22))


def test_options_hold_for_every_file(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "a.txt").write_text("param n = 3\nconv 3x3x{n}\n")
    assert cnncalc("check", "a.txt").out.startswith("error[no-input]: ")
    assert cnncalc("check", "a.txt", "--input", "8x8x3", "--set", "n=5").status == 0


def test_annotations_for_github(cnncalc: Cnncalc, specs: Path) -> None:
    """As its page on workflow commands has them: % and line ends escaped, in properties also colons and commas."""
    done = cnncalc("check", "specs", "--format", "github")
    first = done.out.splitlines()[0]
    assert done.status == 1
    assert first == (
        "::error file=specs/bad%2C 1.txt,line=2,endLine=2,col=17,endColumn=21,title=unknown-layer::"
        "there is no layer `relo`%0Adid you mean `relu`?"
    )
    assert len(done.out.splitlines()) == 3


def test_notes_are_notices_and_no_faults(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "a.txt").write_text("input 3x32x32\nconv 3x3x8 p1\n")
    done = cnncalc("check", "a.txt", "--format", "github")
    assert (done.status, done.out[:66]) == (0, "::notice file=a.txt,line=1,endLine=1,col=7,endColumn=14,title=chan")
    assert cnncalc("check", "a.txt").out.startswith("note[channels-first]: ")


def test_sarif_has_the_required_parts_and_the_places_in_the_files(cnncalc: Cnncalc, specs: Path) -> None:
    """The parts that SARIF 2.1.0 requires, with places that a viewer finds again in the files."""
    done = cnncalc("check", "specs", "--format", "sarif", "-o", "out.sarif")
    assert (done.status, done.out) == (1, "")
    log = json.loads((specs / "out.sarif").read_text())
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    assert run["tool"]["driver"]["name"] == "cnncalc"
    assert [result["ruleId"] for result in run["results"]] == ["unknown-layer", "unknown-layer", "unknown-option"]
    for result, marked in zip(run["results"], ["relo", "conw", "q3"], strict=True):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "error"
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "specs/bad%2C%201.txt"
        region = place["region"]
        line = (specs / unquote(place["artifactLocation"]["uri"])).read_text().splitlines()[region["startLine"] - 1]
        assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == marked


def test_files_that_are_not_there(cnncalc: Cnncalc, folder: Path) -> None:
    """They have no place in a text; the other files are checked all the same."""
    (folder / "a.txt").write_text(GOOD)
    done = cnncalc("check", "missing.txt", "a.txt", "--format", "github")
    assert (done.status, done.out) == (
        1,
        "::error file=missing.txt,title=no-such-file::there is no file `missing.txt`\n",
    )


def test_a_name_that_steers_a_terminal_is_made_visible(cnncalc: Cnncalc, folder: Path) -> None:
    """An annotation is read by programs, and seen by people in the log of the job."""
    (folder / "\x1b[31m\u202e.txt").write_text("input 8x8x1\nrelo")
    done = cnncalc("check", "\x1b[31m\u202e.txt", "--format", "github")
    assert done.out.startswith(
        "::error file=\ufffd[31m\ufffd.txt,line=2,endLine=2,col=1,endColumn=5,title=unknown-layer::"
    )


def test_names_in_a_hint_are_made_visible_too(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "specs").mkdir()
    (folder / "specs" / "\x1b[31mred.txt").write_text("input 8x8x1\nrelo")
    assert "\x1b" not in cnncalc("check", "specs").out
    (folder / "\x1b[31mred.txt").write_text(GOOD)
    (folder / "one.txt").symlink_to("missing.txt")
    assert "\x1b" not in cnncalc("check", "red.txt").out


@pytest.mark.parametrize("command", ["check", "format"])
def test_an_empty_name(cnncalc: Cnncalc, command: str) -> None:
    """As of a variable of the shell that is not set."""
    done = cnncalc(command, "")
    assert (done.status, done.out) == (1, "")
    assert done.err == "error[no-such-file]: a file with an empty name is asked for\n  = name a file or a folder\n"


def test_texts_of_a_folder_that_are_no_specs_are_named(cnncalc: Cnncalc, specs: Path) -> None:
    """A text without an input is not checked, and that is said."""
    (specs / "specs" / "notes.txt").write_text("what I want to try next\n")
    (specs / "specs" / "bad, 1.txt").unlink()
    done = cnncalc("check", "specs")
    assert (done.status, done.out) == (0, "1 file checked: no faults\n")
    note = "note: 1 text was not checked, since it has no line that begins with `input`: specs/notes.txt\n"
    assert done.err == note
    for number in range(4):
        (specs / "specs" / f"more{number}.txt").write_text("conv 3x3x8\n")
    names = ["specs/more0.txt", "specs/more1.txt", "specs/more2.txt", "…"]
    note = "note: 5 texts were not checked, since they have no line that begins with `input`: "
    assert cnncalc("check", "specs").err == f"{note}{', '.join(names)}\n"
