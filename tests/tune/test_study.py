"""Studies: trials are runs, a cut off study goes on as if nothing had happened, and faults of trials are kept."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from cnncalc.train.data import DataRequest
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.signals import Signals
from cnncalc.tune.folder import StudyFolder
from cnncalc.tune.results import train_command
from cnncalc.tune.storage import open_study
from tests.tune.studies import VARY, Heard, begin, in_optuna, resume


def results(out: str) -> list[dict[str, str]]:
    with Path(out, "results.csv").open(newline="") as file:
        return [*csv.DictReader(file)]


def without_times(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [row | {"seconds": ""} for row in rows]


@pytest.mark.slow
def test_trials_are_runs_and_lines_of_a_table(folder: Path) -> None:
    """Values, scores and states are those that Optuna itself reads, and those of the runs."""
    begin("study", trials=4)
    rows = results("study")
    assert [row["trial"] for row in rows] == ["0", "1", "2", "3"]
    for row, trial in zip(rows, in_optuna("study"), strict=True):
        run = RunFolder(f"study/trial-{trial.number:04d}")
        recipe, history = run.recipe(), run.history()
        assert recipe.learning_rate == float(row["learning-rate"]) == trial.params["learning-rate"]
        assert (recipe.optimizer, recipe.validation) == (trial.params["optimizer"], 0.1)
        assert run.facts().spec.texts()["parameters"] == {"width": row["width"]}
        assert int(row["epochs"]) == len(history.rows) == len(trial.intermediate_values)
        assert float(row["validation_accuracy"]) == max(epoch.score or 0 for epoch in history.rows)
        assert {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}[row["state"]] is trial.state
        assert int(row["parameters"]) == 10 * int(row["width"]) + 10 * (16 * int(row["width"]) + 1)
    assert [path.name for path in Path("study/locks").iterdir()] == ["choosing"]


@pytest.mark.slow
def test_the_best_trial_can_be_trained_again_to_the_bit(folder: Path) -> None:
    """The command that is written out is run in a process of its own."""
    heard = begin("study", trials=3)
    assert heard.ended is not None and heard.ended.best is not None
    assert heard.ended.repeat == Path("study/best/command.txt").read_text().strip()
    words = heard.ended.repeat.split()
    assert words[:5] == ["cnncalc", "train", "study/best/spec.txt", "--recipe", "study/best/recipe.toml"]
    again = [sys.executable, "-m", *words, "--quiet", "--device", "cpu", "--out", "again"]
    subprocess.run(again, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    best = Path(f"study/trial-{heard.ended.best.number:04d}/best.safetensors")
    assert Path("again/best.safetensors").read_bytes() == best.read_bytes()


@pytest.mark.slow
def test_the_best_is_the_trial_with_the_best_validation_accuracy(folder: Path) -> None:
    heard = begin("study", trials=4)
    assert heard.ended is not None and heard.ended.best is not None
    study = optuna.load_study(study_name="study", storage="sqlite:///study/study.db")
    assert (heard.ended.best.number, heard.ended.best.score) == (study.best_trial.number, study.best_value)
    assert heard.ended.judge.words == "validation accuracy"


@pytest.mark.slow
def test_pruned_trials_end_early_and_none_is_pruned_where_that_is_not_wanted(folder: Path) -> None:
    """The first trial learns; with a rate of almost 0 none of the others does, and their scores are lower."""
    rates = ("learning-rate=0.05,1e-9",)
    spec = "input 8x8x1\nfc 10"
    found = begin("study", vary=rates, spec=spec, trials=8, epochs=4, sampler="random").rows
    learns = [row.values["learning-rate"] == 0.05 for row in found]
    first = learns.index(True)
    behind = [row for row, good in zip(found[first + 1 :], learns[first + 1 :], strict=True) if not good]
    assert behind and {(row.state, row.epochs) for row in behind} == {("pruned", 1)}
    whole = begin("whole", vary=rates, spec=spec, trials=8, epochs=4, sampler="random", prunes=False).rows
    assert {(row.state, row.epochs) for row in whole} == {("complete", 4)}


@pytest.mark.parametrize(("epochs", "rungs"), [(3, [1]), (6, [1, 3]), (9, [1, 3]), (10, [2, 6]), (20, [3, 9])])
def test_trials_are_judged_after_a_ninth_and_after_three_ninths(epochs: int, rungs: list[int], folder: Path) -> None:
    """Optuna's pruner writes down each time that it judges; its last rung is not before the last epoch."""
    begin("study", trials=1, epochs=1)
    facts = StudyFolder("study").facts()._replace(name="other")
    study = open_study(StudyFolder("study"), facts, epochs, higher=True)
    trial, judged = study.ask(), []
    for epoch in range(1, epochs):
        before = len(study.trials[0].system_attrs)
        trial.report(0.5, epoch)
        assert not trial.should_prune()  # there is no other
        judged += [epoch] if len(study.trials[0].system_attrs) > before else []
    assert judged == rungs


