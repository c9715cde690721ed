"""The folder of a study: what was asked, the trials' runs, and the locks of the trials that processes work on."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from cnncalc.core.errors import SpecError, WriteError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file
from cnncalc.network import SpecSettings
from cnncalc.train.data_request import DataRequest, read_request
from cnncalc.train.measures import measure_of
from cnncalc.train.recipe.presets import load_recipe, to_toml
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.lock import take_lock, waited_lock
from cnncalc.tune.results import Judge

SCHEMA = "cnncalc-study/1"
STUDY, SPEC, RECIPE, DATABASE = "study.json", "spec.txt", "recipe.toml", "study.db"
RESULTS, PAGE, BEST, LOCKS = "results.csv", "study.html", "best", "locks"
"""What is in the folder of a study beside its trials."""
SAMPLERS = ("tpe", "random")
_CHOICES = {"sampler": SAMPLERS, "tested": ("validation", "test")}
_MOST_BYTES = 2**20


class StudyFacts(NamedTuple):
    """The settings of a study, as ``study.json`` has them.

    Attributes:
        name: in Optuna's storage.
        spec_name: of the spec.
        spec: how it is loaded where nothing is varied.
        vary, where: what `--vary` and `--where` say.
        data: how the data were asked for, with whole paths.
        weights: what trials begin with, as `--weights` says it; "" where weights are drawn.
        trials: how many are wanted.
        storage: Optuna's: a URL or the path of a journal; "" for the database in the folder.
        sampler: what proposes settings.
        prunes: whether trials that are worse than others are ended early.
        tested: which images trials are judged by: ``validation`` or ``test``.
        measure: the number by which they are judged: a name of `cnncalc.train.measures`.
        command: what was typed.
        versions: of Python and the packages.

    """

    name: str
    spec_name: str
    spec: SpecSettings
    vary: tuple[str, ...]
    where: tuple[str, ...]
    data: DataRequest
    weights: str
    trials: int
    storage: str
    sampler: str
    prunes: bool
    tested: str
    measure: str
    command: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def judge(self) -> Judge:
        """What trials are judged by."""
        return Judge(self.tested, measure_of(self.measure))


class StudyFolder:
    """A study on the disk."""

    def __init__(self, path: str) -> None:
        self.path = path

    def file(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return os.path.join(self.path, name)

    def trial(self, number: int) -> str:
        """Return the folder of a trial's run."""
        return self.file(trial_name(number))

    def command(self, more: str = "") -> str:
        """Return the command that resumes the study."""
        return " ".join(filter(None, ["cnncalc tune --resume", shlex.quote(self.path), more]))

    def begun(self) -> bool:
        """Say whether a study has begun here."""
        return os.path.exists(self.file(STUDY))

    def check_blank(self) -> None:
        """Refuse a folder with something in it."""
        if os.path.isdir(self.path) and os.listdir(self.path):
            hints = [f"to continue a study: {self.command()}", "or name another folder with --out"]
            message = f"there is something in `{shorten_path(self.path)}` already"
            raise SpecError("study-exists", message, hints=hints)

    def create(self, facts: StudyFacts, text: str, recipe: Recipe) -> None:
        """Begin a study: write what was asked.

        Raises:
            SpecError: where there is something in the folder already.
            WriteError: where it cannot be written.

        """
        self.check_blank()
        try:
            os.makedirs(self.file(LOCKS), exist_ok=True)
        except OSError as error:
            message = f"cannot make the folder `{shorten_path(self.path)}`: {error.strerror}"
            raise WriteError("cannot-write", message) from None
        write_file(text, self.file(SPEC))
        write_file(to_toml(recipe), self.file(RECIPE))
        self.write(facts)

    def write(self, facts: StudyFacts) -> None:
        """Write the settings of a study; see `create`."""
        data = {"schema": SCHEMA, **facts._asdict(), "spec": facts.spec.texts(), "data": facts.data._asdict()}
        text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
        write_file(text.encode("utf-8", "backslashreplace"), self.file(STUDY))

    def facts(self) -> StudyFacts:
        """Return the settings of a study.

        Raises:
            SpecError: where this is no study, or its file is not what cnncalc wrote.

        """
        try:
            found = json.loads(read_regular(self.file(STUDY), _MOST_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            hints = ["name the folder that `cnncalc tune` wrote"]
            message = f"`{shorten_path(self.path)}` is not a study: it has no {STUDY}"
            raise SpecError("no-study", message, hints=hints) from None
        except OSError as error:
            message = f"cannot read `{shorten_path(self.file(STUDY))}`: {error.strerror}"
            raise SpecError("no-study", message) from None
        except (ValueError, RecursionError):
            raise self._changed("it is not JSON") from None
        try:
            return _facts_from(found)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._changed(f"{type(error).__name__} {error}") from None

    def _changed(self, what: str) -> SpecError:
        message = f"`{shorten_path(self.file(STUDY))}` is not what cnncalc wrote: {what}"
        return SpecError("no-study", message, hints=["put back the file that `cnncalc tune` wrote"])

    def recipe(self) -> Recipe:
        """Return the recipe of trials where nothing is varied."""
        return load_recipe(self.file(RECIPE))

    # ---- locks

    @contextmanager
    def choosing(self) -> Iterator[None]:
        """Let one process at a time choose its next trial, of those that see this folder."""
        with waited_lock(self.file(os.path.join(LOCKS, "choosing"))):
            yield

    def take(self, number: int) -> TrialLock | None:
        """Take a trial for this process, or return None where another one works on it."""
        path = self._lock(number)
        handle, holder = take_lock(path)
        return None if holder or handle is None else TrialLock(path, handle)

    def knows(self, number: int) -> bool:
        """Say whether a trial that has not ended was begun in this folder."""
        return os.path.exists(self._lock(number))

    def _lock(self, number: int) -> str:
        os.makedirs(self.file(LOCKS), exist_ok=True)
        return self.file(os.path.join(LOCKS, trial_name(number)))


class TrialLock:
    """A trial that this process works on; the lock goes with the process, and its file stays until the trial ends."""

    def __init__(self, path: str, handle: int) -> None:
        self._path, self._handle = path, handle

    def release(self, *, ended: bool) -> None:
        """Let others take the trial; one that has ended is not taken again."""
        if ended:
            with suppress(OSError):
                os.unlink(self._path)
        os.close(self._handle)


def trial_name(number: int) -> str:
    """Return the name of a trial's folder: ``trial-0007``."""
    return f"trial-{number:04d}"


def _facts_from(found: Mapping[str, Any]) -> StudyFacts:
    if found["schema"] != SCHEMA:
        raise ValueError(f'"schema" is not "{SCHEMA}"')
    texts = ("name", "spec_name", "weights", "storage", "sampler", "tested", "measure")
    lists = ("vary", "where", "command")
    for name in texts:
        if not isinstance(found[name], str) or found[name] not in _CHOICES.get(name, (found[name],)):
            raise TypeError(name)
    for name in lists:
        if not (isinstance(found[name], list) and all(isinstance(each, str) for each in found[name])):
            raise TypeError(name)
    for name, kind in (("trials", int), ("prunes", bool)):
        if type(found[name]) is not kind:
            raise TypeError(name)
    return StudyFacts(
        **{name: found[name] for name in texts},
        **{name: tuple(found[name]) for name in lists},  # type: ignore[arg-type]  # mypy asks it to be texts
        spec=SpecSettings.of_options(found["spec"]["input"], found["spec"]["parameters"], found["spec"]["rounding"]),
        data=read_request(found["data"]),
        trials=found["trials"],
        prunes=found["prunes"],
        versions={"cnncalc": "", **found["versions"]},
    )
