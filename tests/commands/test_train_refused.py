"""What ``cnncalc train`` refuses, before anything starts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from cnncalc.train.recipe.presets import load_recipe
from tests.commands.conftest import Cnncalc, Train
from tests.commands.test_train import PETS, SPEC
from tests.train.data.files import write_images

# ---- what is refused

ONE_CLASS = (
    "error[bad-data]: one has one class, `cat`: a classifier needs two or more\n"
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
    "input 8x8x1\nfc 2 --data grey --colour rgb": (
        "error[data-differs]: `--colour rgb` needs an input of 3 channels, and the spec's input is 8x8x1\n"
        "  = write `input 8x8x3`, or leave the option out: the images become grey\n"
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
    "input 8x8x1\nconv 2x2x10 s2 --data digits": (
        "error[no-classifier]: the network's output is 4x4x10; a classifier needs one output per class\n"
        "  = end it with `gap - fc 10`, or `fc 10`, for as many classes as there are\n"
        "  = or make it as large as the input, 8x8x1, for a class of each pixel\n"
    ),
    "input 28x28x1\nfc 10 --data digits": (
        "error[data-differs]: the images of digits are 8x8x1, and the spec's input is 28x28x1\n"
        "  = write `input 8x8x1`\n"
        "  = `--resize pad`, `crop` or `stretch` brings them to the input's size\n"
    ),
    "input 8x8x1\nfc 10 --data digit": (
        "error[no-such-data]: there is no data set or folder `digit`\n"
        "  = did you mean `digits`?\n"
        "  = known are auto, digits, mnist, fashion-mnist, cifar10, cifar100, synthetic, and the paths of folders, "
        ".npz and .csv files\n"
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
    "x --limit 0": "error[usage]: Invalid value for '--limit': 0 is not in range: at least 1.",
    "x --resume run --epochs 3 --data digits --resize pad --recipe fast": (
        "error[usage]: --resume takes these from the run; leave out SPEC, --resize, --recipe"
    ),
    "x --learning-rate-of conv1=2x,fc1=0x": (
        "error[usage]: Invalid value for '--learning-rate-of': 'conv1=2x,fc1=0x' is not parts and factors, such as "
        "head=10x: a part that is not to learn is frozen, --freeze fc1"
    ),
    "x --learning-rate-of fc1=1e999x": (
        "error[usage]: Invalid value for '--learning-rate-of': 'fc1=1e999x' is not parts and factors, such as head=10x"
    ),
    "--resume run --set width=16 --input 8x8x1": (
        "error[usage]: --resume takes these from the run; leave out --input, --set"
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
        "  = `--resize pad`, `crop` or `stretch` brings them to the input's size\n"
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


def test_unfreezing_needs_what_is_frozen(cnncalc: Cnncalc, folder: Path) -> None:
    done = cnncalc("train", SPEC, "--data", "digits", "--unfreeze", "2")
    assert (done.status, done.out, done.err) == (
        2,
        "",
        "error[usage]: --unfreeze has no effect without --freeze, which names the parts\n"
        "  = see `cnncalc train --help`\n",
    )