@pytest.mark.slow
def test_a_study_that_ctrl_c_ends_goes_on_as_if_nothing_had_happened(folder: Path) -> None:
    """The trial that was cut off within its epochs goes on; the table is that of a study that was not stopped."""
    begin("whole/study", trials=4, sampler="random", prunes=False)
    signals = Signals()

    def stop(number: int, epoch: int) -> None:
        if (number, epoch) == (1, 2):
            signals.number = signal.SIGINT

    heard = begin("study", trials=4, sampler="random", prunes=False, heard=Heard(stop), signals=signals)
    assert heard.ended is not None
    assert (heard.ended.stopped, dict(heard.ended.commands)) == (
        "interrupted with Ctrl-C",
        {"cnncalc tune --resume study": "continues the study"},
    )
    assert [row["state"] for row in results("study")] == ["complete", "running"]
    assert resume("study").again == [1]
    assert without_times(results("study")) == without_times(results("whole/study"))


@pytest.mark.slow
def test_a_trial_that_lagged_behind_when_it_was_stopped_is_pruned(folder: Path) -> None:
    """Ctrl-C comes at the epoch after which the second trial is pruned: there is nothing to go on with."""
    signals = Signals()

    def stop(number: int, epoch: int) -> None:
        signals.number = signal.SIGINT if number == 1 else 0

    rates = ("learning-rate=1e-9,0.05",)
    begin("study", trials=6, vary=rates, sampler="random", heard=Heard(stop), signals=signals)
    rows = results("study")
    assert [(row["learning-rate"], row["state"]) for row in rows] == [("0.05", "complete"), ("1e-09", "pruned")]


KILLED = """
import os, signal, sys
import torch
torch.set_num_threads(1)
from tests.tune.studies import Heard, begin
def kill(number, epoch):
    if (number, epoch) == (2, 1):
        os.kill(os.getpid(), signal.SIGKILL)
begin("study", trials=4, prunes=False, heard=Heard(kill))
"""


