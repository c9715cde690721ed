"""Settings for the tests of data sets."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cnncalc.errors import SpecError
from cnncalc.report.diagnostics import draw_error

torch.set_num_threads(1)  # the images are small, and several tests run beside each other


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the test runs, so that the paths in messages are short and always the same."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def real_data() -> Path:
    """The folder with real MNIST: that of CNNCALC_DATA, or `shared/data` beside the project."""
    place = Path(os.environ.get("CNNCALC_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not (place / "mnist").is_dir():
        pytest.skip("the real MNIST is not here; CNNCALC_DATA names the folder that has `mnist/*.gz`")
    return place


@pytest.fixture
def complaint() -> Callable[..., str]:
    """A function that calls another and returns the whole text of its error, as a user sees it."""

    def drawn(call: Callable[..., object], *arguments: object, **named: object) -> str:
        with pytest.raises(SpecError) as caught:
            call(*arguments, **named)
        return draw_error(caught.value)

    return drawn
