"""The files of a study: a table, a page, and the best trial with the command that trains it again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

from cnncalc.core.numbers import counted
from cnncalc.core.reading import read_regular
from cnncalc.core.writing import make_folder, write_file
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run_files import RECIPE, SPEC
from cnncalc.tune.events import StudyEnded
from cnncalc.tune.folder import BEST, PAGE, RESULTS, StudyFacts, StudyFolder
from cnncalc.tune.page import StudyView, study_page
from cnncalc.tune.results import TrialRow, best_row, results_csv, train_command
from cnncalc.tune.space import Varied

COMMAND = "command.txt"
_MOST_BYTES = 64 * 2**20


class StudyFiles:
    """Writes the files of a study into its folder."""

    def __init__(self, folder: StudyFolder, facts: StudyFacts, varied: Sequence[Varied], recipe: Recipe) -> None:
        self._folder, self._facts, self._varied, self._recipe = folder, facts, varied, recipe
        self._best: TrialRow | None = None
        self._repeat = ""
        self._judge = facts.judge

    def method(self) -> str:
        """Return in words how settings are proposed, and which trials end early."""
        sampler = {"tpe": "TPE", "random": "at random"}[self._facts.sampler]
        pruned = "pruned by ASHA" if self._facts.prunes else "not pruned"
        trials, epochs = counted(self._facts.trials, "trial"), counted(self._recipe.epochs, "epoch")
        return f"{trials} of {epochs}, drawn {'by ' if sampler == 'TPE' else ''}{sampler}, {pruned}"

    def write(self, rows: Sequence[TrialRow], importance: Mapping[str, float]) -> TrialRow | None:
        """Write the table and the page, and the best trial where it is a new one; return the best trial.

        Raises:
            WriteError: where something cannot be written.

        """
        best = best_row(rows, higher=self._judge.measure.higher)
        if best is not None and best != self._best:
            self._write_best(best)
        self._best = best
        labels = [each.label for each in self._varied]
        write_file(results_csv(rows, labels, self._judge.column), self._folder.file(RESULTS))
        view = StudyView(
            self._folder.path, self._facts, self.method(), self._varied, rows, best, self._repeat, importance
        )
        write_file(map(str.encode, study_page(view)), self._folder.file(PAGE))
        return best

    def _write_best(self, best: TrialRow) -> None:
        """Write the spec, the recipe and the command of the best trial, unless another machine trained it."""
        run = RunFolder(self._folder.trial(best.number))
        if not run.begun():
            return
        folder, facts = self._folder.file(BEST), run.facts()
        make_folder(folder)
        for name in (SPEC, RECIPE):
            write_file(read_regular(run.file(name), _MOST_BYTES), os.path.join(folder, name))
        spec, recipe = (os.path.join(folder, name) for name in (SPEC, RECIPE))
        self._repeat = train_command(spec, recipe, facts.spec.texts(), self._facts.data, self._facts.weights)
        write_file(self._repeat + "\n", os.path.join(folder, COMMAND))

    def ended(self, rows: Sequence[TrialRow], importance: Mapping[str, float], stopped: str) -> StudyEnded:
        """Write everything once more, and return the last event."""
        best = self.write(rows, importance)
        files = [
            (self._folder.file(RESULTS), "a line for every trial"),
            (self._folder.file(PAGE), "a page: trials, best so far, each setting"),
            (os.path.join(self._folder.file(BEST), RECIPE), "the recipe of the best trial"),
        ]
        with suppress(OSError):
            files = [(path, what) for path, what in files if os.path.exists(path)]
        commands = [(self._folder.command(), "continues the study")] if stopped else []
        if not stopped:
            commands.append((self._folder.command(f"--trials {2 * len(rows)}"), "tries more"))
        return StudyEnded(self._folder.path, self._judge, rows, best, self._repeat, files, stopped, commands)
