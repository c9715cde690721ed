"""Settings for the tests of training."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cnncalc.core.errors import CnncalcError
from cnncalc.report.diagnostics import draw_error

torch.set_num_threads(1)  # the images are small, and several tests run beside each other


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the test runs, so that the paths in messages are short and always the same."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def complaint() -> Callable[..., str]:
    """A function that calls another and returns the whole text of its error, as a user sees it."""

    def drawn(call: Callable[..., object], *arguments: object, **named: object) -> str:
        with pytest.raises(CnncalcError) as caught:
            call(*arguments, **named)
        return draw_error(caught.value)

    return drawn
