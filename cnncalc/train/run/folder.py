"""The folder of a run: what is where, and how it is read back."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress

from cnncalc.core.errors import RunError, WriteError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file
from cnncalc.loading import load_with
from cnncalc.network import Network
from cnncalc.train.recipe.presets import load_recipe, to_toml
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.facts import SPEC as SPEC_PRINT
from cnncalc.train.run.facts import RunFacts, from_json, spec_fingerprint, to_json
from cnncalc.train.run.history import History, gradients_text, metrics_text, read_history
from cnncalc.train.run_files import (
    BEST,
    CARD,
    CHECKPOINTS,
    CURVE,
    EVALUATIONS,
    FOLDS,
    GRADIENTS,
    LAST,
    LOCK,
    METRICS,
    RECIPE,
    RUN,
    SPEC,
    TENSORBOARD,
)

_MOST_BYTES = 64 * 2**20
"""Bytes of the largest ``run.json`` that is read."""


class RunFolder:
    """A run on the disk; every file in it is written whole or not at all."""

    def __init__(self, path: str) -> None:
        self.path = path

    def file(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return os.path.join(self.path, name)

    @property
    def checkpoints(self) -> str:
        """The folder of the checkpoints."""
        return self.file(CHECKPOINTS)

    def begun(self) -> bool:
        """Say whether a run has begun here."""
        return os.path.exists(self.file(RUN))

    def make(self) -> None:
        """Make the folder of a new run.

        Raises:
            RunError: where there is something in it already.
            WriteError: where it cannot be made.

        """
        self._check_blank()
        try:
            os.makedirs(self.path, exist_ok=True)
        except OSError as error:
            message = f"cannot make the folder `{shorten_path(self.path)}`: {error.strerror}"
            raise WriteError("cannot-write", message) from None

    def create(self, network: Network, recipe: Recipe, facts: RunFacts) -> None:
        """Begin a run in a folder that is held: write the spec, the recipe and the facts.

        Raises:
            RunError: where there is something in the folder already.
            WriteError: where it cannot be written.

        """
        self._check_blank()
        self.clean()
        write_file(network.source.text, self.file(SPEC))
        write_file(to_toml(recipe), self.file(RECIPE))
        write_file(to_json(facts), self.file(RUN))

    def write_change(self, recipe: Recipe, facts: RunFacts) -> None:
        """Write the recipe and the facts of a run that is resumed with others.

        Raises:
            WriteError: where they cannot be written.

        """
        write_file(to_toml(recipe), self.file(RECIPE))
        write_file(to_json(facts), self.file(RUN))

    def _check_blank(self) -> None:
        """Refuse a folder with something in it, beside what a beginning that was killed left there."""
        try:
            names = os.listdir(self.path)
        except OSError:
            return
        if all(name in (SPEC, RECIPE, LOCK) or _is_left_behind(name) for name in names):
            return
        hints = [f"to continue it: {self.command('train --resume')}", "or name another folder with --out"]
        raise RunError("run-exists", f"there is something in `{shorten_path(self.path)}` already", hints=hints)

    def command(self, words: str, more: str = "") -> str:
        """Return a command with the run's folder behind some words, as a shell takes it."""
        return " ".join(filter(None, ["cnncalc", words, shlex.quote(self.path), more]))

    def network(self, facts: RunFacts, *, changed: bool = False) -> Network:
        """Return the run's network, to which the facts belong.

        Raises:
            RunError: where the spec is not the one that the run began with, unless it may be ``changed``.

        """
        network = load_with(self.file(SPEC), facts.spec)
        now = spec_fingerprint(network.source.text, facts.spec)
        if not changed and facts.fingerprints.get(SPEC_PRINT, now) != now:
            message = f"`{shorten_path(self.file(SPEC))}` is not the spec that the run began with"
            accept = self.command("train --resume", "--accept-changes")
            hints = ["put it back as it was, or begin a new run with it", f"or continue with it anyway: {accept}"]
            raise RunError("other-spec", message, hints=hints)
        channels = {len(facts.mean), len(facts.deviation)}
        count, outputs = len(facts.classes), network.output.channels
        if channels != {network.input.channels} or (outputs != count and (outputs, count) != (1, 2)):
            found = f"{count} classes, {len(facts.mean)} means, {len(facts.deviation)} deviations"
            raise self._changed(f"it has {found}, and the network goes from {network.input} to {network.output}")
        return network

    def _changed(self, what: str) -> RunError:
        message = f"`{shorten_path(self.file(RUN))}` is not what cnncalc wrote: {what}"
        return RunError("no-run", message, hints=["put back the file that `cnncalc train` wrote"])

    def recipe(self) -> Recipe:
        """Return the run's recipe."""
        return load_recipe(self.file(RECIPE))

    def facts(self) -> RunFacts:
        """Return what the run remembers of itself.

        Raises:
            RunError: where this is no run, or one of its files was changed into something else.

        """
        self._check_files()
        try:
            return from_json(read_regular(self.file(RUN), _MOST_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            message = f"`{shorten_path(self.path)}` is not a training run: it has no {RUN}"
            folds = os.path.exists(self.file(FOLDS))
            hints = [
                f"name one of its folds: {self.file('fold-1')}"
                if folds
                else "name the folder that `cnncalc train` wrote"
            ]
            raise RunError("no-run", message, hints=hints) from None
        except OSError as error:
            message = f"cannot read `{shorten_path(self.file(RUN))}`: {error.strerror}"
            raise RunError("no-run", message) from None
        except ValueError as error:
            raise self._changed(str(error)) from None

    def _check_files(self) -> None:
        """Refuse folders, devices and pipes under the names of a run's files: some of them have no end."""
        for name in (SPEC, RECIPE, RUN, METRICS, GRADIENTS, CURVE, BEST, LAST, CARD, EVALUATIONS, LOCK):
            if os.path.exists(self.file(name)) and not os.path.isfile(self.file(name)):
                raise RunError("no-run", f"`{shorten_path(self.file(name))}` is not a file, as a run has it")
        for name in (CHECKPOINTS, TENSORBOARD):
            if os.path.exists(self.file(name)) and not os.path.isdir(self.file(name)):
                message = f"`{shorten_path(self.file(name))}` is not a folder, as a run has it"
                raise RunError("no-run", message)

    def write_history(self, history: History) -> None:
        """Write a line for every epoch, in place of what was there."""
        write_file(metrics_text(history.rows), self.file(METRICS))
        if history.gradients:
            write_file(gradients_text(history.gradients), self.file(GRADIENTS))

    def history(self) -> History:
        """Return how the run went, up to the last time that it was saved.

        Raises:
            RunError: where a file cannot be read, or was changed into something else.

        """
        return read_history(self.file(METRICS), self.file(GRADIENTS))

    def clean(self) -> None:
        """Remove what writers that were killed left behind."""
        for folder in (self.path, self.checkpoints):
            with suppress(OSError):
                for name in os.listdir(folder):
                    if _is_left_behind(name):
                        os.unlink(os.path.join(folder, name))


def _is_left_behind(name: str) -> bool:
    """Say whether a file is what a writer that was killed left behind."""
    return name.startswith(".") and name.endswith(".tmp")


def free_folder(name: str, parent: str = "runs", unnamed: str = "run") -> str:
    """Return the first of ``runs/NAME-1``, ``runs/NAME-2``, … that is not there yet.

    Args:
        name: what it is of; letters that are unusual in paths become hyphens.
        parent: the folder in which it is.
        unnamed: the name in place of an empty one.

    """
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.") or unnamed
    number = 1
    while os.path.exists(os.path.join(parent, f"{stem}-{number}")):
        number += 1
    return os.path.join(parent, f"{stem}-{number}")
