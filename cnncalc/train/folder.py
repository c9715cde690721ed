"""The folder of a run: what is where, and how it is read back."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from typing import Any, NamedTuple

from cnncalc.errors import SpecError, shorten_path
from cnncalc.loading import load
from cnncalc.network import Network
from cnncalc.report.writing import write_file
from cnncalc.train.progress import Row
from cnncalc.train.recipe import Recipe
from cnncalc.train.recipes import load_recipe, to_toml

SCHEMA = "cnncalc-run/1"
SPEC, RECIPE, RUN, METRICS, CURVE = "spec.txt", "recipe.toml", "run.json", "metrics.csv", "curve.svg"
BEST, LAST, CHECKPOINTS, TENSORBOARD = "best.safetensors", "last.safetensors", "checkpoints", "tensorboard"


class SpecSettings(NamedTuple):
    """How a run's spec is loaded, beside its text."""

    input: str | None
    parameters: Mapping[str, str]
    rounding: str | None


class Facts(NamedTuple):
    """What a run remembers of itself beside its spec and recipe; ``run.json``.

    Attributes:
        spec: the spec's name, and how it is loaded.
        data: how the data were asked for, as `cnncalc.train.data.DataRequest` has it.
        data_name: the data set's name.
        classes: names of the classes, in the order of the network's outputs.
        mean, deviation: what pixels are normalised by, per channel, in 0..1.
        images: how many are trained on.
        job: torchrun's name of the job that began it.
        versions: of Python and the packages.
        command: what was typed.

    """

    spec_name: str
    spec: SpecSettings
    data: Mapping[str, Any]
    data_name: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    images: int
    job: str
    versions: Mapping[str, str]
    command: tuple[str, ...]


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

    def create(self, network: Network, recipe: Recipe, facts: Facts) -> None:
        """Begin a run: make the folder, and write the spec, the recipe and the facts.

        Raises:
            SpecError: where there is something in the folder already.
            WriteError: where it cannot be written.

        """
        if os.path.isdir(self.path) and not self._blank():
            hints = [f"to go on with it: cnncalc train --resume {self.path}", "or name another folder with --out"]
            raise SpecError("run-exists", f"there is something in `{shorten_path(self.path)}` already", hints=hints)
        try:
            os.makedirs(self.path, exist_ok=True)
        except OSError as error:
            message = f"cannot make the folder `{shorten_path(self.path)}`: {error.strerror}"
            raise SpecError("cannot-write", message) from None
        write_file(network.source.text, self.file(SPEC))
        write_file(to_toml(recipe), self.file(RECIPE))
        data = {"schema": SCHEMA, **facts._asdict(), "spec": facts.spec._asdict()}
        write_file(json.dumps(data, indent=2, ensure_ascii=False) + "\n", self.file(RUN))

    def _blank(self) -> bool:
        """Say whether nothing is in the folder but what a beginning that was killed left there."""
        self.clean()
        return set(os.listdir(self.path)) <= {SPEC, RECIPE}

    def network(self, facts: Facts) -> Network:
        """Return the run's network, to which the facts belong."""
        network = load_spec(self.file(SPEC), facts.spec)
        channels = {len(facts.mean), len(facts.deviation)}
        if channels != {network.input.channels} or len(facts.classes) != network.output.channels:
            raise self._changed()
        return network

    def _changed(self) -> SpecError:
        return SpecError("no-run", f"`{shorten_path(self.file(RUN))}` is not what cnncalc wrote")

    def recipe(self) -> Recipe:
        """Return the run's recipe."""
        return load_recipe(self.file(RECIPE))

    def facts(self) -> Facts:
        """Return what the run remembers of itself.

        Raises:
            SpecError: where this is no run, or one whose facts were changed into something else.

        """
        try:
            with open(self.file(RUN), encoding="utf-8") as file:
                found = json.load(file)
            return _facts(found)
        except (FileNotFoundError, NotADirectoryError):
            message = f"`{shorten_path(self.path)}` is no run: there is no {RUN} in it"
            hints = ["name the folder that `cnncalc train` wrote"]
            raise SpecError("no-run", message, hints=hints) from None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            raise self._changed() from None

    def write_metrics(self, rows: Sequence[Row]) -> None:
        """Write a line for every epoch, in place of what was there."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.name for column in fields(Row)])
        writer.writerows(["" if value is None else value for value in asdict(row).values()] for row in rows)
        write_file(text.getvalue(), self.file(METRICS))

    def clean(self) -> None:
        """Remove what writers that were killed left behind."""
        for folder in (self.path, self.checkpoints):
            with suppress(OSError):
                for name in os.listdir(folder):
                    if name.startswith(".") and name.endswith(".tmp"):
                        os.unlink(os.path.join(folder, name))


def load_spec(spec: str, settings: SpecSettings) -> Network:
    """Load a spec as a run's settings say."""
    return load(spec, input=settings.input, params=settings.parameters, rounding=settings.rounding)


def _facts(found: Any) -> Facts:
    if found.pop("schema") != SCHEMA:
        raise ValueError("another schema")
    spec = SpecSettings(**found.pop("spec"))
    facts = Facts(**{**found, "spec": spec})
    texts = (facts.spec_name, facts.data_name, facts.job, *facts.classes)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a name is no text")
    numbers = tuple(map(float, facts.mean)), tuple(map(float, facts.deviation))
    return facts._replace(
        classes=tuple(facts.classes), mean=numbers[0], deviation=numbers[1], command=tuple(facts.command)
    )


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and those that a run depends on."""
    from importlib.metadata import version

    packages = ("cnncalc", "torch", "torchvision", "numpy", "safetensors")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def typed() -> tuple[str, ...]:
    """Return what was typed to start this program."""
    return ("cnncalc", *sys.argv[1:])


def free_folder(name: str) -> str:
    """Return the first of ``runs/NAME-1``, ``runs/NAME-2``, … that is not there yet."""
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.") or "run"
    number = 1
    while os.path.exists(os.path.join("runs", f"{stem}-{number}")):
        number += 1
    return os.path.join("runs", f"{stem}-{number}")
