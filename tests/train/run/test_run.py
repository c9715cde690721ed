"""A run from its start to its end: what it keeps, how it goes on, and the ways in which it may end."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.checkpoints.tensor_file import unpack
from cnncalc.train.data import DataRequest
from cnncalc.train.engine import metrics as watch
from cnncalc.train.engine.augment import Augmenter
from cnncalc.train.engine.session import Session
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run.signals import Signals
from tests.train.data.files import write_images
from tests.train.runs import DIGITS, RANDOM, SPEC, Heard, resume, train, weights

Complaint = Callable[..., str]
STEPS_PER_EPOCH = 7  # 200 images in batches of 32
PLAIN = "input 8x8x1\nfc 10"


class Died(Exception):
    """Stands for SIGKILL in a test that runs in one process."""


def dying_at(step: int) -> Heard:
    """Return an observer that ends everything, without a word, once a step was looked at."""

    def look(event: Any) -> None:
        if event.step >= step:
            raise Died

    return Heard(steps=look)


# ---- what a run keeps


def test_a_run_keeps_what_it_was_and_what_it_came_to(uninterrupted: Path) -> None:
    assert sorted(path.name for path in uninterrupted.iterdir()) == [
        "README.md",
        "best.safetensors",
        "checkpoints",
        "curve.svg",
        "gradients.csv",
        "last.safetensors",
        "metrics.csv",
        "recipe.toml",
        "run.json",
        "spec.txt",
    ]
    assert (uninterrupted / "spec.txt").read_text() == SPEC
    kept = load_recipe(str(uninterrupted / "recipe.toml"))
    assert (kept.ema, kept.cutout, kept.epochs, kept.validation) == (0.9, 2, 3, 0.0)
    assert -1 not in asdict(kept).values()  # nothing is left open
    assert (uninterrupted / "curve.svg").read_text().startswith("<?xml")
    assert ">test images<" in (uninterrupted / "curve.svg").read_text()


def test_metrics_are_what_was_told(folder: Path) -> None:
    heard = Heard()
    ended = train(SPEC, "run", heard=heard)
    with Path("run/metrics.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [{k: str(v) for k, v in row.columns().items()} for row in heard.all("epoch")] == rows
    names = "epoch step learning_rate train_loss train_accuracy loss accuracy top5_accuracy images_per_second seconds"
    assert [*rows[0]] == names.split()
    assert [row["step"] for row in rows] == ["7", "14", "21"]
    assert max(float(row["accuracy"]) for row in rows) == ended.best_score


def test_the_best_weights_are_those_of_the_best_epoch(folder: Path) -> None:
    """With a learning rate that ruins everything in the end, the best epoch is not the last."""
    heard = Heard()
    ended = train(PLAIN, "run", heard=heard, schedule="step", step_every=2, learning_rate=3.0, optimizer="sgd")
    rows = heard.all("epoch")
    best = max(rows, key=lambda row: row.score)
    assert (ended.best_epoch, ended.best_score) == (best.epoch, best.score)
    facts = {name: unpack(data).facts for name, data in weights("run").items()}
    assert facts["best"] == {"epoch": best.epoch, "step": best.step, "accuracy": best.score}
    assert facts["last"] == {"epoch": 3, "step": 21, "accuracy": rows[-1].score}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(uninterrupted: Path, folder: Path) -> None:
    train(SPEC, "again", **RANDOM)
    assert weights("again") == weights(uninterrupted)
    train(SPEC, "other", **RANDOM, seed=1)
    assert weights("other") != weights(uninterrupted)


def test_parts_of_a_step_are_the_step(folder: Path) -> None:
    """Without a norm of batches, dropout and changed images, the gradients of four parts add up to the whole's."""
    for name, parts in (("one", 1), ("four", 4)):
        train("input 8x8x1\nconv 3x3x4 p1 - relu - fc 10", name, accumulate=parts, optimizer="sgd", shift=0)
    one, four = (unpack(weights(name)["last"]).tensors for name in ("one", "four"))
    for name, value in one.items():
        torch.testing.assert_close(four[name], value, rtol=1e-4, atol=1e-5)


# ---- going on


@pytest.mark.slow
@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("step", [1, 5, 7, 8, 20, 21])
def test_a_run_that_died_at_any_step_ends_as_if_it_had_not(uninterrupted: Path, folder: Path, step: int) -> None:
    """To the bit, with dropout, averaged weights and changed images; in the last step of an epoch too."""
    with pytest.raises(Died):
        train(SPEC, "run", heard=dying_at(step), checkpoint_every=0, **RANDOM)
    ended = resume("run")
    assert ended.complete
    assert weights("run") == weights(uninterrupted)
    assert Path("run/gradients.csv").read_text() == (uninterrupted / "gradients.csv").read_text()


