"""A training run in a program and in a notebook."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import cnncalc
from cnncalc.core.errors import RunError
from cnncalc.report.diagnostics import draw_error
from tests.train.runs import train

SPEC = "input 8x8x1\nconv 3x3x6 p1 - relu - pool2\na: conv 3x3x6 p1 - relu\ngap - fc 10"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "first"
    train(SPEC, str(out), epochs=3)
    return out


def test_a_run_is_what_its_files_say(trained: Path) -> None:
    run = cnncalc.load_run(trained)
    with (trained / "metrics.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [row.train_loss for row in run.history] == [float(row["train_loss"]) for row in rows]
    assert run.best is not None
    assert run.best.score == max(float(row["accuracy"]) for row in rows)
    with (trained / "gradients.csv").open(newline="") as file:
        norms = [*csv.DictReader(file)]
    assert {str(epoch): {**row} for epoch, row in run.gradients.items()} == {
        row.pop("epoch"): {name: float(norm) for name, norm in row.items()} for row in norms
    }
    assert (run.epochs, run.recipe["batch"], run.recipe["learning-rate"]) == (3, 32, 0.02)
    assert run.network.params == (9 + 1) * 6 + (9 * 6 + 1) * 6 + (6 + 1) * 10
    assert run.classes == tuple("0123456789")
    best = f"best accuracy {100 * run.best.score:.1f}% (epoch {run.best.epoch})"
    assert repr(run) == f"<TrainingRun {trained}: 3 of 3 epochs, {best}>"


def test_a_notebook_shows_its_curves(trained: Path) -> None:
    """One whole element, without a script, without a request, and with a style sheet for itself alone."""
    html = cnncalc.load_run(trained)._repr_html_()
    found = ElementTree.fromstring(html)
    kind = re.search(r"\.(cnncalc-\w+) ", html)
    assert kind is not None
    assert [one.get("class") for one in found.iter("svg") if one.get("class")] == [kind[1]] * 4
    assert "<script" not in html
    assert "http" not in html
    sheet = "".join(found.find(".//style").itertext())  # type: ignore[union-attr]
    assert "var(" not in sheet
    for rule in re.findall(r"([^{}]+)\{", sheet):
        assert rule.strip().startswith(f".{kind[1]}")


def test_what_is_no_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError) as caught:
        cnncalc.load_run("empty")
    assert draw_error(caught.value) == (
        "error[no-run]: `empty` is not a training run: it has no run.json\n"
        "  = name the folder that `cnncalc train` wrote"
    )


@pytest.mark.slow
def test_neither_torch_nor_numpy_is_needed(trained: Path) -> None:
    code = (
        "import sys; sys.modules.update(torch=None, numpy=None)\n"
        f"import cnncalc; print(len(cnncalc.load_run({str(trained)!r})._repr_html_()))"
    )
    assert int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout) > 1000
