"""Whatever a run is asked to begin with: data and weights that cannot be used are one error, and nothing is left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnncalc.commands.cli import run
from cnncalc.core.errors import printable
from tests.train.data.odd import Case
from tests.train.data.test_hostile import FAMILIES, outcome
from tests.train.run.odd_weights import files

SPECS = {size: f"input {size}\ngap - fc 2" for size in ("8x8x3", "8x8x1")}


def listing(place: Path) -> set[str]:
    """Return the names of all that lies below a folder; links are not followed."""
    found = set()
    for folder, folders, names in os.walk(place):
        found |= {f"{folder}/{name}" for name in (*folders, *names)}
    return found


def tried(arguments: list[str], place: Path, capsys: pytest.CaptureFixture[str], *, refused: bool = True) -> str:
    """Train, which must fail; return the error, which is one, can be printed, and is all that is left of the try."""
    before = listing(place)
    status = run(["train", *arguments, "--epochs", "1", "--speed", "plain", "--out", "run", "--quiet"])
    told = capsys.readouterr()
    lines = told.err.splitlines()
    if not (status or refused):
        return ""
    assert status == 1, told
    assert told.out == ""
    assert lines, arguments
    assert lines[0].startswith("error["), lines[0]
    assert all(line.startswith("  ") for line in lines[1:]), told.err
    assert all(line == printable(line) for line in lines), told.err
    assert listing(place) == before
    return lines[0]


@pytest.fixture
def places(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders to try in, one after the other; where one is left, it is removed."""

    def made() -> Iterator[Path]:
        number = 0
        while True:
            place = folder / str(number)
            place.mkdir()
            monkeypatch.chdir(place)
            yield place
            monkeypatch.chdir(folder)
            shutil.rmtree(place)
            number += 1

    return made()


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_data_that_cannot_be_used_end_a_run_before_it_begins(
    places: Iterator[Path], capsys: pytest.CaptureFixture[str], family: str
) -> None:
    """Those that can be read, a part of each family, are read in `test_hostile`."""
    refused = 0
    for case, place in zip(FAMILIES[family](), places, strict=False):
        case.write(place)
        if outcome(case):
            tried([SPECS[case.size], "--data", _data(case)], place, capsys)
            refused += 1
    assert refused >= 30


def _data(case: Case) -> str:
    return "data" if os.path.lexists("data") else "data.npz"


@pytest.mark.slow
def test_weights_that_cannot_be_used_end_a_run_before_it_begins(
    places: Iterator[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """More than 150 files; no code in any of them is run."""
    said = []
    for odd, place in zip(files(), places, strict=False):
        odd.write(place / odd.name)
        arguments = ["input 8x8x1\nfc 10", "--data", "digits", "--limit", "40", "--weights", odd.name]
        said.append((odd.what, tried(arguments, place, capsys, refused=odd.refused)))
        assert not Path("touched").exists(), odd.what
    assert len(said) > 150
