"""``cnncalc train``: what is printed, what is written, and what is refused before anything starts."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path

import pytest

from cnncalc.train.recipe.presets import load_recipe
from tests.commands.conftest import Cnncalc, Train

pytestmark = pytest.mark.usefixtures("one_thread")

SPEC = "input 8x8x1\nconv 3x3x4 p1 - bn - relu - pool2\nfc 10"
QUICK = ("--data", "digits", "--limit", "64", "--epochs", "2", "--batch", "32", "--device", "cpu")
PETS = "input 8x8x3\nfc 2"


def metrics(run: str) -> list[dict[str, str]]:
    with Path(run, "metrics.csv").open(newline="") as file:
        return [*csv.DictReader(file)]


# ---- what is printed

PRINTED = """\
network         text: 8x8x1 → 1x1x10, 698 parameters
data            digits (scikit-learn): 64 images to train on, 360 to test; 10 classes
hint            class 0 has 1 image to train on, and class 8 11: --balance weights or sampling may help
hint            the run has 4 steps: a smaller --batch or more --epochs give it more
device          cpu (1 thread), float32
recipe          2 epochs, batches of 32 images, adamw, learning rate 0.002 (one-cycle), weight decay 0.05, seed 0
augmentation    moved by up to 1 px (zeros)
loss            cross-entropy with a softmax of its own: the spec ends in logits
memory          a step takes # by prediction, and # for the images
run             first

    epoch  train loss  train acc  test loss   test acc   images/s      time
───────────────────────────────────────────────────────────────────────────
1/2 # # # # # #
2/2 # # # # # #

ended           2 epochs done, after # s
best accuracy   # of the test images after epoch #; # after the last one
memory          # at most in the whole process; tensors were predicted to take #

  first/best.safetensors   the weights of the best epoch
  first/last.safetensors   the weights of the last epoch
  first/metrics.csv        a line for every epoch
  first/curve.svg          the learning curve
  first/README.md          the model card

  cnncalc evaluate first        accuracy per class and the confusion matrix
  cnncalc predict first IMAGE   classifies images
  cnncalc report first          a page: curves, gradients, filters, maps, a test
"""
"""Measured numbers are written as #."""


def without_measurements(text: str) -> str:
    """Write # for the numbers that differ from one machine to the next."""
    text = re.sub(
        r"^ +(\d/\d) .*$",
        lambda line: f"{line[1]} {' '.join('#' * len(line[0].split()[1:-1]))}",
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"[\d.,]+ (?=s$)", "# ", text, flags=re.MULTILINE)
    text = re.sub(r"[\d.,]+ [KMG]iB", "#", text)
    return re.sub(r"(best accuracy +)[\d.]+% (.*) after epoch \d; [\d.]+%", r"\1# \2 after epoch #; #", text)


def test_what_a_run_prints(train: Train) -> None:
    done = train(SPEC, *QUICK, "--out", "first")
    assert (done.status, done.err) == (0, "")
    assert without_measurements(done.out) == PRINTED


def test_quiet_prints_nothing(train: Train) -> None:
    assert train(SPEC, *QUICK, "--quiet", "--out", "first") == (0, "", "")
    assert len(metrics("first")) == 2


def test_json_is_an_object_a_line(train: Train) -> None:
    done = train(SPEC, *QUICK, "--json", "--out", "first")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["event"] for event in events] == ["begin", "epoch", "epoch", "end"]
    assert [str(event["accuracy"]) for event in events[1:3]] == [row["accuracy"] for row in metrics("first")]
    assert events[3]["best_accuracy"] == max(event["accuracy"] for event in events[1:3])
    assert all(Path(path).is_file() for path in events[3]["files"])


def test_commands_that_go_on_are_what_was_printed(train: Train, cnncalc: Cnncalc) -> None:
    done = train(SPEC, *QUICK, "--out", "first")
    shown = re.findall(r"^  cnncalc (\w+ \S+) {2,}", done.out, re.MULTILINE)
    assert shown == ["evaluate first", "report first"]
    assert [cnncalc(*words.split()).status for words in shown] == [0, 0]


# ---- where it goes, and how


@pytest.mark.slow
def test_a_run_without_a_folder_gets_a_new_one(train: Train, folder: Path) -> None:
    """Named for the spec, and numbered."""
    (folder / "net.txt").write_text(SPEC)
    for _ in range(2):
        assert train("net.txt", *QUICK, "--quiet").status == 0
    assert train(SPEC, *QUICK, "--quiet").status == 0
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["net-1", "net-2", "spec-1"]