@pytest.mark.slow
def test_a_killed_study_loses_no_trial(folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    killed = subprocess.run([sys.executable, "-c", KILLED], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert [trial.state.name for trial in in_optuna("study")] == ["COMPLETE", "COMPLETE", "RUNNING"]
    heard = resume("study")
    assert heard.again == [2]
    begin("whole/study", trials=4, prunes=False)
    assert without_times(results("study")) == without_times(results("whole/study"))


@pytest.mark.slow
def test_more_trials_go_on_from_those_that_there_are(folder: Path) -> None:
    begin("study", trials=2)
    assert [row.number for row in resume("study", trials=3).rows] == [2]
    assert resume("study").rows == []
    assert StudyFolder("study").facts().trials == 3


# ---- faults of trials


@pytest.mark.slow
def test_a_design_that_does_not_load_fails_and_the_study_goes_on(folder: Path) -> None:
    """A window of 9x9 is larger than an image of 8x8."""
    spec = "input 8x8x1\nparam kernel = 3\nconv {kernel}x{kernel}x4\nfc 10"
    rows = begin("study", spec=spec, vary=("kernel=3,9",), trials=5, sampler="random").rows
    assert len(rows) == 5
    failed = [row for row in rows if row.values["kernel"] == 9]
    assert failed and all(row.state == "failed" and row.error.startswith("too-large: ") for row in failed)
    assert all(row.state in ("complete", "pruned") for row in rows if row.values["kernel"] == 3)
    assert [row["error"] != "" for row in results("study")] == [row.state == "failed" for row in rows]


def test_a_loss_that_is_not_finite_fails(folder: Path) -> None:
    spec = "input 8x8x1\nfc 10"
    rows = begin(
        "study", spec=spec, vary=("learning-rate=1e12,0.01",), trials=4, optimizer="sgd", sampler="random"
    ).rows
    found = {row.values["learning-rate"]: (row.state == "failed", row.error.split(":")[0]) for row in rows}
    assert found[1e12] == (True, "not-finite")
    assert found[0.01] == (False, "")


@pytest.mark.slow
def test_running_out_of_memory_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from cnncalc.train.engine.stepping import Stepper

    take: Callable[..., None] = Stepper.take

    def full(self: Stepper, *given: Any) -> None:
        if self._session.recipe.batch == 64:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        take(self, *given)

    monkeypatch.setattr(Stepper, "take", full)
    rows = begin("study", vary=("batch=32,64",), trials=4, sampler="random").rows
    assert {row.error for row in rows if row.values["batch"] == 64} == {
        "out-of-memory: memory ran out with batches of 64 images: 2.00 GiB more could not be had"
    }
    assert {row.error for row in rows if row.values["batch"] == 32} == {""}


# ---- before a study begins


REFUSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "spec": (
        {"spec": "input 8x8x1\nconv 9x9x4\nfc 10", "vary": ("learning-rate=0.1,0.2",)},
        "error[too-large]: a 9x9 window is larger than the 8x8 input",
    ),
    "classes": (
        {"spec": "input 8x8x1\nfc 3", "vary": ("learning-rate=0.1,0.2",)},
        "error[data-differs]: digits has 10 classes, and the network 3 outputs",
    ),
    "folds": (
        {"folds": 3},
        "error[bad-recipe]: a trial is one run\n  = leave out --folds, or name one fold with --fold",
    ),
    "storage": (
        {"storage": "nonsense://host/name"},
        "error[no-storage]: cannot open the storage `nonsense://host/name`: ",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_trial_could_train_is_refused_before_the_first(
    what: str, folder: Path, complaint: Callable[..., str]
) -> None:
    asked, said = REFUSED[what]
    assert complaint(begin, "study", **asked).startswith(said)
    assert not Path("study").exists()


def test_the_folder_must_be_empty_and_a_study_to_go_on_with_must_be_one(
    folder: Path, complaint: Callable[..., str]
) -> None:
    Path("study").mkdir()
    assert complaint(resume, "study") == (
        "error[no-study]: `study` is not a study: it has no study.json\n  = name the folder that `cnncalc tune` wrote"
    )
    Path("study/notes.txt").write_text("mine")
    assert complaint(begin, "study") == (
        "error[study-exists]: there is something in `study` already\n"
        "  = to continue a study: cnncalc tune --resume study\n"
        "  = or name another folder with --out"
    )


# ---- several processes


HELPER = """
import sys
import torch
torch.set_num_threads(1)
from tests.tune.studies import begin
begin(sys.argv[1], trials=8, storage="shared.journal", prunes=False)
"""


@pytest.mark.slow
def test_two_processes_share_a_journal_and_no_trial_is_lost_or_done_twice(folder: Path) -> None:
    """Each has a folder of its own, as two machines have; the study has the name of both."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen([sys.executable, "-c", HELPER, f"{name}/study"], env=environment) for name in ("one", "two")
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend("shared.journal"))
    trials = optuna.load_study(study_name="study", storage=storage).trials
    runs = [int(path.name[-4:]) for path in Path().glob("*/study/trial-*")]
    assert sorted(runs) == [trial.number for trial in trials]
    assert len(trials) in (8, 9)  # both may begin their last one at once
    assert {trial.state.name for trial in trials} == {"COMPLETE"}
    assert {path.parts[0] for path in Path().glob("*/study/trial-*")} == {"one", "two"}


RESUMED = """
import torch
torch.set_num_threads(1)
from tests.tune.studies import resume
resume("study", trials=8)
"""


@pytest.mark.slow
def test_processes_that_share_a_folder_take_each_trial_once(folder: Path) -> None:
    begin("study", trials=1, prunes=False)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    processes = [subprocess.Popen([sys.executable, "-c", RESUMED], env=environment) for _ in range(2)]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    assert [trial.state.name for trial in in_optuna("study")] == ["COMPLETE"] * 8
    assert len(list(Path("study").glob("trial-*"))) == 8


def test_a_study_of_the_same_name_that_varies_something_else_is_refused(
    folder: Path, complaint: Callable[..., str]
) -> None:
    begin("one/study", trials=1, storage="shared.journal")
    assert complaint(begin, "two/study", vary=("width=2..4",), storage="shared.journal") == (
        "error[other-study]: the storage has a study `study` already, which varies "
        f"{', '.join(VARY)}\n"
        "  = name another folder with --out, whose name the study has"
    )


# ---- the command


def test_the_command_says_what_differs_from_the_defaults(folder: Path) -> None:
    data = DataRequest("my photos", resize="crop", limit=5, download=True, seed=7, folder=str(folder / "data"))
    settings = {"input": "8x8x1", "parameters": {"width": "{w}"}, "rounding": None}
    assert train_command("a b.txt", "r.toml", settings, data, "w.pt") == (
        "cnncalc train 'a b.txt' --recipe r.toml --set 'width={w}' --input 8x8x1 "
        "--data 'my photos' --download --resize crop --limit 5 --weights w.pt"
    )
