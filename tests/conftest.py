"""Settings for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from torch import nn

# the same examples on every machine, and no clock: a test that fails, fails for everybody
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[nn.Module]:
    """Serve a ResNet-18 of random weights where torchvision says that its own are, and return it."""
    from tests.model.weights.published import served_weights  # the calculator's tests do without torch

    yield from served_weights(tmp_path, monkeypatch)
