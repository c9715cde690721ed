"""A run from its start to its end: what it keeps, how it goes on, and the ways in which it may end."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from cnncalc.core.writing import WriteError
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.checkpoints.tensor_file import unpack
from cnncalc.train.data import DataRequest
from cnncalc.train.engine import metrics as watch
from cnncalc.train.engine.augment import Augmenter
from cnncalc.train.engine.session import Session
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.loop import Trainer
from cnncalc.train.run.signals import Signals
from tests.train.data.files import write_images
from tests.train.runs import RANDOM, SPEC, Heard, resume, train, weights

Complaint = Callable[..., str]
STEPS_PER_EPOCH = 7  # 200 images in batches of 32
PLAIN = "input 8x8x1\nfc 10"


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs look at their losses after every step, and not twice a second, which is longer than they take."""
    monkeypatch.setattr(watch, "REPORT_SECONDS", 0.0)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three epochs with everything random in it."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(SPEC, str(out), **RANDOM)
    return out


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
        "best.safetensors",
        "checkpoints",
        "curve.svg",
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
    assert "<!-- test images -->" in (uninterrupted / "curve.svg").read_text()


def test_metrics_are_what_was_told(folder: Path) -> None:
    heard = Heard()
    ended = train(SPEC, "run", heard=heard)
    with Path("run/metrics.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [{k: str(v) for k, v in asdict(row).items()} for row in heard.all("epoch")] == rows
    assert [row["step"] for row in rows] == ["7", "14", "21"]
    assert max(float(row["accuracy"]) for row in rows) == ended.best_accuracy


def test_the_best_weights_are_those_of_the_best_epoch(folder: Path) -> None:
    """With a learning rate that ruins everything in the end, the best epoch is not the last."""
    heard = Heard()
    ended = train(PLAIN, "run", heard=heard, schedule="step", step_every=2, learning_rate=3.0, optimizer="sgd")
    rows = heard.all("epoch")
    best = max(rows, key=lambda row: row.accuracy)
    assert (ended.best_epoch, ended.best_accuracy) == (best.epoch, best.accuracy)
    facts = {name: unpack(data).facts for name, data in weights("run").items()}
    assert facts["best"] == {"epoch": best.epoch, "step": best.step, "accuracy": best.accuracy}
    assert facts["last"] == {"epoch": 3, "step": 21, "accuracy": rows[-1].accuracy}


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
    assert (again.best_accuracy, again.best_epoch) == (first.best_accuracy, first.best_epoch)
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
    ("epochs = 2", "epochs = 1"): "error[bad-checkpoint]: the checkpoint lies behind the end of the run",
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
        "  = a run continues with the data that it began with"
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
    heard = Heard(epoch=lambda row: signals.hear(15, None))
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
        patch.setattr(Augmenter, "plain", lambda *arguments: signals.hear(15, None) or plain(*arguments))
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
    assert "<!-- validation images -->" in Path("run/curve.svg").read_text()
    facts = dict(heard.all("begin")[0].facts)
    assert facts["data"] == ("digits (scikit-learn): 160 images to train on, 40 to validate, 360 to test; 10 classes")
    accuracies = [row.accuracy for row in heard.all("epoch")]
    assert all((accuracy * 40).is_integer() for accuracy in accuracies)
    assert ended.best_accuracy == max(accuracies)
    assert ended.test_accuracy is not None
    assert (ended.test_accuracy * 360) == pytest.approx(round(ended.test_accuracy * 360))


# ---- faults


def test_a_full_disk_ends_the_run_and_leaves_the_checkpoint(
    uninterrupted: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, os.strerror(28))

    def fill(row: Any) -> None:
        if row.epoch == 2:
            monkeypatch.setattr(os, "fsync", full)

    heard = Heard(epoch=fill)
    with pytest.raises(WriteError) as caught:
        train(SPEC, "run", heard=heard, checkpoint_every=0, **RANDOM)
    assert str(caught.value) in (
        "cannot write `run/best.safetensors`: No space left on device",
        "cannot write `run/last.safetensors`: No space left on device",
    )
    assert heard.events[-1][0] == "close"  # the terminal is given back
    assert not list(Path("run").rglob("*.tmp"))

    monkeypatch.undo()
    monkeypatch.chdir(folder)
    heard = Heard()
    resume("run", heard)
    assert (heard.all("note"), heard.all("begin")[0].first_step) == ([], STEPS_PER_EPOCH)
    assert weights("run") == weights(uninterrupted)


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_step(folder: Path, complaint: Complaint) -> None:
    text = complaint(train, SPEC, "run", optimizer="sgd", learning_rate=1e30)
    first, *hints = text.splitlines()
    assert first == "error[not-finite]: the loss of step 2 is nan: training ends there"
    assert hints == [
        "  = continue from the last good checkpoint with a smaller learning rate: "
        "cnncalc train --resume run --learning-rate 0.1",
        "  = or with clipped gradients: --clip 1 in its place",
        "  = or with --non-finite rollback, which goes back and halves the learning rate by itself",
    ]
    assert [path.name[:15] for path in Path("run/checkpoints").iterdir()] == ["step-0000000000"]


@pytest.fixture
def one_bad_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 17th loss of a process is no number."""
    right, seen = Trainer._loss, []

    def loss(run: Trainer, *arguments: Any) -> torch.Tensor:
        seen.append(run)
        return right(run, *arguments) * (float("nan") if len(seen) == 17 else 1.0)

    monkeypatch.setattr(Trainer, "_loss", loss)


@pytest.mark.usefixtures("one_bad_loss")
def test_a_run_may_go_back_and_halve_the_learning_rate(folder: Path) -> None:
    """The averaged weights go back too: nothing that is kept has been touched by what is no number."""
    heard = Heard()
    ended = train(SPEC, "run", heard=heard, non_finite="rollback", checkpoint_every=0, schedule="constant", **RANDOM)
    assert ended.complete
    assert heard.all("note") == [
        "the loss of step 17 is nan: back to step 14 with half the learning rate (1 of 10 times)"
    ]
    assert [(row.epoch, row.learning_rate) for row in heard.all("epoch")] == [(1, 0.02), (2, 0.02), (3, 0.01)]
    assert all(value.isfinite().all() for data in weights("run").values() for value in unpack(data).tensors.values())


def test_a_run_that_goes_back_ten_times_in_vain_ends(folder: Path, complaint: Complaint) -> None:
    heard = Heard()
    settings = {"optimizer": "sgd", "learning_rate": 1e30, "non_finite": "rollback", "heard": heard}
    assert complaint(train, SPEC, "run", **settings) == (
        "error[not-finite]: the loss of step 2 is nan: training ends there, after going back 10 times\n"
        "  = continue from the last good checkpoint with a smaller learning rate: "
        "cnncalc train --resume run --learning-rate 0.1\n"
        "  = or with clipped gradients: --clip 1 in its place"
    )
    assert len(heard.all("note")) == 10


MEMORY = {
    "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has 8 GiB": ": 2.50 GiB more could not be had",
    "HIP ran dry": "",
}


@pytest.mark.parametrize("said", MEMORY)
def test_out_of_memory_says_what_was_tried_and_what_to_try(
    folder: Path, complaint: Complaint, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    def loss(run: Trainer, *arguments: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError(said)

    monkeypatch.setattr(Trainer, "_loss", loss)
    assert complaint(train, PLAIN, "run", accumulate=2) == (
        f"error[out-of-memory]: memory ran out with batches of 32 images in 2 parts{MEMORY[said]}\n"
        "  = continue with less memory: cnncalc train --resume run --accumulate 4\n"
        "  = or with --precision bf16 in its place, which halves what is kept for the backward pass\n"
        "  = or with --checkpointing in its place, which computes blocks twice and keeps less\n"
        "  = a new run may have a smaller --batch, such as 16"
    )


def test_a_cpu_runs_out_of_memory_too(folder: Path, complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch raises a RuntimeError there; others are passed on as they are."""
    said = "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 400 bytes. Error code 12"
    monkeypatch.setattr(Trainer, "_loss", lambda *arguments: _raise(RuntimeError(said)))
    assert complaint(train, PLAIN, "run", batch=1, accumulate=1, precision="bf16") == (
        "error[out-of-memory]: memory ran out with batches of 1 image: 400 B more could not be had\n"
        "  = continue with less memory: cnncalc train --resume run --checkpointing"
    )
    monkeypatch.setattr(Trainer, "_loss", lambda *arguments: _raise(RuntimeError("another")))
    with pytest.raises(RuntimeError, match=r"^another$"):
        train(PLAIN, "other")


def _raise(error: Exception) -> torch.Tensor:
    raise error


# ---- before anything starts


def test_nothing_is_left_where_a_run_is_refused(folder: Path, complaint: Complaint) -> None:
    assert complaint(train, PLAIN, "run", batch=4, accumulate=4, data=DataRequest("digits", limit=201)) == (
        "error[bad-batch]: of 201 images in batches of 4, the last batch is too small for 4 parts\n"
        "  = use a --batch of at least 8"
    )
    assert complaint(train, PLAIN, "run", accumulate=8, data=DataRequest("digits", limit=6)) == (
        "error[too-few-images]: there are 6 images to train on; 8 are needed at a time"
    )
    assert complaint(train, PLAIN, "run", validation=0.999, data=DataRequest("digits", limit=20)) == (
        "error[too-few-images]: a validation share of 0.999 of 20 images leaves nothing on one side\n"
        "  = choose a share between 0 and 1 that leaves images on both"
    )
    assert [*folder.iterdir()] == []


def test_a_folder_in_use_is_left_alone(folder: Path, complaint: Complaint) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.txt").write_text("chapter 1")
    assert complaint(train, PLAIN, "mine") == (
        "error[run-exists]: there is something in `mine` already\n"
        "  = to continue it: cnncalc train --resume mine\n"
        "  = or name another folder with --out"
    )
    assert [path.name for path in (folder / "mine").iterdir()] == ["thesis.txt"]


def test_a_beginning_that_was_killed_can_be_begun_again(folder: Path) -> None:
    """The spec is there, the facts are not, and a file lies half written."""
    (folder / "run").mkdir()
    (folder / "run" / "spec.txt").write_text("input")
    (folder / "run" / ".recipe.toml.x1.tmp").write_text("epo")
    assert train(PLAIN, "run", epochs=1).complete
    assert RunFolder("run").recipe() == load_recipe("run/recipe.toml")
    assert isinstance(RunFolder("run").recipe(), Recipe)
