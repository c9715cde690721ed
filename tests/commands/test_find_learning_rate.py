"""``cnncalc train --find-learning-rate``: what is printed and written, and what is refused before it starts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.commands.conftest import Train

pytestmark = pytest.mark.usefixtures("one_thread")

SPEC = "input 8x8x1\nfc 10"
FIND = ("--data", "digits", "--limit", "64", "--batch", "32", "--device", "cpu", "--find-learning-rate")


def test_it_prints_what_is_trained_a_curve_and_a_suggestion(train: Train) -> None:
    done = train(SPEC, *FIND)
    about, curve, said, command = done.out.split("\n\n")
    assert (done.status, done.err) == (0, "")
    assert about.splitlines()[0] == "network         text: 8x8x1 → 1x1x10, 650 parameters"
    assert (curve.splitlines()[0], curve.split()[-2:]) == ("Loss", ["learning", "rate"])
    words = [line.split("  ")[0] for line in said.splitlines()]
    assert words == ["suggestion", "least loss", "explodes", "test"]
    suggested = said.split()[1].rstrip(",")
    assert command == f"  --learning-rate {suggested}   trains with it\n"
    assert said.splitlines()[0].endswith(
        f"{suggested}, by steepest descent: the loss falls most steeply there before its least"
    )


def test_json_has_every_step(train: Train) -> None:
    found = json.loads(train(SPEC, *FIND, "--json").out)
    assert (found["event"], found["rule"]) == ("learning-rate", "steepest descent")
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed"])
    assert found["rates"][0] < found["suggestion"] < found["least"] <= found["rates"][-1]


@pytest.mark.parametrize("ending", ["csv", "svg", "png"])
def test_the_curve_goes_to_a_file_and_nothing_else_is_written(ending: str, train: Train) -> None:
    done = train(SPEC, *FIND, "--quiet", "--out", f"rates.{ending}")
    assert (done.status, done.out, done.err) == (0, "", "")
    assert [path.name for path in Path().iterdir()] == [f"rates.{ending}"]
    content = Path(f"rates.{ending}").read_bytes()
    if ending == "csv":
        rows = [*csv.DictReader(content.decode().splitlines())]
        assert [float(row["learning_rate"]) for row in rows[:2]] == [1e-6, 1.059e-6]
    assert content.startswith({"csv": b"learning_rate,loss", "svg": b"<?xml", "png": b"\x89PNG"}[ending])


REFUSED = {
    ("--out", "first"): "error[usage]: with --find-learning-rate, --out is a file that ends in .svg or .png or .csv\n"
    "  = see `cnncalc train --help`\n",
    ("--live",): "error[usage]: --live and --find-learning-rate exclude each other: a range test makes no run\n"
    "  = see `cnncalc train --help`\n",
    ("--out", "none/a.svg"): "error[cannot-write]: cannot write `none/a.svg`: there is no such folder\n",
}


@pytest.mark.parametrize("given", REFUSED)
def test_what_does_not_go_with_it_is_refused(given: tuple[str, ...], train: Train) -> None:
    done = train(SPEC, *FIND, *given)
    assert (done.out, done.err) == ("", REFUSED[given])


def test_a_run_that_goes_on_has_its_rate(train: Train) -> None:
    done = train("--resume", "first", "--find-learning-rate")
    assert done.err == (
        "error[usage]: --resume and --find-learning-rate exclude each other: a range test makes no run\n"
        "  = see `cnncalc train --help`\n"
    )
