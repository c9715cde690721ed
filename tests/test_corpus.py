"""The corpora in ``tests/specs``: wrong specs with their complete error, right ones with numbers from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import cnncalc
from cnncalc.report.diagnostics import draw_error

SPECS = Path(__file__).parent / "specs"
INVALID = sorted(path.stem for path in (SPECS / "invalid").glob("*.txt"))
VALID = sorted(path.stem for path in (SPECS / "valid").glob("*.json"))

ELSEWHERE = {
    "no-such-file": "about a path, in test_loading.py",
    "not-a-file": "about a path, in test_loading.py",
    "cannot-read": "about a path, in test_loading.py",
    "wrong-total": "a note and no error, in network/test_claims.py",
    "not-checked": "a note and no error, in network/test_claims.py",
    "channels-first": "a note and no error, in network/test_trials.py",
    "bad-package": "about another package, in layers/test_own_layers.py",
    "not-foreign": "said by import alone, in foreign/test_import_file.py",
    "divides-by-zero": "said when values are computed, in values/",
    "no-values": "said when values are computed, in values/",
    "not-real": "said when values are computed, in values/",
    "several-inputs": "said by commands that take one input, in network/test_input_faults.py",
    "not-in-pytorch": "said when a module is built, in model/test_refused.py",
}
"""Codes that no spec in the corpus can raise, and why."""

ROOMS = ("spec", "layers", "network")
"""Where a text passes through; what other rooms raise is no fault of a text."""

CODE = re.compile(r'(?:SpecError|Fault|Note|_error|self\.error)\(\s*"([a-z]+(?:-[a-z]+)*)"')


@pytest.mark.parametrize("name", INVALID)
def test_the_whole_error_is_as_recorded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawn error of a wrong spec equals, to the character, what stands beside the spec."""
    monkeypatch.chdir(SPECS / "invalid")
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(Path(f"{name}.txt"))
    assert draw_error(caught.value) + "\n" == Path(f"{name}.err").read_text(encoding="utf-8")


def test_the_error_of_the_language_page_is_drawn_as_it_stands_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 3x3 window with stride 3 on 7x7 is the lecture's example of what does not fit: (7 - 3)/3 + 1 = 2 1/3."""
    monkeypatch.chdir(SPECS / "invalid")
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(Path("net.txt"))
    expected = """\
error[does-not-fit]: a 3x3 window with stride 3 does not fit a 7x7 input
  --> net.txt:2:13
   |
 2 | conv 3x3x16 s3
   |             ^^ (7 − 3 + 2·0)/3 + 1 = 2 1/3
   |
   = fits with: stride 1 → 5x5, stride 2 → 3x3, padding 1 → 3x3, kernel 4x4 → 2x2, input 6x6 or 9x9
   = or write `floor`, as PyTorch does → 2x2 (the last row and column are never read)"""
    assert draw_error(caught.value) == expected


def test_every_error_code_has_a_spec() -> None:
    """Every code that a text can meet is in the corpus, or is listed above with the reason why it is not."""
    package = Path(cnncalc.__file__).parent
    files = [package / "loading.py", *(file for room in ROOMS for file in (package / room).rglob("*.py"))]
    used = {code for file in files for code in CODE.findall(file.read_text(encoding="utf-8"))}
    drawn = [path.read_text(encoding="utf-8") for path in (SPECS / "invalid").glob("*.err")]
    shown = {re.match(r"error\[([a-z-]+)\]", text)[1] for text in drawn}  # type: ignore[index]
    assert len(used) > 30  # the search finds them
    assert used - shown == set(ELSEWHERE)


def test_every_wrong_spec_has_its_error_and_no_error_stands_alone() -> None:
    """Texts and errors come in pairs."""
    assert sorted(path.stem for path in (SPECS / "invalid").glob("*.err")) == INVALID


@pytest.mark.parametrize("name", VALID)
def test_a_right_spec_gives_the_numbers_of_its_source(name: str) -> None:
    """Output volume, parameters and MACs equal what the file beside the spec states, with where it comes from."""
    expected = json.loads((SPECS / "valid" / f"{name}.json").read_text(encoding="utf-8"))
    network = cnncalc.load(SPECS / "valid" / f"{name}.txt")
    assert list(network.output) == expected["output"]
    assert network.params == expected["params"]
    assert network.macs == expected["macs"]
    assert expected["source"]