def test_the_command_line_wins_over_the_file(train: Train, folder: Path) -> None:
    (folder / "mine.toml").write_text('base = "fast"\nepochs = 7\nbatch-size = 16\nseed = 5\nnesterov = true\n')
    options = ["--recipe", "mine.toml", "--epochs", "1", "--no-nesterov", "--views", "2", "--fill", "ZEROS"]
    assert train(SPEC, "--data", "digits", "--limit", "64", *options, "--out", "run", "--quiet").status == 0
    kept = load_recipe("run/recipe.toml")
    assert (kept.epochs, kept.nesterov, kept.views, kept.fill) == (1, False, 2, "zeros")
    assert (kept.batch, kept.seed, kept.optimizer, kept.label_smoothing) == (16, 5, "muon", 0.2)


def test_the_run_remembers_how_the_spec_was_loaded(train: Train) -> None:
    """Parameters, input and rounding are not in the text, and needed to go on."""
    spec = "param classes = 3\nconv 3x3x4 s3\nfc {classes}"
    loaded = ["--input", "8x8x1", "--set", "classes=10", "--rounding", "floor"]
    assert train(spec, *QUICK, *loaded, "--out", "run", "--quiet").status == 0
    assert train("--resume", "run").status == 0


def test_a_run_that_is_complete_is_shown_again(train: Train) -> None:
    train(SPEC, *QUICK, "--out", "first", "--quiet")
    before = Path("first/best.safetensors").read_bytes()
    done = train("--resume", "first", "--device", "cpu")
    assert done.status == 0
    shown = without_measurements(done.out).splitlines()
    assert shown[0] == "network         first/spec.txt: 8x8x1 → 1x1x10, 698 parameters"
    assert shown[-11:] == PRINTED.splitlines()[-11:]
    assert Path("first/best.safetensors").read_bytes() == before


def test_logs_for_tensorboard(train: Train) -> None:
    """Read by TensorBoard itself."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert train(SPEC, *QUICK, "--tensorboard", "--out", "first", "--quiet").status == 0
    log = EventAccumulator("first/tensorboard")
    log.Reload()
    assert {"step/loss", "step/learning_rate", "epoch/test_accuracy", "epoch/test_loss"} <= {*log.Tags()["scalars"]}
    told = [(event.step, event.value) for event in log.Scalars("epoch/test_accuracy")]
    assert told == [(int(row["step"]), pytest.approx(float(row["accuracy"]))) for row in metrics("first")]


EVERY_WAY = (
    *(f"--optimizer {name}" for name in ("sgd", "adam", "adamw", "adadelta", "rmsprop", "muon")),
    "--optimizer sgd --momentum 0 --no-nesterov",
    *(f"--schedule {name} --warmup 0.5" for name in ("one-cycle", "cosine", "linear", "step", "constant")),
    "--clip 1 --accumulate 4 --ema 0.9",
    "--mixup 0.2 --label-smoothing 0",
    "--cutmix 1 --flip random --shift 2 --fill reflect",
    "--crop 0.5 --cutout 3 --flip alternating --normalise half",
    "--precision bf16 --channels-last",
    "--precision tf32 --deterministic --normalise none",
    "--checkpointing",
    "--batch auto",
    "--validation 0.25 --views 6 --patience 1",
    "--recipe lecture --batch 4",
    "--recipe fast",
    "--time-limit 1h --checkpoint-every 0s --non-finite rollback",
)


@pytest.mark.slow
@pytest.mark.parametrize("options", EVERY_WAY)
def test_every_setting_trains(train: Train, options: str) -> None:
    """A run in every way: it ends, and its losses are numbers."""
    done = train(SPEC, *QUICK, *options.split(), "--out", "run", "--quiet")
    assert done == (0, "", "")
    assert all(0 < float(row["train_loss"]) < 20 for row in metrics("run"))


def test_mixed_images_have_no_training_accuracy(train: Train) -> None:
    """They show two classes; an unknown number is a gap, not a 0."""
    train(SPEC, *QUICK, "--mixup", "0.2", "--out", "run", "--quiet")
    assert [row["train_accuracy"] for row in metrics("run")] == ["", ""]


# ---- a full disk


def test_a_full_disk_is_one_clear_line(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first checkpoint is still there, and the run goes on from it."""
    flush, calls = os.fsync, []

    def full_later(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 4:  # spec, recipe, facts and the first checkpoint
            raise OSError(28, os.strerror(28))
        flush(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_later)
        done = train(SPEC, *QUICK, "--out", "first", "--quiet")
    assert done == (1, "", "error[cannot-write]: cannot write `first/best.safetensors`: No space left on device\n")
    assert [path.name[:15] for path in Path("first/checkpoints").iterdir()] == ["step-0000000000"]
    assert train("--resume", "first", "--quiet").status == 0
    assert len(metrics("first")) == 2
