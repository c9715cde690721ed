"""Cross-validation: a run for every fold in one folder, which goes on wherever it was interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from cnncalc.network import SpecSettings
from cnncalc.train.data import DataRequest
from cnncalc.train.events import FoldResult, FoldsEnded, Spread
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run.choosing import TrainRequest
from cnncalc.train.run.folds import is_folds, resume_folds, train_folds
from cnncalc.train.run.planning import ResumeRequest
from cnncalc.train.run.signals import Signals
from cnncalc.train.show.folds import folds_text
from tests.train.runs import RANDOM, SHORT, SPEC, Heard, make_observer, train, weights

Complaint = Callable[..., str]
DATA = DataRequest("digits", limit=120)


def asked(out: str, **changes: Any) -> TrainRequest:
    recipe = load_recipe("default", SHORT | RANDOM | {"epochs": 2, "folds": 3} | changes)
    return TrainRequest(SPEC, SpecSettings(), recipe, DATA, "cpu", out)


def cross_validate(out: str, signals: Signals | None = None, heard: Heard | None = None, **changes: Any) -> FoldsEnded:
    return train_folds(asked(out, **changes), make_observer(heard), signals or Signals())


def test_each_fold_is_the_run_that_holds_it_out(folder: Path) -> None:
    """To the bit; together they validate with every image once, and their mean is that of the statistics module."""
    heard = Heard()
    ended = cross_validate("all", heard=heard)
    train(SPEC, "second", data=DATA, **RANDOM, epochs=2, folds=3, fold=2)
    assert weights("all/fold-2") == weights("second")

    hints = [[text for word, text in begun.facts if word == "hint"] for begun in heard.all("begin")]
    assert hints[0]
    assert not {*hints[0]} & {*hints[1], *hints[2]}  # each is said once

    images = [json.loads(Path(f"all/fold-{fold}/run.json").read_text())["images"] for fold in (1, 2, 3)]
    assert sum(120 - trained for trained in images) == 120

    accuracies = [result.score for result in ended.results if result.score is not None]
    assert ended.spreads["score"] == Spread(fmean(accuracies), stdev(accuracies))
    assert ended.complete
    kept = json.loads(Path("all/folds.json").read_text())
    assert kept["accuracy"] == {"mean": fmean(accuracies), "deviation": stdev(accuracies)}
    assert [result["folder"] for result in kept["results"]] == ["fold-1", "fold-2", "fold-3"]


@pytest.mark.slow
@pytest.mark.parametrize("fold", [1, 2])
def test_an_interrupted_one_goes_on_to_the_bit(folder: Path, fold: int) -> None:
    """It is stopped after the first epoch of a fold; the folds behind have not begun to train."""
    cross_validate("whole")
    signals = Signals()
    count = iter(range(100))
    heard = Heard(epoch=lambda row: next(count) == 2 * (fold - 1) and signals.receive(15, None))
    ended = cross_validate("broken", signals, heard)
    assert not ended.complete
    assert ended.commands == [("cnncalc train --resume broken", "continues with the folds that are left")]
    assert [result.fold for result in ended.results if result.complete] == list(range(1, fold))

    assert is_folds("broken")
    again = resume_folds("broken", "cpu", make_observer(None), Signals(), ResumeRequest())
    assert again.complete
    for number in (1, 2, 3):
        assert weights(f"broken/fold-{number}") == weights(f"whole/fold-{number}")
    whole, resumed = (json.loads(Path(out, "folds.json").read_text()) for out in ("whole", "broken"))
    assert whole == resumed


def test_folds_that_are_complete_are_not_trained_again(folder: Path) -> None:
    cross_validate("all", epochs=1)
    heard = Heard()
    resume_folds("all", "cpu", make_observer(heard), Signals(), ResumeRequest())
    assert heard.all("epoch") == []


# ---- what is said


def test_the_table_of_the_folds() -> None:
    results = [FoldResult(1, "a/fold-1", True, 0.9, 0.92, 3, None), FoldResult(2, "a/fold-2", True, 0.8, 0.8, 1, None)]
    spreads = {"score": Spread(0.85, stdev([0.9, 0.8])), "best_score": Spread(0.86, stdev([0.92, 0.8]))}
    ended = FoldsEnded("a", 3, results, False, {**spreads, "test_score": None}, [("cnncalc go", "goes on")])
    assert folds_text(ended) == (
        "\n"
        "fold  last epoch  best epoch\n"
        "────────────────────────────\n"
        "   1      90.00%      92.00%\n"
        "   2      80.00%      80.00%\n"
        "\n"
        "folds           mean ± standard deviation of 2 of 3 folds\n"
        "last epoch      85.00% ± 7.07\n"
        "best epoch      86.00% ± 8.49\n"
        "\n"
        "  cnncalc go   goes on"
    )


# ---- what cannot be


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"folds": 1}, "bad-recipe]: one fold would leave nothing to train with\n  = choose 2 folds or more"),
        ({"fold": 4}, "bad-recipe]: there are 3 folds, and no fold 4\n  = say how many there are: --folds 5 --fold 1"),
        ({"folds": 0, "fold": 1},
         "bad-recipe]: fold 1 is one of how many?\n  = say how many there are: --folds 5 --fold 1"),
        ({"validation": 0.1},
         "bad-recipe]: folds and a validation share cannot both be on\n"
         "  = leave `--validation` out: each fold is validated with in turn"),
        ({"folds": 500}, "too-few-images]: 120 images cannot be divided into 500 folds\n  = choose fewer `--folds`"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(folder: Path, complaint: Complaint, changes: dict[str, Any], said: str) -> None:
    assert complaint(cross_validate, "all", **changes) == f"error[{said}"
    assert not Path("all").exists()


def test_a_folder_with_something_in_it_is_refused(folder: Path, complaint: Complaint) -> None:
    cross_validate("all", epochs=1, folds=2)
    assert complaint(cross_validate, "all") == (
        "error[run-exists]: there is something in `all` already\n"
        "  = to continue it: cnncalc train --resume all\n"
        "  = name another folder with --out"
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"schema": "cnncalc-folds/1", "folds": -1, "results": []}',
                                  '{"schema": "cnncalc-folds/1", "folds": 3, "results": [{"fold": "x"}]}'])  # fmt: skip
def test_a_damaged_file_is_refused(folder: Path, complaint: Complaint, text: str) -> None:
    Path("all").mkdir()
    Path("all/folds.json").write_text(text)
    assert complaint(resume_folds, "all", "cpu", make_observer(None), Signals(), ResumeRequest()) == (
        "error[no-run]: `all/folds.json` is not what cnncalc wrote\n"
        "  = put back the file that `cnncalc train --folds` wrote"
    )
