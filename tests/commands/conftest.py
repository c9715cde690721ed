"""Run the command line in this process, as a pipe would see it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import pytest

from cnncalc.commands.cli import run


class Finished(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


Cnncalc = Callable[..., Finished]


@pytest.fixture
def cnncalc(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cnncalc:
    """Return a function that runs ``cnncalc`` with some arguments and a text on standard input."""

    def call(*arguments: str, stdin: bytes = b"") -> Finished:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run(list(arguments))
        return Finished(status, *capfd.readouterr())

    return call
