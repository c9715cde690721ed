"""``cnncalc train``: what is printed, what is written, and what is refused before anything starts."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnncalc.train.recipe.presets import load_recipe
from tests.commands.conftest import Cnncalc, Finished
from tests.train.data.files import write_images

pytestmark = pytest.mark.usefixtures("one_thread")

SPEC = "input 8x8x1\nconv 3x3x4 p1 - bn - relu - pool2\nfc 10"
QUICK = ("--data", "digits", "--limit", "64", "--epochs", "2", "--batch", "32", "--device", "cpu")
PETS = "input 8x8x3\nfc 2"

Train = Callable[..., Finished]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def train(cnncalc: Cnncalc, folder: Path) -> Train:
    """A function that runs ``cnncalc train`` in an empty folder."""
    return lambda *arguments: cnncalc("train", *arguments)


def metrics(run: str) -> list[dict[str, str]]:
    with Path(run, "metrics.csv").open(newline="") as file:
        return [*csv.DictReader(file)]


# ---- what is printed

PRINTED = """\
network         text: 8x8x1 → 1x1x10, 698 parameters
data            digits (scikit-learn): 64 images to train on, 360 to test; 10 classes
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

  cnncalc evaluate first        accuracy per class and the confusion matrix
  cnncalc predict first IMAGE   classifies images
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
    assert shown == ["evaluate first"]
    assert cnncalc(*shown[0].split()).status == 0


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
    assert shown[-10:] == PRINTED.splitlines()[-10:]
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


# ---- what is refused

ONE_CLASS = (
    "error[bad-data]: one has one class, `cat`: there is nothing to tell apart\n"
    "  = images lie in a folder for each class: train/CLASS/*.png and test/CLASS/*.png, or CLASS/*.png alone\n"
)
REFUSED = {
    f"{PETS} --data pets --device cuda": (
        "error[no-device]: PyTorch finds no CUDA GPU here\n  = leave out --device, or say --device cpu\n"
    ),
    f"{PETS} --data pets --device gpu": (
        "error[bad-device]: there is no device `gpu`\n  = devices are auto, cpu, cuda, cuda:0, mps\n"
    ),
    f"{PETS} --data empty": (
        "error[bad-data]: empty has no classes\n"
        "  = images lie in a folder for each class: train/CLASS/*.png and test/CLASS/*.png, or CLASS/*.png alone\n"
    ),
    f"{PETS} --data one": ONE_CLASS,
    f"{PETS} --data grey": (
        "error[data-differs]: `{folder}/grey/cat/0.png`: it is 8x8x1 (grey, 1 channel), and the spec's input is 8x8x3 "
        "(colour, 3 channels)\n"
        "  = write `input 8x8x1`: it is so with all 6 images\n"
    ),
    "input 8x8x1\nfc 9 --data digits": (
        "error[data-differs]: digits has 10 classes, and the network 9 outputs\n"
        "  = write `fc 10` in line 2 in place of `fc 9`\n"
    ),
    "param classes = 9\ninput 8x8x1\nfc {classes} - softmax --data digits": (
        "error[data-differs]: digits has 10 classes, and the network 9 outputs\n"
        "  = write `fc 10` in line 3 in place of `fc 9`\n"
        "  = or `--set classes=10`\n"
    ),
    "input 8x8x1\nconv 3x3x10 --data digits": (
        "error[no-classifier]: the network's output is 6x6x10; a classifier needs one output per class\n"
        "  = end it with `gap - fc 10`, or `fc 10`, for as many classes as there are\n"
    ),
    "input 28x28x1\nfc 10 --data digits": (
        "error[data-differs]: the images of digits are 8x8x1, and the spec's input is 28x28x1\n"
        "  = write `input 8x8x1`\n"
        "  = `--resize crop` or `--resize stretch` brings them to the input's size\n"
    ),
    "input 8x8x1\nfc 10 --data digit": (
        "error[no-such-data]: there is no data set or folder `digit`\n"
        "  = did you mean `digits`?\n"
        "  = known are auto, digits, mnist, fashion-mnist, cifar10, cifar100, synthetic, and the paths of folders and "
        ".npz files\n"
    ),
    f"{PETS} --data pets --precision fp16": (
        "error[no-precision]: fp16 is for GPUs: on a CPU it is slow and saves nothing\n"
        "  = say --precision bf16, or float32\n"
    ),
    f"{PETS} --data pets --recipe fats": (
        "error[no-such-recipe]: there is no recipe `fats`\n"
        "  = did you mean `fast`?\n"
        "  = recipes are default, fast, lecture, or the path of a TOML file\n"
    ),
    f"{PETS} --data pets --mixup 1 --cutmix 1": (
        "error[bad-recipe]: mixup and cutmix cannot both be on\n  = set one of them to 0\n"
    ),
    f"{PETS} --data pets --out pets": (
        "error[run-exists]: there is something in `pets` already\n"
        "  = to continue it: cnncalc train --resume pets\n"
        "  = or name another folder with --out\n"
    ),
    "--resume pets": (
        "error[no-run]: `pets` is not a training run: it has no run.json\n"
        "  = name the folder that `cnncalc train` wrote\n"
    ),
}


