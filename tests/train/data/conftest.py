"""Settings for the tests of data sets."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def real_data() -> Path:
    """The folder with real MNIST: that of CNNCALC_DATA, or `shared/data` beside the project."""
    place = Path(os.environ.get("CNNCALC_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not (place / "mnist").is_dir():
        pytest.skip("the real MNIST is not here; CNNCALC_DATA names the folder that has `mnist/*.gz`")
    return place
