"""How a run ends where something goes wrong, and what it leaves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from cnncalc.core.writing import WriteError
from cnncalc.train.checkpoints.tensor_file import unpack
from cnncalc.train.data import DataRequest
from cnncalc.train.engine.stepping import Stepper
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.folder import RunFolder
from tests.train.run.test_run import PLAIN, STEPS_PER_EPOCH, Complaint
from tests.train.runs import RANDOM, SPEC, Heard, resume, train, weights

# ---- faults


@pytest.mark.slow
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
        "  = or with --non-finite rollback, which rolls back and halves the learning rate",
    ]
    assert [path.name[:15] for path in Path("run/checkpoints").iterdir()] == ["step-0000000000"]


@pytest.fixture
def one_bad_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 17th loss of a process is no number."""
    right, seen = Stepper._loss, []

    def loss(run: Stepper, *arguments: Any) -> torch.Tensor:
        seen.append(run)
        return right(run, *arguments) * (float("nan") if len(seen) == 17 else 1.0)

    monkeypatch.setattr(Stepper, "_loss", loss)


@pytest.mark.slow
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
    def loss(run: Stepper, *arguments: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError(said)

    monkeypatch.setattr(Stepper, "_loss", loss)
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
    monkeypatch.setattr(Stepper, "_loss", lambda *arguments: _raise(RuntimeError(said)))
    assert complaint(train, PLAIN, "run", batch=1, accumulate=1, precision="bf16") == (
        "error[out-of-memory]: memory ran out with batches of 1 image: 400 B more could not be had\n"
        "  = continue with less memory: cnncalc train --resume run --checkpointing"
    )
    monkeypatch.setattr(Stepper, "_loss", lambda *arguments: _raise(RuntimeError("another")))
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
        "  = choose a share between 0 and 1 that leaves images on both\n"
        "  = or add images, or a folder `val` or `test`"
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
