"""``cnncalc tune``: what is printed, and what is refused before anything starts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc, Finished

pytest.importorskip("optuna")
pytestmark = pytest.mark.usefixtures("one_thread")

SPEC = "input 8x8x1\nparam width = 4\nconv 3x3x{width} p1 - relu - pool2\nfc 10"
QUICK = ("--data", "digits", "--epochs", "2", "--device", "cpu", "--speed", "plain")
Tune = Callable[..., Finished]


@pytest.fixture
def tune(cnncalc: Cnncalc, folder: Path) -> Tune:
    """A function that runs ``cnncalc tune`` in an empty folder."""
    return lambda *arguments: cnncalc("tune", *arguments)


PRINTED = """\
spec            text
varied          width=2..8:step=2
data            digits
trials          2 trials of 2 epochs, drawn by TPE, not pruned
study           study

trial    val acc      time  width
─────────────────────────────────
    0          #         #  width=4  best so far
    1          #         #  width=8#

trials          2 complete
best trial      #: accuracy # of the validation images, epoch #; # of the test images
                width=#
repeat it       cnncalc train study/best/spec.txt --recipe study/best/recipe.toml --set width=# --data digits

  study/results.csv        a line for every trial
  study/study.html         a page: trials, best so far, each setting
  study/best/recipe.toml   the recipe of the best trial

  cnncalc tune --resume study --trials 4   tries more
"""
"""Measured numbers, and what depends on them, are written as #."""


def without_measurements(text: str) -> str:
    """Write # for what differs from one machine to the next."""
    text = re.sub(r" {2,}[\d.]+% {2,}[\d.]+ s", "          #         #", text)
    text = re.sub(r"(1 .* width=\d).*", r"\1#", text)
    text = re.sub(
        r"best trial( +).*", r"best trial\1#: accuracy # of the validation images, epoch #; # of the test images", text
    )
    return re.sub(r"^( +width=|.*--set width=)\d", r"\1#", text, flags=re.MULTILINE)


def test_what_a_study_prints(tune: Tune) -> None:
    done = tune(SPEC, *QUICK, "--vary", "width=2..8:step=2", "--trials", "2", "--no-pruning", "--out", "study")
    assert (done.status, done.err) == (0, "")
    assert without_measurements(done.out) == PRINTED


def test_json_has_an_event_for_every_trial(tune: Tune) -> None:
    done = tune(SPEC, *QUICK, "--vary", "width=2,4", "--trials", "2", "--json", "--out", "study")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["event"] for event in events] == ["begin", "trial", "trial", "end"]
    assert [event["number"] for event in events[1:3]] == [0, 1]
    assert events[-1]["best"]["values"].keys() == {"width"}


def test_a_study_has_a_folder_of_its_own_where_none_is_named(tune: Tune) -> None:
    Path("net.txt").write_text(SPEC)
    for _ in range(2):
        assert tune("net.txt", *QUICK, "--vary", "width=2,4", "--trials", "1", "--quiet") == (0, "", "")
    assert sorted(path.name for path in Path("studies").iterdir()) == ["net-1", "net-2"]


def test_a_spec_from_standard_input(cnncalc: Cnncalc, folder: Path) -> None:
    options = ("--vary", "width=2,4", "--trials", "1", "--quiet", "--out", "study")
    assert cnncalc("tune", "-", *QUICK, *options, stdin=SPEC.encode()) == (0, "", "")
    assert Path("study/spec.txt").read_text().strip() == SPEC


USAGE = "\n  = see `cnncalc tune --help`\n"
REFUSED = {
    (): "error[usage]: name the SPEC to tune, or the study to continue: --resume STUDY" + USAGE,
    (SPEC,): "error[usage]: name what is varied, for example --vary learning-rate=1e-4..1e-1:log" + USAGE,
    ("--resume", "study", "--vary", "width=2,4", "--data", "digits"): (
        "error[usage]: --resume takes these from the study; leave out --data, --vary" + USAGE
    ),
    ("--resume", "study", "--epochs", "3"): (
        "error[usage]: --resume takes these from the study; leave out SPEC, its options or settings of a recipe" + USAGE
    ),
    ("--resume", "study"): (
        "error[no-study]: `study` is not a study: it has no study.json\n  = name the folder that `cnncalc tune` wrote\n"
    ),
    (SPEC, "--vary", "recipe.epochs=1,2", "--epochs", "3"): """\
error[bad-name]: `epochs` is varied, and --epochs gives it one value
  --> --vary:1:1
   |
 1 | recipe.epochs=1,2
   | ^^^^^^^^^^^^^
   |
   = leave out one of the two
""",
    (SPEC, "--vary", "width"): """\
error[bad-range]: a name and its values are joined by `=`
  --> --vary:1:1
   |
 1 | width
   | ^^^^^
   |
   = write NAME=FIRST..LAST, as in width=8..128:step=8, or its values: input=96,128,160
""",
}


@pytest.mark.parametrize("given", REFUSED)
def test_what_cannot_be_is_refused(given: tuple[str, ...], tune: Tune) -> None:
    done = tune(*given)
    assert (done.out, done.err) == ("", REFUSED[given])
    assert not any(Path().iterdir())
