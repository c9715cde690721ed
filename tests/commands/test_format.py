from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc

UNTIDY, TIDY = "input 8x8x3\nconv 3x3x8,relu\n", "input 8x8x3\nconv 3x3x8 - relu\n"


def test_files_are_written_in_their_places(cnncalc: Cnncalc, folder: Path) -> None:
    """Only those that change; the others are not touched."""
    (folder / "a.txt").write_text(UNTIDY)
    (folder / "b.txt").write_text(TIDY)
    before = (folder / "b.txt").stat().st_mtime_ns
    done = cnncalc("format", "a.txt", "b.txt")
    assert done == (0, "", "formatted: a.txt\n2 files: 1 was formatted, 1 already formatted\n")
    assert (folder / "a.txt").read_text() == TIDY
    assert (folder / "b.txt").stat().st_mtime_ns == before
    assert cnncalc("format", "a.txt", "b.txt") == (0, "", "2 files: 2 already formatted\n")
    for name in "ab":
        (folder / f"{name}.txt").write_text(UNTIDY)
    assert cnncalc("format", "a.txt", "b.txt").err.endswith("2 files: 2 were formatted\n")


def test_a_check_writes_nothing(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "a.txt").write_text(UNTIDY)
    done = cnncalc("format", "--check", "a.txt")
    assert done == (1, "", "would be formatted: a.txt\n1 file: 1 would be formatted\n")
    assert (folder / "a.txt").read_text() == UNTIDY


def test_a_difference_is_shown(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "a.txt").write_text(UNTIDY)
    done = cnncalc("format", "--diff", "a.txt")
    assert done.status == 0
    assert done.out == (
        "--- a.txt as it is\n+++ a.txt formatted\n@@ -1,2 +1,2 @@\n input 8x8x3\n-conv 3x3x8,relu\n+conv 3x3x8 - relu\n"
    )
    assert (folder / "a.txt").read_text() == UNTIDY


def test_a_folder_means_the_specs_in_it(cnncalc: Cnncalc, folder: Path) -> None:
    """Texts without a line `input …`, other endings and hidden folders are left alone."""
    (folder / "specs" / ".git").mkdir(parents=True)
    for name in ("specs/a.txt", "specs/.git/b.txt", "specs/c.md"):
        (folder / name).write_text(UNTIDY)
    (folder / "specs" / "requirements.txt").write_text("click,rich\n")
    assert cnncalc("format", "specs").err == "formatted: specs/a.txt\n1 file: 1 was formatted\n"
    (folder / "specs" / "a.txt").unlink()
    assert cnncalc("format", "specs") == (
        1,
        "",
        "error[no-such-file]: there is no spec in `specs`\n"
        "  = in a folder, a spec ends in .txt and has a line that begins with `input`; name other files\n",
    )


def test_a_folder_has_a_limit(cnncalc: Cnncalc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cnncalc check /` ends at once."""
    monkeypatch.setattr("cnncalc.commands.spec_files.MOST_FILES", 2)
    for name in ("a.txt", "b.txt", "c.md"):
        (folder / name).write_text(TIDY)
    assert cnncalc("check", ".") == (
        1,
        "",
        "error[too-long]: `.` holds more than 2 files\n  = name the folders of the specs\n",
    )


def test_standard_input_goes_to_standard_output(cnncalc: Cnncalc) -> None:
    assert cnncalc("format", "-", stdin=UNTIDY.encode()) == (0, TIDY, "")
    assert cnncalc("format", "-", "--check", stdin=UNTIDY.encode()) == (1, "", "")
    assert cnncalc("format", "-", "a.txt").err == (
        "error[usage]: - stands alone: standard input goes to standard output\n  = see `cnncalc format --help`\n"
    )


def test_line_ends_stay_as_they_are(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "a.txt").write_bytes(UNTIDY.replace("\n", "\r\n").encode())
    assert cnncalc("format", "a.txt").status == 0
    assert (folder / "a.txt").read_bytes() == TIDY.replace("\n", "\r\n").encode()


def test_what_cannot_be_read_does_not_stop_the_others(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "a.txt").write_text("input 8x8x3\n(relu\n")
    (folder / "b.txt").write_text(UNTIDY)
    done = cnncalc("format", "a.txt", "b.txt", "c.txt")
    assert done == (
        1,
        "",
        "error[unclosed]: this `(` is never closed\n  --> a.txt:2:1\n   |\n 2 | (relu\n   | ^\n   |\n   = write `)`\n"
        "error[no-such-file]: there is no file `c.txt`\n  = did you mean `b.txt`?\n"
        "formatted: b.txt\n3 files: 1 was formatted, 2 cannot be read\n",
    )
    assert (folder / "b.txt").read_text() == TIDY
