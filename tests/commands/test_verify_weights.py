"""``cnncalc verify --weights``: which tensor goes where."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

import cnncalc
from tests.commands.conftest import Cnncalc

SPEC = "input 8x8x3\nconv 3x3x4\nfc 3"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write a spec, and weights for four classes in place of three."""
    monkeypatch.chdir(tmp_path)
    Path("net.txt").write_text(SPEC)
    torch.save(cnncalc.build(cnncalc.load(SPEC.replace("fc 3", "fc 4"))).state_dict(), "four.pt")
    torch.save(cnncalc.build(cnncalc.load(SPEC)).state_dict(), "three.pt")
    return "net.txt"


def test_every_tensor_is_a_row(cnncalc: Cnncalc, spec: str) -> None:
    done = cnncalc("verify", spec, "--weights", "three.pt")
    assert (done.status, done.err) == (0, "")
    assert [re.sub(" {2,}", "  ", line.rstrip()) for line in done.out.splitlines() if line][-5:] == [
        "conv1.weight  4x3x3x3  conv1.weight  ✓",
        "conv1.bias  4  conv1.bias  ✓",
        "fc1.weight  3x144  fc1.weight  ✓",
        "fc1.bias  3  fc1.bias  ✓",
        "weights  three.pt: 4 of 4 tensors by name",
    ]


def test_what_is_missing_is_said_and_the_status(cnncalc: Cnncalc, spec: str) -> None:
    done = cnncalc("verify", spec, "--weights", "four.pt", "--format", "json")
    assert done.status == 1
    found = json.loads(done.out)
    assert (found["agrees"], found["matched_by"], found["unused"]) == (False, "name", ["fc1.weight", "fc1.bias"])
    assert found["tensors"][2] == {"name": "fc1.weight", "sizes": [3, 144], "source": None, "found": [4, 144]}
    assert re.sub(" {2,}", "  ", cnncalc("verify", spec, "--weights", "four.pt").out).endswith(
        "fc1.weight  3x144  new: the file has 4x144\n"
        "fc1.bias  3  new: the file has 4\n\n"
        "weights  four.pt: 2 of 4 tensors by name\n"
        "not used  2 tensors of the file: fc1.weight, fc1.bias\n"
    )
