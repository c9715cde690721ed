"""Bad input ends in one clear message and a status; nothing is ever shown as a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cnncalc.commands.options
from tests.commands.conftest import Cnncalc


def test_a_fault_in_a_spec_is_drawn_with_its_place(cnncalc: Cnncalc, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The example of the language's design: code, place, caret, sum and repairs; status 1."""
    (tmp_path / "net.txt").write_text("input 7x7x3\nconv 3x3x16 s3\n")
    monkeypatch.chdir(tmp_path)
    done = cnncalc("shapes", "net.txt")
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "error[does-not-fit]: a 3x3 window with stride 3 does not fit a 7x7 input\n"
        "  --> net.txt:2:13\n"
        "   |\n"
        " 2 | conv 3x3x16 s3\n"
        "   |             ^^ (7 − 3 + 2·0)/3 + 1 = 2 1/3\n"
        "   |\n"
        "   = fits with: stride 1 → 5x5, stride 2 → 3x3, padding 1 → 3x3, kernel 4x4 → 2x2, input 6x6 or 9x9\n"
        "   = or write `floor`, as PyTorch does → 2x2 (the last row and column are never read)\n"
    )


def test_in_json_mode_a_fault_is_json_too(cnncalc: Cnncalc) -> None:
    done = cnncalc("shapes", "conv 3x3x16 s3", "--input", "7x7x3", "--format", "json")
    assert (done.status, done.out) == (1, "")
    fault = json.loads(done.err)
    assert fault["code"] == "does-not-fit"
    assert fault["message"] == "a 3x3 window with stride 3 does not fit a 7x7 input"
    assert (fault["line"], fault["column"]) == (1, 13)
    assert fault["hints"][0].startswith("fits with: stride 1")


@pytest.mark.parametrize("arguments", [["--format", "json"], ["--format=json"], ["-o", "x.json"]])
def test_a_wrong_call_in_json_mode_is_json_too(cnncalc: Cnncalc, arguments: list[str]) -> None:
    done = cnncalc("shapes", "relu", "--batch", "0", *arguments)
    assert done.status == 2
    assert json.loads(done.err)["code"] == "usage"


def test_a_missing_file_suggests_the_nearest(cnncalc: Cnncalc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a long path would be shortened
    Path("vgg16.txt").write_text("")
    done = cnncalc("shapes", "vg16.txt")
    assert done.status == 1
    assert done.err == "error[no-such-file]: there is no file `vg16.txt`\n  = did you mean `vgg16.txt`?\n"


def test_a_folder_is_no_spec(cnncalc: Cnncalc, tmp_path: Path) -> None:
    done = cnncalc("shapes", str(tmp_path))
    assert done.status == 1
    assert done.err == f"error[not-a-file]: `{tmp_path}` is a directory\n"


def test_a_spec_without_quotes(cnncalc: Cnncalc) -> None:
    """The shell cuts it into words; the hint says what to do."""
    done = cnncalc("shapes", "conv", "3x3x16")
    assert done.status == 2
    assert 'put a spec that is written out in quotes: "conv 3x3x16 p1 - relu"' in done.err


def test_an_unknown_command_suggests_the_nearest(cnncalc: Cnncalc) -> None:
    done = cnncalc("shaps", "relu")
    assert done.status == 2
    assert done.err == ("error[usage]: there is no command 'shaps'; did you mean `shapes`?\n  = see `cnncalc --help`\n")


@pytest.mark.parametrize("assignment", ["width", "=3", "width="])
def test_set_takes_a_name_and_a_value(cnncalc: Cnncalc, assignment: str) -> None:
    done = cnncalc("shapes", "relu", "--input", "4x4x1", "--set", assignment)
    assert done.status == 2
    assert f"write it as name=value, not '{assignment}'" in done.err


def test_an_override_is_checked_where_it_was_written(cnncalc: Cnncalc) -> None:
    """The message points into --set, not into the file."""
    spec = "param n = 4\ninput 8x8x1\nconv 1x1x{n}"
    assert "32" in cnncalc("params", spec, "--set", "n=2*16").out
    done = cnncalc("params", spec, "--set", "n=2*")
    assert done.status == 1
    assert "--> --set n:1:3" in done.err


def test_the_input_can_come_from_outside(cnncalc: Cnncalc) -> None:
    assert "16x16x8" in cnncalc("shapes", "input 8x8x1\nconv 1x1x8", "--input", "16x16x1").out
    done = cnncalc("shapes", "conv 1x1x8", "--input", "16 by 16")
    assert done.status == 1
    assert "--> --input:1:" in done.err


def test_rounding_can_come_from_outside(cnncalc: Cnncalc) -> None:
    assert "2x2x16" in cnncalc("shapes", "conv 3x3x16 s3", "--input", "7x7x3", "--rounding", "floor").out
    assert "3x3x16" in cnncalc("shapes", "conv 3x3x16 s3", "--input", "7x7x3", "--rounding", "ceil").out


def test_standard_input(cnncalc: Cnncalc) -> None:
    assert cnncalc("shapes", "-", stdin=b"input 4x4x1\r\nrelu\r\n").status == 0
    done = cnncalc("shapes", "-", stdin=b"\xff\xfe\x00")
    assert done.err.startswith("error[not-text]: `standard input` is not a text in UTF-8")


def test_a_mistake_of_our_own_is_one_line_too(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the program itself fail, it says so, and how to report it."""

    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.delenv("CNNCALC_DEBUG", raising=False)
    monkeypatch.setattr(cnncalc_options, "load_with", broken)
    done = cnncalc("shapes", "relu")
    assert done.status == 70
    assert done.err.startswith(
        "error[internal]: this is a mistake in cnncalc, not in your spec: ZeroDivisionError: oh\n"
    )


@pytest.mark.parametrize("words", [(), ("--format", "json")])
def test_memory_that_runs_out_is_no_mistake(
    cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """What Python raises where a limit (`ulimit -v`) or the machine leaves no more."""

    def full(*arguments: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(cnncalc_options, "load_with", full)
    done = cnncalc("shapes", "relu", *words)
    assert done.status == 1
    if words:
        assert json.loads(done.err)["code"] == "out-of-memory"
    else:
        assert done.err == "error[out-of-memory]: memory ran out\n  = a smaller network or input takes less\n"


cnncalc_options = cnncalc.commands.options
