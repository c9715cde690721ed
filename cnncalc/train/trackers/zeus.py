"""The energy of a run, measured by Zeus: in ``energy.csv`` of the run's folder.

Zeus (https://ml.energy/zeus, Apache-2.0) reads the counters of NVIDIA's and AMD's cards, of processors and their memory
(RAPL). What has no counter is not estimated.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from zeus.monitor import ZeusMonitor

from cnncalc.core.reading import read_regular
from cnncalc.core.writing import write_file
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.run_files import ENERGY
from cnncalc.train.trackers.base import TrackedRun, Tracker

_WINDOW = "cnncalc"
_MOST_BYTES = 2**26


class EnergyRow(NamedTuple):
    """What an epoch took, with its test; the last row, without an epoch, is what came after the last one.

    Joules are "" where there is no counter.
    """

    epoch: str
    step: int
    seconds: float
    gpu_joules: float | str
    cpu_joules: float | str
    dram_joules: float | str
    joules: float


class Energy(Tracker):
    """Measures the energy of every epoch."""

    title = "Zeus"
    _monitor: ZeusMonitor
    _path: str
    _rows: list[tuple[Any, ...]]
    _step: int

    def open(self, run: TrackedRun) -> None:
        """Begin to measure; a run that is resumed keeps what its earlier epochs took.

        Raises:
            RuntimeError: where nothing here has a counter that may be read.

        """
        self._monitor = ZeusMonitor()
        if not (self._monitor.gpu_indices or self._monitor.cpu_indices):
            raise RuntimeError(
                "it finds no energy counter of a card (NVML) or a processor (RAPL) that it may read here"
            )
        self._path = os.path.join(run.folder, ENERGY)
        self._step = run.first_step
        self._rows = [row for row in _read(self._path) if row[0] and int(row[1]) <= run.first_step]
        self._monitor.begin_window(_WINDOW)

    def epoch(self, row: EpochMetrics) -> None:
        """Write what the epoch took."""
        self._step = row.step
        self._try(lambda: self._close(str(row.epoch)))

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Do nothing: steps are too short to be measured."""

    def finish(self, summary: Mapping[str, float | str]) -> None:
        """Write what was used after the last epoch: the test with the best weights, and the files."""
        self._close("")

    def shut(self) -> None:
        """Forget what was begun."""
        self._monitor.end_window(_WINDOW, cancel=True)

    def _close(self, epoch: str) -> None:
        """Write what was used since the last time, and begin anew."""
        used = self._monitor.end_window(_WINDOW)
        gpu, cpu, dram = _sum(used.gpu_energy), _sum(used.cpu_energy), _sum(used.dram_energy)
        total = round(sum([part for part in (gpu, cpu, dram) if part != ""]), 3)
        self._rows.append(EnergyRow(epoch, self._step, round(float(used.time), 3), gpu, cpu, dram, total))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(EnergyRow._fields)
        writer.writerows(self._rows)
        write_file(text.getvalue(), self._path)
        self._monitor.begin_window(_WINDOW)


def _sum(joules: Mapping[int, float] | None) -> Any:
    """Return the joules of all devices of a kind; "" where there is none with a counter."""
    return round(sum(joules.values()), 3) if joules else ""


def _read(path: str) -> list[tuple[str, ...]]:
    """Return the rows of a run that is resumed; none where there are none that can be read."""
    try:
        head, *rows = csv.reader(read_regular(path, _MOST_BYTES).decode().splitlines())
    except (OSError, ValueError, csv.Error):
        return []
    if head != list(EnergyRow._fields):
        return []
    return [tuple(row) for row in rows if len(row) == len(head) and row[1].isdecimal()]


TRACKER = Energy
