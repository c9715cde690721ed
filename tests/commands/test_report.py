"""``cnncalc report``: where the page goes, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc
from tests.train.runs import train


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("specs", "name"),
    [
        (["lenet5"], "lenet5.html"),
        (["conv 3x3x4"], "network.html"),
        (["lenet5", "alexnet"], "comparison.html"),
    ],
)
def test_without_a_name_it_is_that_of_the_network(cnncalc: Cnncalc, folder: Path, specs: list[str], name: str) -> None:
    done = cnncalc("report", *specs, *(["--input", "8x8x3"] if specs == ["conv 3x3x4"] else []))
    assert (done.status, done.out, done.err) == (0, f"wrote {name}\n", "")
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_page_is_html(cnncalc: Cnncalc) -> None:
    done = cnncalc("report", "lenet5", "-o", "net.pdf")
    assert (done.status, done.out) == (2, "")
    assert done.err == "error[usage]: a page is HTML: 'net.pdf' should end in .html\n  = see `cnncalc report --help`\n"


def test_a_fault_writes_nothing(cnncalc: Cnncalc, folder: Path) -> None:
    done = cnncalc("report", "conv 3x3x4 s3", "--input", "7x7x3", "-o", "net.html")
    assert done.status == 1
    assert done.err.startswith("error[does-not-fit]: ")
    assert list(folder.iterdir()) == []


def test_a_text_keeps_its_dots(cnncalc: Cnncalc, folder: Path) -> None:
    """Only a file has an ending that is left out."""
    assert cnncalc("report", "leakyrelu 0.1 - fc 2", "--input", "4x4x1", "-o", "net.html").status == 0
    assert "<h1>leakyrelu 0.1 - fc 2</h1>" in (folder / "net.html").read_text(encoding="utf-8")


def test_the_usual_name_never_replaces_the_spec(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "net.html").write_text("input 4x4x1\nrelu\n")
    done = cnncalc("report", "net.html")
    assert (done.status, done.out) == (2, "")
    assert (folder / "net.html").read_text() == "input 4x4x1\nrelu\n"


# ---- training runs


@pytest.fixture
def trained(folder: Path) -> str:
    """A run of one epoch."""
    train("input 8x8x1\nconv 3x3x4 - relu - fc 10", "first", epochs=1)
    return "first"


@pytest.mark.slow
def test_the_page_of_a_run_is_named_for_it(cnncalc: Cnncalc, trained: str, folder: Path) -> None:
    done = cnncalc("report", trained)
    assert (done.status, done.out, done.err) == (0, "wrote first.html\n", "")
    assert "<h1>first</h1>" in (folder / "first.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_gradient_norms_as_text(cnncalc: Cnncalc, trained: str) -> None:
    """Those of `gradients.csv`, a row for each layer; a file's ending says the form."""
    [row] = csv.DictReader(Path(trained, "gradients.csv").read_text().splitlines())
    done = cnncalc("report", trained, "--gradients")
    lines = done.out.splitlines()
    assert lines[0].split() == ["layer", "epoch", "1"]
    assert [line.split() for line in lines[2:4]] == [[name, f"{float(row[name]):.3g}"] for name in ("conv1", "fc1")]
    assert lines[-1].startswith("The gradient norm of conv1 is ")
    assert cnncalc("report", trained, "--gradients", "-o", "norms.csv").status == 0
    assert Path("norms.csv").read_text().splitlines()[0] == "layer,epoch_1"
    assert cnncalc("report", trained, "--gradients", "-o", "norms.json").status == 0
    told = json.loads(Path("norms.json").read_text())
    assert told["epochs"] == [1]
    assert told["layers"] == [{"name": name, "norms": [float(row[name])]} for name in ("conv1", "fc1")]


@pytest.mark.slow
def test_a_run_without_gradient_norms_says_so(cnncalc: Cnncalc, trained: str) -> None:
    Path(trained, "gradients.csv").unlink()
    done = cnncalc("report", trained, "--gradients")
    assert done.out.splitlines()[-1].startswith("no gradient norms were recorded")


REFUSED = {
    ("first", "lenet5"): "a page shows one training run, or networks; name one folder",
    ("first", "--input", "4x4x1"): "a training run has its own spec; leave out --input, --param and --rounding",
    ("first", "--batch", "8"): "a training run has its own batch; leave out --batch",
    ("first", "-o", "first.pdf"): "a page is HTML: 'first.pdf' should end in .html",
    ("lenet5", "--gradients"): "--gradients is for a training run; name its folder",
    ("lenet5", "--limit", "8"): "--limit is for a training run; name its folder",
    ("first", "--gradients", "-o", "first/metrics.csv"): (
        "-o first/metrics.csv would replace the run's own metrics.csv; name another file"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_go_together(cnncalc: Cnncalc, trained: str, words: tuple[str, ...]) -> None:
    done = cnncalc("report", *words)
    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines()[0] == f"error[usage]: {REFUSED[words]}"


def test_a_folder_that_is_no_run_is_refused(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "pets").mkdir()
    done = cnncalc("report", "pets")
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "error[no-run]: `pets` is not a training run: it has no run.json\n"
        "  = name the folder that `cnncalc train` wrote\n"
    )
