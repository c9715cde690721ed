"""The energy of a run, with counters of the test in place of those of a card: Zeus itself is not in `dev`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from cnncalc.commands.cli import run as cnncalc
from cnncalc.train.events import Observers
from cnncalc.train.trackers import make_trackers
from tests.train.runs import SPEC, Heard, train
from tests.train.runs import resume as resume_run

pytestmark = pytest.mark.slow


class Monitor:
    """Zeus' monitor on a machine with two cards and a processor, on which every window takes as much."""

    gpu_indices: tuple[int, ...] = (0, 1)
    cpu_indices: tuple[int, ...] = (0,)

    def __init__(self) -> None:
        self.open: set[str] = set()

    def begin_window(self, key: str) -> None:
        assert key not in self.open
        self.open.add(key)

    def end_window(self, key: str, cancel: bool = False) -> Any:
        self.open.remove(key)
        return SimpleNamespace(time=2.0, gpu_energy={0: 100.0, 1: 50.5}, cpu_energy={0: 20.0}, dram_energy=None)


@pytest.fixture(autouse=True)
def zeus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the monitor in the place of Zeus."""
    package, monitor = ModuleType("zeus"), ModuleType("zeus.monitor")
    monitor.ZeusMonitor = Monitor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "zeus", package)
    monkeypatch.setitem(sys.modules, "zeus.monitor", monitor)
    monkeypatch.delitem(sys.modules, "cnncalc.train.trackers.zeus", raising=False)


def rows() -> list[dict[str, str]]:
    with Path("run/energy.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_epoch_has_its_energy(folder: Path) -> None:
    """What has no counter is empty; the last row is what came after the last epoch."""
    (tracker,) = make_trackers(["zeus"])
    ended = train(SPEC, "run", heard=Observers(Heard(), tracker), epochs=2)
    assert [row["epoch"] for row in rows()] == ["1", "2", ""]
    first = rows()[0]
    assert first | {"step": ""} == {
        "epoch": "1",
        "step": "",
        "seconds": "2.0",
        "gpu_joules": "150.5",
        "cpu_joules": "20.0",
        "dram_joules": "",
        "joules": "170.5",
    }
    assert ("run/energy.csv", "the energy of every epoch") in ended.files


def test_a_run_that_goes_on_keeps_its_rows(folder: Path) -> None:
    (tracker,) = make_trackers(["zeus"])
    train(SPEC, "run", heard=Observers(Heard(), tracker), epochs=2)
    path = folder / "run" / "recipe.toml"
    path.write_text(path.read_text().replace("epochs = 2\n", "epochs = 3\n"))
    (tracker,) = make_trackers(["zeus"])
    resume_run("run", Observers(Heard(), tracker))
    assert [row["epoch"] for row in rows()] == ["1", "2", "3", ""]


def test_a_machine_without_counters_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, complaint: Any) -> None:
    """Nothing is estimated."""
    monkeypatch.setattr(Monitor, "gpu_indices", ())
    monkeypatch.setattr(Monitor, "cpu_indices", ())
    (tracker,) = make_trackers(["zeus"])
    assert complaint(train, SPEC, "run", heard=tracker) == (
        "error[no-log]: Zeus cannot log this run: it finds no energy counter of a card (NVML) or a processor (RAPL) "
        "that it may read here\n  = the run is saved: `--resume` continues it"
    )


def test_a_missing_library_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cnncalc.train.trackers.find_spec", lambda name: None)
    assert cnncalc(["train", SPEC, "--data", "digits", "--log", "zeus", "--out", "run"]) == 1
    assert capsys.readouterr().err == (
        'error[not-installed]: this needs zeus, which is not installed: pip install "cnncalc[zeus]"\n'
    )
