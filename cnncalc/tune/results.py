"""What a study came to: a row for every trial, the best one, and how to repeat it."""

from __future__ import annotations

import csv
import io
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.core.cleaning import csv_cell
from cnncalc.train.data_request import DataRequest
from cnncalc.train.measures import Measure

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

COMPLETE, PRUNED, FAILED, RUNNING = "complete", "pruned", "failed", "running"
_STATES = {"COMPLETE": COMPLETE, "PRUNED": PRUNED, "FAIL": FAILED, "RUNNING": RUNNING, "WAITING": RUNNING}


class Judge(NamedTuple):
    """What trials are judged by.

    Attributes:
        tested: which images: ``validation`` or ``test``.
        measure: which number.

    """

    tested: str
    measure: Measure

    @property
    def words(self) -> str:
        """What it is called in a sentence: ``validation accuracy``."""
        return f"{self.tested} {self.measure.words}"

    @property
    def title(self) -> str:
        """The head of a narrow column: ``val acc``."""
        return f"{'val' if self.tested == 'validation' else self.tested} {self.measure.title}"

    @property
    def column(self) -> str:
        """What programs call it: ``validation_accuracy``."""
        return f"{self.tested}_{self.measure.name}"


EXCLUDED = "excluded"
"""The key under which a trial stores the condition that its design did not meet; it was not trained."""


class TrialRow(NamedTuple):
    """A trial of a study.

    Attributes:
        number: from 0.
        state: ``complete``, ``pruned``, ``failed`` or ``running``.
        values: by the labels of what is varied.
        score: the best of its epochs, in the units of the study; None before the first.
        epochs: how many it has trained.
        best_epoch: the one with the score; 0 where that is not known.
        test: of the test images with the best weights, where validation images have chosen them.
        parameters: of its network; None where it did not load.
        seconds: of training.
        error: why it failed.

    """

    number: int
    state: str
    values: Mapping[str, Any]
    score: float | None
    epochs: int
    best_epoch: int
    test: float | None
    parameters: int | None
    seconds: float | None
    error: str


def rows_of(trials: Iterable[FrozenTrial], *, higher: bool) -> list[TrialRow]:
    """Return the trials that were begun, in their order; designs that were excluded were not."""
    return [_row(trial, higher) for trial in trials if EXCLUDED not in trial.user_attrs]


def _row(trial: FrozenTrial, higher: bool) -> TrialRow:
    attributes, seen = trial.user_attrs, trial.intermediate_values
    best = (max if higher else min)(seen, key=lambda epoch: seen[epoch]) if seen else 0
    return TrialRow(
        number=trial.number,
        state=_STATES[trial.state.name],
        values=trial.params,
        score=seen[best] if seen else None,
        epochs=max(seen, default=0),
        best_epoch=best,
        test=attributes.get("test"),
        parameters=attributes.get("parameters"),
        seconds=attributes.get("seconds"),
        error=attributes.get("error", ""),
    )


def best_row(rows: Sequence[TrialRow], *, higher: bool) -> TrialRow | None:
    """Return the best trial that is complete, the first of several; None where there is none."""
    known = [row for row in rows if row.state == COMPLETE and row.score is not None]
    return (max if higher else min)(known, key=lambda row: row.score or 0.0) if known else None


def results_csv(rows: Sequence[TrialRow], labels: Sequence[str], score: str) -> str:
    """Return a line for every trial, below a line with the names of the columns.

    Args:
        rows: the trials.
        labels: of what is varied.
        score: what the score is called: ``validation_accuracy``.

    """
    text = io.StringIO()
    heads = ["trial", "state", *labels, score, "best_epoch", "epochs", "test", "parameters", "seconds", "error"]
    lines = [
        [
            *(row.number, row.state, *(row.values.get(label, "") for label in labels)),
            *(row.score, row.best_epoch or None, row.epochs, row.test, row.parameters, row.seconds, row.error),
        ]
        for row in rows
    ]
    cells = [[csv_cell(cell) if isinstance(cell, str) else cell for cell in line] for line in [heads, *lines]]
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue()


def train_command(spec: str, recipe: str, settings: Mapping[str, Any], data: DataRequest, weights: str = "") -> str:
    """Return the command that trains a trial again, as a shell takes it.

    Args:
        spec: the path of its spec.
        recipe: the path of its recipe.
        settings: how its spec is loaded, as `SpecSettings.texts` has it.
        data: what it was trained on.
        weights: what it began with.

    """
    words = ["cnncalc", "train", spec, "--recipe", recipe]
    for name, value in settings["parameters"].items():
        words += ["--set", f"{name}={value}"]
    inputs = settings["input"] or {}
    named = [inputs] if isinstance(inputs, str) else [f"{name}={text}" for name, text in inputs.items()]
    words += [word for text in named for word in ("--input", text)]
    words += ["--rounding", settings["rounding"]] if settings["rounding"] else []
    words += [*_data_words(data), *(["--weights", weights] if weights else [])]
    return shlex.join(words)


_OPTIONS = {"folder": "--data-folder"}
_UNSAID = ("seed", "memory_limit")
"""What no option says: the seed is the recipe's."""


def _data_words(data: DataRequest) -> list[str]:
    usual, words = DataRequest()._asdict(), []
    usual["folder"] = os.path.abspath(usual["folder"])
    for name, value in data._asdict().items():
        if name in _UNSAID or value == usual[name]:
            continue
        option = _OPTIONS.get(name, f"--{name.replace('_', '-')}")
        words += [option] if value is True else [option, str(value)]
    return words