@pytest.mark.usefixtures("looking")
def test_a_run_that_dies_again_and_again_ends_as_if_it_had_not(uninterrupted: Path, folder: Path) -> None:
    """What was not yet on the disk is done again; a table of epochs has each of them once."""
    with pytest.raises(Died):
        train(SPEC, "run", heard=dying_at(4), **RANDOM)  # before a checkpoint was due
    for step in (9, 15, 21):
        with pytest.raises(Died):
            resume("run", dying_at(step))
    heard = Heard()
    resume("run", heard)
    assert weights("run") == weights(uninterrupted)
    assert heard.all("begin")[0].first_step == 0
    assert [row.epoch for row in heard.all("epoch")] == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_goes_on_whatever_its_order_in_memory(
    folder: Path, optimizer: str, channels_last: bool
) -> None:
    """Fused kernels walk through a parameter and its state side by side, so both must lie in memory alike."""
    settings = {"optimizer": optimizer, "channels_last": channels_last, "epochs": 2}
    train(SPEC, "whole", **settings)
    with pytest.raises(Died):
        train(SPEC, "run", heard=dying_at(10), checkpoint_every=0, **settings)
    resume("run")
    assert weights("run") == weights("whole")


@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize(
    "settings",
    [
        {"augment": "rotation=20,erase"},
        {"balance": "weights"},
        {"balance": "sampling"},
        pytest.param({"augment": "trivialaugment", "balance": "sampling", "validation": 0.2}, marks=pytest.mark.slow),
    ],
    ids=str,
)
@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_augmented_and_balanced_runs_go_on_too(folder: Path, settings: dict[str, Any], workers: int) -> None:
    """To the bit, in the middle of an epoch, whoever changes the images."""
    train(SPEC, "whole", data=DIGITS._replace(workers=0), **RANDOM, **settings)
    with pytest.raises(Died):
        data = DIGITS._replace(workers=workers)
        train(SPEC, "run", data=data, heard=dying_at(10), checkpoint_every=0, **RANDOM, **settings)
    resume("run")
    assert weights("run") == weights("whole")


@pytest.mark.usefixtures("looking")
def test_images_that_are_streamed_go_on_too(folder: Path) -> None:
    """Their crops are random: they depend on the seed and the epoch."""
    write_images(folder / "pets", count=30, size="10x12x3")
    spec = "input 8x8x3\nconv 3x3x4 p1 - relu - gap - fc 2"
    data = DataRequest("pets", memory_limit=0, workers=0, resize="crop")
    train(spec, "whole", data=data, batch=8)
    with pytest.raises(Died):
        train(spec, "run", data=data, batch=8, heard=dying_at(10), checkpoint_every=0)
    resume("run")
    assert weights("run") == weights("whole")


def test_a_damaged_checkpoint_is_told_of_and_the_one_before_it_used(uninterrupted: Path, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Died):
        patch.setattr(watch, "REPORT_SECONDS", 0.0)
        train(SPEC, "run", heard=dying_at(12), checkpoint_every=0, **RANDOM)
    newest = max(Path("run/checkpoints").iterdir())
    newest.write_bytes(newest.read_bytes()[:-1])
    heard = Heard()
    resume("run", heard)
    assert heard.all("note") == [f"{newest} is damaged: its content does not match its name; the one before it is used"]
    assert heard.all("begin")[0].first_step == 10
    assert weights("run") == weights(uninterrupted)


def test_a_run_that_is_complete_has_nothing_to_go_on_with(folder: Path) -> None:
    first = train(PLAIN, "run")
    before = weights("run")
    again = resume("run")
    assert (again.reason, again.complete) == ("3 epochs done", True)
    assert (again.best_score, again.best_epoch) == (first.best_score, first.best_epoch)
    assert weights("run") == before


def test_the_checkpoints_of_another_run_are_refused(folder: Path, complaint: Complaint) -> None:
    train(PLAIN, "run", epochs=1)
    train("input 8x8x1\nfc 12 - relu - fc 10", "other", epochs=1)
    for path in Path("run/checkpoints").iterdir():
        path.unlink()
    for path in Path("other/checkpoints").iterdir():
        path.rename(Path("run/checkpoints") / path.name)
    assert complaint(resume, "run") == (
        "error[other-weights]: the checkpoint holds the weights of another network: `fc1.weight` does not match"
    )


