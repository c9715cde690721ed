"""``cnncalc playground``: what it writes, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncalc.playground.libraries import Library
from tests.commands.conftest import Cnncalc


def test_the_folder_of_somebody_else_stays_as_it_is(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """A folder is written into only if it is new, or an earlier playground."""
    (tmp_path / "thesis.txt").write_text("mine")
    done = cnncalc("playground", str(tmp_path))
    assert (done.status, done.out) == (1, "")
    assert done.err == f"error[folder-in-use]: there is something else in `{tmp_path}`\n  = name a new folder\n"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_site_is_written_and_written_again(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """The command says how to look at it."""
    folder = tmp_path / "site"
    for _ in range(2):
        done = cnncalc("playground", str(folder))
        assert (done.status, done.err) == (0, "")
        assert done.out == f"wrote {folder}; cnncalc playground {folder} --serve shows it\n"
    assert {path.name for path in folder.iterdir()} >= {"index.html", "service.js", "cnncalc.xz"}


def test_the_command_that_shows_a_site_keeps_its_libraries(
    cnncalc: Cnncalc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site with a Pyodide of its own would ask the CDN again if it were written again without the option."""
    monkeypatch.setattr(Library, "read", lambda library, folder: {f"from {folder}": b""})
    done = cnncalc("playground", str(tmp_path / "site"), "--pyodide", "my modules")
    again = f"cnncalc playground {tmp_path}/site --pyodide 'my modules' --serve"
    assert (done.status, done.out) == (0, f"wrote {tmp_path}/site; {again} shows it\n")


def test_a_port_without_a_server_is_refused(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """Nothing is written."""
    done = cnncalc("playground", str(tmp_path / "site"), "--port", "8000")
    assert (done.status, done.out) == (2, "")
    assert done.err == "error[usage]: --port is for --serve\n  = see `cnncalc playground --help`\n"
    assert not (tmp_path / "site").exists()


def test_a_folder_without_pyodide_is_refused(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """Nothing is written either, and the error says how to get one."""
    done = cnncalc("playground", str(tmp_path / "site"), "--pyodide", str(tmp_path))
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        f"error[no-library]: there is no pyodide.mjs in `{tmp_path}`, which a folder of Pyodide has\n"
        "  = `npm install pyodide@314.0.7` puts it into node_modules\n"
    )
    assert not (tmp_path / "site").exists()


def test_a_folder_that_cannot_be_made_is_said(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """Below a file there is no folder."""
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "site"
    done = cnncalc("playground", str(folder))
    assert (done.status, done.out) == (1, "")
    assert done.err == f"error[cannot-write]: cannot make the folder `{folder}`: Not a directory\n"
