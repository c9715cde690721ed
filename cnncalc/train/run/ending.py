"""What is said when a run has ended: what was written, and what to type next."""

from __future__ import annotations

import os

from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run_files import BEST, CARD, CURVE, ENERGY, LAST, METRICS
from cnncalc.train.tasks import Task


def files_of(folder: RunFolder) -> list[tuple[str, str]]:
    """Return the files that a person may want, with what they are."""
    made = [
        (BEST, "the weights of the best epoch"),
        (LAST, "the weights of the last epoch"),
        (METRICS, "a line for every epoch"),
        (ENERGY, "the energy of every epoch"),
        (CURVE, "the learning curve"),
        (CARD, "the model card"),
    ]
    paths = [(folder.file(name), what) for name, what in made]
    return [(path, what) for path, what in paths if os.path.exists(path)]


def commands_of(folder: RunFolder, task: Task, *, goes_on: bool, tested: bool) -> list[tuple[str, str]]:
    """Return what to type next, with what it does: of a run that can be resumed, and of one with an epoch to test."""
    commands = [
        (goes_on, folder.command("train --resume"), "continues the run"),
        (tested, folder.command("evaluate"), task.evaluates),
        (tested, folder.command("predict", "IMAGE"), task.predicts),
        (tested, folder.command("report"), "a page: curves, gradients, filters, maps, a test"),
    ]
    return [(typed, what) for fits, typed, what in commands if fits]