EDITS = {
    ("epochs = 2", "epochs = 1"): (
        "error[bad-checkpoint]: 14 steps are done, and a run of 1 epoch has 7\n"
        "  = say how many it has in all: --epochs N"
    ),
    ("batch = 32", "batch = 64"): (
        "error[bad-checkpoint]: step 14 of the checkpoint is not in epoch 3 of 4 steps\n"
        "  = a run continues with the batches that it began with"
    ),
    ('optimizer = "adamw"', 'optimizer = "sgd"'): (
        "error[bad-checkpoint]: the checkpoint holds the state of adamw, and the recipe says sgd\n"
        "  = a run continues with the optimizer that it began with"
    ),
    ("ema = 0.0", "ema = 0.9"): (
        "error[other-weights]: the checkpoint holds the weights of another network: `fc1.weight` does not match"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS)
def test_a_recipe_that_no_longer_fits_the_checkpoint(folder: Path, complaint: Complaint, edit: tuple[str, str]) -> None:
    """Somebody edited the run's own recipe; more epochs would have been fine."""
    train(PLAIN, "run", epochs=2)
    recipe = Path("run/recipe.toml")
    longer = recipe.read_text().replace("epochs = 2", "epochs = 4" if "epochs" not in edit[0] else "epochs = 2")
    recipe.write_text(longer.replace(*edit))
    assert complaint(resume, "run") == EDITS[edit]


def test_a_run_may_be_made_longer(folder: Path) -> None:
    train(PLAIN, "run", epochs=2)
    recipe = Path("run/recipe.toml")
    recipe.write_text(recipe.read_text().replace("epochs = 2", "epochs = 4"))
    assert resume("run").reason == "4 epochs done"
    assert len(Path("run/metrics.csv").read_text().splitlines()) == 1 + 4


def test_a_run_goes_on_with_the_data_that_it_began_with(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets", count=20)
    train("input 8x8x3\nfc 2", "run", data=DataRequest("pets"), epochs=1)
    (folder / "pets" / "cat" / "0.png").unlink()
    (folder / "pets" / "cat" / "1.png").unlink()
    assert complaint(resume, "run") == (
        "error[other-data]: the run was trained on 36 images; there are 34 now\n"
        "  = a run continues with the data that it began with\n"
        "  = or continue with them: cnncalc train --resume run --accept-changes"
    )


def test_a_run_can_be_moved_and_gone_on_with_from_anywhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data were named from the folder in which the run began."""
    write_images(folder / "pets", count=20)
    train("input 8x8x3\nfc 2", "run", data=DataRequest("pets"), epochs=1)
    (folder / "elsewhere").mkdir()
    Path("run").rename("elsewhere/mine")
    monkeypatch.chdir("elsewhere")
    assert resume("mine").complete


# ---- ends


@pytest.mark.usefixtures("looking")
def test_patience_outlives_an_interruption(folder: Path) -> None:
    """Without a learning rate no epoch is better than the first; two more are waited for."""
    with pytest.raises(Died):
        train(PLAIN, "run", heard=dying_at(12), learning_rate=0, patience=2, epochs=9, checkpoint_every=0)
    ended = resume("run")
    assert (ended.reason, ended.complete, ended.best_epoch) == ("no better accuracy for 2 epochs", True, 1)
    assert len(Path("run/metrics.csv").read_text().splitlines()) == 1 + 3


@pytest.mark.usefixtures("looking")
def test_a_time_limit_is_an_end_that_was_asked_for(folder: Path) -> None:
    ended = train(PLAIN, "run", time_limit=1e-3, epochs=10_000)
    assert (ended.reason, ended.complete) == ("the time limit of 0.001 s is over", True)


def test_a_signal_saves_and_leaves(uninterrupted: Path, folder: Path) -> None:
    signals = Signals()
    heard = Heard(epoch=lambda row: signals.receive(15, None))
    ended = train(SPEC, "run", heard=heard, signals=signals, **RANDOM)
    assert (ended.reason, ended.complete) == ("stopped by SIGTERM", False)
    assert ended.commands[0] == ("cnncalc train --resume run", "continues the run")
    heard = Heard()
    resume("run", heard)
    assert heard.all("begin")[0].first_step == STEPS_PER_EPOCH
    assert weights("run") == weights(uninterrupted)


def test_a_signal_breaks_a_test_off(uninterrupted: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long test does not keep anybody waiting: it is done again when the run goes on."""
    signals = Signals()
    with monkeypatch.context() as patch:
        patch.setattr(Session, "tested_at_once", 100)
        plain = Augmenter.plain
        patch.setattr(Augmenter, "plain", lambda *arguments: signals.receive(15, None) or plain(*arguments))
        heard = Heard()
        ended = train(SPEC, "run", heard=heard, signals=signals, **RANDOM)
    assert (ended.reason, ended.complete, heard.all("epoch")) == ("stopped by SIGTERM", False, [])
    heard = Heard()
    resume("run", heard)
    assert heard.all("begin")[0].first_step == STEPS_PER_EPOCH
    assert [row.epoch for row in heard.all("epoch")] == [1, 2, 3]
    assert weights("run") == weights(uninterrupted)


def test_validation_images_choose_and_test_images_are_tested_once(folder: Path) -> None:
    heard = Heard()
    ended = train(PLAIN, "run", heard=heard, validation=0.2)
    assert heard.all("begin")[0].tested == ended.tested == "validation"
    assert ">validation images<" in Path("run/curve.svg").read_text()
    facts = dict(heard.all("begin")[0].facts)
    assert facts["data"] == ("digits (scikit-learn): 160 images to train on, 40 to validate, 360 to test; 10 classes")
    accuracies = [row.score for row in heard.all("epoch")]
    assert all((accuracy * 40).is_integer() for accuracy in accuracies)
    assert ended.best_score == max(accuracies)
    assert ended.test_score is not None
    assert (ended.test_score * 360) == pytest.approx(round(ended.test_score * 360))
