"""``cnncalc report``: where the page goes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc


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
