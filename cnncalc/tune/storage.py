"""Where Optuna keeps a study: the database in the study's folder, another one, or a journal that machines share."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import CnncalcError, SpecError
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import shorten
from cnncalc.train.seeds import mixed
from cnncalc.tune.folder import DATABASE, StudyFacts, StudyFolder
from cnncalc.tune.results import EXCLUDED

with optional_packages(), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import optuna

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

FASTEST = 9
"""Into how many parts the epochs of a run are divided for pruning: a trial is first judged after one of them."""
REDUCTION = 3
"""At every rung a third of the trials continues, to three times as many epochs."""
_WAIT_SECONDS = 60
"""Longest time that this process waits for another that writes to the database."""
_ASKED = "cnncalc"
"""The attribute of a study in a storage that has its settings."""

optuna.logging.disable_default_handler()


def open_study(folder: StudyFolder, facts: StudyFacts, epochs: int, *, higher: bool) -> optuna.Study:
    """Open the study of a folder, or begin it; one in a storage of several machines may have been begun elsewhere.

    Args:
        folder: of the study.
        facts: what was asked.
        epochs: of a trial.
        higher: whether more is better.

    Raises:
        SpecError: where the storage cannot be opened, or holds a study of that name that varies something else.

    """
    try:
        study = optuna.create_study(
            storage=_storage(folder, facts.storage),
            study_name=facts.name,
            direction="maximize" if higher else "minimize",
            pruner=_pruner(epochs) if facts.prunes else optuna.pruners.NopPruner(),
            load_if_exists=True,
        )
        _check_same(study, facts)
    except SpecError:
        raise
    except Exception as error:  # each kind of database has errors of its own
        hints = ["name a URL, such as postgresql://HOST/NAME, or the path of a journal file"]
        message = f"cannot open the storage {storage_name(folder, facts)}: {shorten(_first_line(error), 200)}"
        raise SpecError("no-storage", message, hints=hints) from None
    return study


@contextmanager
def using_storage(name: str, kinds: tuple[type[Exception], ...] = (Exception,)) -> Iterator[None]:
    """Say of what goes wrong between here and the end, and is no error of ours, that the storage cannot be used.

    Args:
        name: of the storage, as `storage_name` writes it.
        kinds: of errors that are the storage's; each database has its own, also for values of a wrong type.

    Raises:
        SpecError: for a database that is damaged, locked or gone, and for a full disk.

    """
    try:
        yield
    except (CnncalcError, MemoryError):
        raise
    except kinds as error:
        hints = ["put back the storage as it was; the runs of its trials are as they were"]
        message = f"cannot use the storage {name}: {shorten(_first_line(error), 200)}"
        raise SpecError("no-storage", message, hints=hints) from None


def trials_of(study: optuna.Study, name: str, varied: Iterable[str]) -> list[FrozenTrial]:
    """Return the trials of a study, which another program may have written.

    Args:
        study: that is open.
        name: of its storage, as `storage_name` writes it.
        varied: the labels of what is varied.

    Raises:
        SpecError: where they cannot be read, or a trial holds something of another type than was written.

    """
    with using_storage(name):
        trials = study.get_trials(deepcopy=False)
        for trial in trials:
            wrong = next((key for key, right in _checks(trial, varied) if not right), None)
            if wrong is not None:
                raise ValueError(f"`{wrong}` of trial {trial.number} is not what was written")
    return trials


def _checks(trial: FrozenTrial, varied: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield parts of a trial by name, and whether each has the type that it is written with."""
    seen, attributes = trial.intermediate_values, trial.user_attrs
    for label in varied if trial.state.is_finished() else ():  # another process may just begin one
        yield label, label in trial.params
    yield "epochs", all(_is_number(each) for pair in seen.items() for each in pair)
    yield "score", trial.value is None or _is_number(trial.value)
    for name in ("test", "parameters", "seconds"):
        yield name, attributes.get(name) is None or _is_number(attributes[name])
    for name in ("error", EXCLUDED):
        yield name, isinstance(attributes.get(name, ""), str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def storage_name(folder: StudyFolder, facts: StudyFacts) -> str:
    """Return the name of a study's storage, as an error names it."""
    return f"`{shorten(facts.storage or folder.file(DATABASE))}`"


def _storage(folder: StudyFolder, named: str) -> BaseStorage:
    if named and "://" not in named:
        from optuna.storages.journal import JournalFileBackend

        backend = JournalFileBackend(named)
        return optuna.storages.JournalStorage(backend)
    if named:
        return optuna.storages.RDBStorage(named)
    from sqlalchemy.engine import URL

    url = URL.create("sqlite", database=os.path.abspath(folder.file(DATABASE)))
    return optuna.storages.RDBStorage(str(url), engine_kwargs={"connect_args": {"timeout": _WAIT_SECONDS}})


def _pruner(epochs: int) -> optuna.pruners.BasePruner:
    """Return ASHA (Li et al., 2020, https://arxiv.org/abs/1810.05934): successive halving without waiting."""
    least = -(-epochs // FASTEST)  # rounded up, so that the third rung is not before the end
    return optuna.pruners.SuccessiveHalvingPruner(min_resource=least, reduction_factor=REDUCTION)


def _check_same(study: optuna.Study, facts: StudyFacts) -> None:
    """Store what is varied in the storage, or compare it with what is stored there."""
    asked = {"vary": list(facts.vary), "spec": facts.spec_name}
    before: Any = study.user_attrs.get(_ASKED)
    if before is None:
        study.set_user_attr(_ASKED, asked)
    elif before.get("vary") != asked["vary"]:
        message = f"the storage has a study `{facts.name}` already, which varies {', '.join(before.get('vary', ()))}"
        raise SpecError("other-study", message, hints=["name another folder with --out, whose name the study has"])


def sampler_of(name: str, seed: int, place: int) -> BaseSampler:
    """Return the sampler that proposes the settings of a trial.

    A sampler of its own for each trial, seeded with the trial's place, proposes the same in a study that was
    interrupted as in one that was not.

    Args:
        name: one of `cnncalc.tune.folder.SAMPLERS`.
        seed: of the study.
        place: how many trials there are already.

    """
    own = mixed(seed, place) % 2**32
    if name == "random":
        return optuna.samplers.RandomSampler(seed=own)
    return optuna.samplers.TPESampler(seed=own)
