from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.commands.conftest import Cnncalc
from tests.model.test_verify import wrong_network


def test_the_command_succeeds_where_all_agree(cnncalc: Cnncalc) -> None:
    done = cnncalc("verify", "conv 3x3x4 p1 - relu", "--input", "8x8x3", "--format", "json")
    assert done.status == 0
    data = json.loads(done.out)
    assert data["agrees"] is True
    assert {"conv1", "relu1", "total"} == {check["subject"] for check in data["checks"]}


def test_the_command_fails_where_something_differs(
    cnncalc: Cnncalc,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cnncalc.commands.options.load_with", lambda *_, **__: wrong_network())
    done = cnncalc("verify", "relu")
    assert done.status == 1
    assert "✗" in done.out
    assert done.err == ""


def test_without_torch_it_says_what_to_install() -> None:
    """A fresh installation has only click and rich: one line, status 1."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from cnncalc.commands.cli import run\n"
        "sys.exit(run(['verify', 'relu', '--input', '4x4x1']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        'error[not-installed]: this needs torch, which is not installed: pip install "cnncalc[train]"\n'
    )
