"""Whatever is typed, a command ends with an answer or with one clear error. The long run is ``benchmarks/fuzz.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.campaign import campaign
from tests.fuzz.places import make_place

CALCULATOR = ("shapes", "params", "explain", "compare", "zoo", "memory", "draw", "export")
WITH_TORCH = ("verify", "import", "train", "evaluate", "predict", "inspect")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the command lines name."""
    folder = tmp_path_factory.mktemp("place")
    make_place(folder)
    return folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("commands", "count"), [(CALCULATOR, 200), (WITH_TORCH, 100)], ids=["calculator", "torch"])
def test_a_command_line_ends_with_an_answer_or_with_one_error(
    commands: tuple[str, ...], count: int, place: Path
) -> None:
    """No traceback, no blame of cnncalc, the statuses 0, 1 and 2, one error for each of the others, in bounded time."""
    for line, outcome in campaign(place, 1, count, commands):
        assert outcome.broken is None, f"{outcome.broken}: {line}\n{outcome.err[-1000:]}"
