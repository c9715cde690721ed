"""``cnncalc quiz``: sheets in files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc


def test_exercises_are_asked_on_standard_input(cnncalc: Cnncalc) -> None:
    done = cnncalc("quiz", "--topic", "sizes", "--level", "1", "--count", "1", "--seed", "6", stdin=b"B\n")
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("Right.\n  height and width  (W − F + 2P)/S + 1 = (12 − 3 + 2·0)/1 + 1 = 10\n"
                             "  output            10x10x8\n\nScore: 1 of 1\n")  # fmt: skip


def test_bytes_that_are_no_text_are_no_answer(cnncalc: Cnncalc) -> None:
    done = cnncalc("quiz", "--topic", "sizes", "--count", "1", stdin=b"\xff\xfe\n")
    assert (done.status, done.err) == (0, "")
    assert "is not one of the answers" in done.out


@pytest.mark.parametrize("ending", ["md", "tex", "html"])
def test_a_sheet_without_answers_does_not_tell_them(cnncalc: Cnncalc, tmp_path: Path, ending: str) -> None:
    """Neither which one is right, nor what the mistakes are."""
    path = tmp_path / f"sheet.{ending}"
    assert cnncalc("quiz", "--seed", "6", "--topic", "sizes", "--level", "1", "-o", str(path)) == (0, "", "")
    text = path.read_text(encoding="utf-8")
    assert "channels of the input were kept" not in text
    assert "(W − F" not in text
    assert cnncalc("quiz", "--seed", "6", "--topic", "sizes", "--level", "1", "--answers", "-o", str(path)).status == 0
    assert "hannels of the input were kept" in path.read_text(encoding="utf-8")


def test_a_sheet_says_how_it_is_made_again(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """The command on its last line writes the very same file."""
    path = tmp_path / "sheet.md"
    arguments = ["--topic", "fit", "--level", "2", "--count", "3", "--seed", "5", "--lang", "ko", "--answers"]
    assert cnncalc("quiz", *arguments, "-o", str(path)).status == 0
    last = path.read_text(encoding="utf-8").splitlines()[-1]
    assert last == f"이 문제지를 다시 만드는 명령: `cnncalc quiz {' '.join(arguments)} -o sheet.md`"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "sheet.pdf"], "the ending of 'sheet.pdf' names no form of a sheet: use .md, .tex, .html"),
        (["-o", ""], "-o needs the name of a file, and was given an empty one"),
        (["--answers"], "--answers is for a sheet: give -o sheet.md, .tex or .html"),
        (["--count", "0"], "Invalid value for '--count': 0 is not in range: at least 1 and at most 500."),
        (["--level", "4"], "Invalid value for '--level': 4 is not in range: at least 1 and at most 3."),
    ],
)
def test_a_wrong_call_is_refused(cnncalc: Cnncalc, arguments: list[str], message: str) -> None:
    assert cnncalc("quiz", *arguments) == (2, "", f"error[usage]: {message}\n  = see `cnncalc quiz --help`\n")


def test_too_many_exercises_are_refused_and_nothing_is_written(cnncalc: Cnncalc, tmp_path: Path) -> None:
    path = tmp_path / "sheet.md"
    done = cnncalc("quiz", "--topic", "receptive", "--level", "1", "--count", "99", "-o", str(path))
    assert done == (
        *(1, ""),
        "error[out-of-range]: there are 98 different exercises on the topic receptive at level 1, and 99 are asked "
        "for\n  = ask for --count 98, or for another level\n",
    )
    assert not path.exists()