@pytest.mark.parametrize("asked", REFUSED)
def test_what_cannot_be_trained_is_one_clear_error(train: Train, folder: Path, asked: str) -> None:
    """With how to mend it, before anything is written."""
    write_images(folder / "pets", count=5)
    write_images(folder / "one", ("cat",))
    write_images(folder / "grey", size="8x8x1")
    (folder / "empty").mkdir()
    before = sorted(folder.rglob("*"))

    spec, *options = re.split(r" ?(?=--)", asked)
    done = train(*filter(None, [spec]), *" ".join(options).split())
    assert done == (1, "", REFUSED[asked].replace("{folder}", str(folder)))
    assert sorted(folder.rglob("*")) == before


WRONG_CALLS = {
    "": "error[usage]: name the SPEC to train, or the run to continue: --resume RUN",
    "x --batch 0": ("error[usage]: Invalid value for '--batch': '0' is not a whole number of at least 1"),
    "x --optimizer lion": (
        "error[usage]: Invalid value for '--optimizer': 'lion' is not one of adadelta, adam, adamw, muon, rmsprop, sgd"
    ),
    "x --momentum 1": ("error[usage]: Invalid value for '--momentum': '1' is not a number of at least 0 and below 1"),
    "x --time-limit soon": (
        "error[usage]: Invalid value for '--time-limit': 'soon' is not a time such as 90s, 10m or 2h"
    ),
    "x --limit 0": "error[usage]: Invalid value for '--limit': 0 is not in the range x>=1.",
    "x --resume run --epochs 3 --data digits --recipe fast": (
        "error[usage]: --resume takes these from the run; leave out SPEC, --data, --recipe"
    ),
    "x --accept-changes": (
        "error[usage]: --accept-changes goes with --resume RUN: a new run has nothing that could have changed"
    ),
}


@pytest.mark.parametrize("call", WRONG_CALLS)
def test_a_wrong_call(train: Train, call: str) -> None:
    assert train(*call.split()) == (2, "", f"{WRONG_CALLS[call]}\n  = see `cnncalc train --help`\n")


def test_in_json_mode_a_fault_is_json_too(train: Train) -> None:
    done = train(PETS, "--data", "nowhere", "--json")
    assert (done.status, done.out) == (1, "")
    fault = json.loads(done.err)
    assert (fault["code"], fault["message"]) == ("no-such-data", "there is no data set or folder `nowhere`")
    assert json.loads(train(PETS, "--json", "--epochs", "0").err)["code"] == "usage"


def test_auto_says_what_it_picked(train: Train) -> None:
    done = train(SPEC, "--limit", "64", "--epochs", "1", "--out", "first", "--device", "cpu")
    assert "data chosen     digits, since the input is 8x8x1\n" in done.out


def test_images_that_cannot_be_read_are_named_and_left_out(train: Train, folder: Path) -> None:
    write_images(folder / "pets", count=10)
    (folder / "pets" / "cat" / "0.png").write_bytes(b"no image")
    done = train(PETS, "--data", "pets", "--epochs", "1", "--out", "first")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error[unreadable-image]: ")
    assert not Path("first").exists()
    done = train(PETS, "--data", "pets", "--epochs", "1", "--out", "first", "--unreadable", "skip")
    assert done.status == 0
    assert re.search(r"^left out        .*0\.png", done.out, re.MULTILINE)


def test_a_pixel_more_or_less_is_said_of_npz_files_too(train: Train, folder: Path) -> None:
    np.savez(folder / "d.npz", x_train=np.zeros((20, 9, 8), np.uint8), y_train=np.arange(20) % 10)
    assert train(SPEC, "--data", "d.npz").err == (
        "error[data-differs]: the images of d.npz are 9x8x1, and the spec's input is 8x8x1\n"
        "  = write `input 9x8x1`\n"
        "  = `--resize crop` or `--resize stretch` brings them to the input's size\n"
    )


def test_a_setting_of_another_optimizer_is_refused(cnncalc: Cnncalc, folder: Path) -> None:
    """What would have no effect is said, with who reads it."""
    done = cnncalc("train", SPEC, "--data", "digits", "--rho", "0.5", "--out", "run")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "error[usage]: --rho has no effect with adamw; it is Smoothing α (rmsprop) or ρ (adadelta). Leave it out, or "
        "choose another --optimizer\n  = see `cnncalc train --help`\n"
    )
    assert not Path("run").exists()


@pytest.mark.parametrize(("written", "kept"), [("bfloat16", "bf16"), ("float16", "fp16"), ("bf16", "bf16")])
def test_precisions_as_people_write_them(written: str, kept: str) -> None:
    assert load_recipe("default", {"precision": written}).precision == kept
