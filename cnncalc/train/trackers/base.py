"""What every tracker logs, and what happens where a tracker fails."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten
from cnncalc.core.writing import complain, write_file
from cnncalc.train.events import Begun, Ended, Observer, StepReport
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.recipe.settings import as_values
from cnncalc.train.run_files import TRACKING

PROJECT = "cnncalc"
"""The project, or experiment, that runs belong to where the environment names no other."""


class TrackedRun(NamedTuple):
    """What a tracker gets of a run when it begins.

    Attributes:
        folder: where it is kept.
        name: the folder's own name.
        id: eight characters that no other run has; a run that is resumed has its earlier ones.
        settings: of the recipe, by their keys.
        about: what is trained, on what, where and how: sentences by a word.
        first_step: the step from which it is resumed; 0 for a new one.

    """

    folder: str
    name: str
    id: str
    settings: Mapping[str, Any]
    about: Mapping[str, str]
    first_step: int


class Tracker(Observer):
    """A log for another program. Subclasses say how it is opened, added to and closed.

    What fails before the first step ends the run with an error; what fails later ends the log alone, with a warning.
    """

    title: ClassVar[str]
    """What people call the program."""

    def __init__(self) -> None:
        self._settings: Mapping[str, Any] = {}
        self._tested = ""
        self._open = False

    # ---- what subclasses say

    def open(self, run: TrackedRun) -> None:
        """Begin a log, or continue that of the run's ``id``."""
        raise NotImplementedError

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Log values of a step."""
        raise NotImplementedError

    def finish(self, summary: Mapping[str, float | str]) -> None:
        """Log what the run came to."""

    def shut(self) -> None:
        """Write what is still in memory."""

    # ---- events

    def watch(self, session: Any) -> None:
        """Remember the settings."""
        self._settings = as_values(session.recipe)

    def begin(self, event: Begun) -> None:
        """Open the log.

        Raises:
            SpecError: where the program cannot log.

        """
        self._tested = event.tested
        path = os.path.abspath(event.folder)
        run = TrackedRun(
            folder=path,
            name=os.path.basename(path),
            id=_id_of(path),
            settings=self._settings,
            about=dict(event.facts),
            first_step=event.first_step,
        )
        try:
            self.open(run)
        except Exception as error:  # each program raises classes of its own
            message = f"{self.title} cannot log this run: {_reason(error)}"
            raise SpecError("no-log", message, hints=["the run is saved: `--resume` continues it"]) from None
        self._open = True

    def steps(self, event: StepReport) -> None:
        """Log the loss, the learning rate and the speed."""
        values = {
            "step/loss": event.loss,
            "step/learning_rate": event.learning_rate,
            "step/images_per_second": event.images_per_second,
        }
        self._try(lambda: self.add(values, event.step))

    def epoch(self, row: EpochMetrics) -> None:
        """Log the losses and accuracies that are known."""
        measured = {
            "epoch/train_loss": row.train_loss,
            "epoch/train_accuracy": row.train_accuracy,
            f"epoch/{self._tested}_loss": row.loss,
            **{f"epoch/{self._tested}_{name}": value for name, value in row.metrics.items()},
        }
        known = {name: value for name, value in measured.items() if value is not None}
        self._try(lambda: self.add(known, row.step))

    def end(self, event: Ended) -> None:
        """Log what the run came to."""
        found = {
            "ended": event.reason,
            f"best_{event.measure.name}": event.best_score,
            f"test_{event.measure.name}": event.test_score,
            "best_epoch": event.best_epoch or None,
            "seconds": event.seconds,
        }
        self._try(lambda: self.finish({name: value for name, value in found.items() if value is not None}))

    def close(self) -> None:
        """Write what is still in memory."""
        self._try(self.shut)

    def _try(self, call: Callable[[], None]) -> None:
        if not self._open:
            return
        try:
            call()
        except Exception as error:
            self._open = False
            complain(f"warning: {self.title} stopped logging: {_reason(error)}; training continues")


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return shorten(lines[0] if lines else type(error).__name__, 200)


def _id_of(folder: str) -> str:
    """Return the name under which trackers know a run; it is made up once, and kept in its folder."""
    path = os.path.join(folder, TRACKING)
    try:
        found = json.loads(read_regular(path, 1024))["id"]
        if isinstance(found, str) and found.isalnum() and len(found) == 8:
            return found
    except (OSError, ValueError, KeyError, TypeError):
        pass
    made = secrets.token_hex(4)
    write_file(json.dumps({"id": made}) + "\n", path)
    return made
