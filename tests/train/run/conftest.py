"""Runs for the tests of runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncalc.train.engine import metrics
from tests.train.runs import RANDOM, SPEC, train


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs look at their losses after every step, and not twice a second, which is longer than they take."""
    monkeypatch.setattr(metrics, "REPORT_SECONDS", 0.0)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three epochs with everything random in it."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(SPEC, str(out), **RANDOM)
    return out
