"""A storage that somebody else has written to, or that is damaged: one error that names it, and no trial is begun."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.tune.studies import begin, resume

DAMAGES: Mapping[str, tuple[str, str]] = {
    "an epoch": (
        "UPDATE trial_intermediate_values SET step = 'first'",
        "`epochs` of trial 0 is not what was written",
    ),
    "a score": (
        "UPDATE trial_intermediate_values SET intermediate_value = 'good'",
        "`epochs` of trial 0 is not what was written",
    ),
    "a time": (
        "UPDATE trial_user_attributes SET value_json = '\"long\"' WHERE key = 'seconds'",
        "`seconds` of trial 0 is not what was written",
    ),
    "a value": (
        "UPDATE trial_params SET param_value = 'wide' WHERE param_name = 'width'",
        "invalid literal for int() with base 10: 'wide'",
    ),
    "a moment": ("UPDATE trials SET datetime_start = 'never'", "Invalid isoformat string: 'never'"),
    "what is varied": ("DROP TABLE trial_params", "`width` of trial 0 is not what was written"),
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of one trial."""
    out = tmp_path_factory.mktemp("studies") / "study"
    begin(str(out), trials=1, epochs=1)
    return out


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_database_is_one_error(what: str, study: Path, folder: Path, complaint: Callable[..., str]) -> None:
    change, reason = DAMAGES[what]
    shutil.copytree(study, "study")
    with closing(sqlite3.connect("study/study.db")) as database:
        database.execute(change)
        database.commit()
    said = complaint(resume, "study", 2)
    assert said.startswith("error[no-storage]: cannot use the storage `study/study.db`: ")
    assert reason in said.split("\n")[0]
    assert said.endswith("\n  = put back the storage as it was; the runs of its trials are as they were")
    assert not Path("study/trial-0001").exists()
