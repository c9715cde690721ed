"""Going on with a run: what may be changed, what has to be as it was, and who else may write it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncalc.train.data import DataRequest
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.run import planning
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.lock import held
from cnncalc.train.run.signals import Signals
from tests.train.data.files import write_images
from tests.train.runs import RANDOM, SPEC, Heard, make_observer, train, weights

Complaint = Callable[..., str]
PLAIN = "input 8x8x1\nfc 10"
DATA = DataRequest("d.npz")


def resume(
    out: str, heard: Heard | None = None, *, accept: bool = False, data: dict[str, Any] | None = None, **changes: Any
) -> Any:
    """Go on with a run in this process, with some settings changed, or data that lie elsewhere."""
    request = planning.ResumeRequest(changes, accept, data or {})
    return planning.resume(out, "cpu", make_observer(heard), Signals(), request)


def facts(run: str = "run") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(run, "run.json").read_text())
    return found


def rotated_labels(path: str) -> None:
    """Write the same images with the labels of their neighbours."""
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, "y_train": np.roll(arrays["y_train"], 1)})


@pytest.fixture
def half(folder: Path) -> Path:
    """A run on an .npz file that was stopped after one of two epochs."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (60, 8, 8), dtype=np.uint8)
    np.savez("d.npz", x_train=images, y_train=np.arange(60) % 10, x_test=images[:20], y_test=np.arange(20) % 10)
    signals = Signals()
    heard = Heard(epoch=lambda row: signals.receive(15, None))
    train(PLAIN, "run", data=DATA, epochs=2, signals=signals, heard=heard)
    return folder


# ---- what is as it was


def test_labels_that_were_rotated_are_refused(half: Path, complaint: Complaint) -> None:
    """The images, their number and the classes are the same."""
    rotated_labels("d.npz")
    assert complaint(resume, "run") == (
        "error[other-data]: the data d.npz are not those that the run began with\n"
        "  = images, labels or names of classes have changed: put them back as they were, or begin a new run\n"
        "  = or continue with them: cnncalc train --resume run --accept-changes"
    )
    assert len(Path("run/metrics.csv").read_text().splitlines()) == 2


@pytest.mark.slow
def test_who_insists_goes_on_and_it_is_written_down(half: Path) -> None:
    """What is accepted once need not be accepted again."""
    before = facts()["fingerprints"]
    rotated_labels("d.npz")
    Path("run/spec.txt").write_text(PLAIN + " # edited")
    heard = Heard()
    resume("run", heard, accept=True)
    after = facts()
    assert heard.all("note") == ["changed from step 2 on: another spec, other data"]
    assert after["changes"] == [
        {"step": 2, **{name: [before[name], after["fingerprints"][name]] for name in ("spec", "data")}}
    ]
    assert resume("run").complete


@pytest.mark.slow
def test_data_that_only_moved_are_the_same(half: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may be written anew; a run's folder may be gone on with from anywhere."""
    with np.load("d.npz") as file:
        arrays = dict(file)
    np.savez_compressed("d.npz", **arrays)
    (half / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert resume("../run").complete


def test_data_that_are_named_where_they_were_moved(half: Path) -> None:
    """The run knows their new place from then on, and is the run that it would have been."""
    train(PLAIN, "whole", data=DATA, epochs=2)
    Path("moved").mkdir()
    Path("d.npz").rename("moved/e.npz")
    heard, before = Heard(), facts()
    assert resume("run", heard, data={"data": "moved/e.npz"}).complete
    old, new = str(half / "d.npz"), str(half / "moved" / "e.npz")
    assert heard.all("note") == [f"changed from step 2 on: data-path {old} → {new}"]
    assert facts()["changes"] == [{"step": 2, "data-path": [old, new]}]
    assert facts()["fingerprints"] == before["fingerprints"]
    assert weights("run") == weights("whole")
    assert resume("run").complete


def more_images(path: str, count: int) -> None:
    """Write a file of the same test images and another number of training images."""
    with np.load("d.npz") as file:
        arrays = dict(file)
    images = np.random.default_rng(1).integers(0, 256, (count, 8, 8), dtype=np.uint8)
    np.savez(path, **{**arrays, "x_train": images, "y_train": np.arange(count) % 10})


def test_more_images_give_the_epochs_that_follow_more_steps(half: Path) -> None:
    """60 images in batches of 32 are 2 steps, 100 are 4."""
    more_images("more.npz", 100)
    heard = Heard()
    assert resume("run", heard, data={"data": "more.npz"}, epochs=3).complete
    said = heard.all("note")[0]
    assert said.startswith("changed from step 4 on: epochs 2 → 3, data-path ")
    assert said.endswith("more.npz, images 60 → 100, other data")
    steps = [row.split(",")[1] for row in Path("run/metrics.csv").read_text().splitlines()]
    assert steps == ["step", "2", "8", "12"]
    assert facts()["images"] == 100
    assert resume("run", epochs=4).complete


def test_an_epoch_that_was_broken_off_begins_anew_with_more_images(folder: Path) -> None:
    """Some of its steps were taken with the images that there were; the run stops in it once more."""
    train_images = np.random.default_rng(0).integers(0, 256, (96, 8, 8), dtype=np.uint8)
    np.savez("d.npz", x_train=train_images, y_train=np.arange(96) % 10, x_test=train_images, y_test=np.arange(96) % 10)
    signals = Signals()
    train(PLAIN, "run", data=DATA, epochs=2, signals=signals, heard=Heard(steps=lambda seen: signals.receive(15, None)))
    more_images("more.npz", 160)
    assert resume("run", data={"data": "more.npz"}).complete
    steps = [row.split(",")[1] for row in Path("run/metrics.csv").read_text().splitlines()]
    assert steps[-1] == str(2 * 5)


def test_images_that_were_added_where_the_data_lie(half: Path, complaint: Complaint) -> None:
    more_images("d.npz", 70)
    assert complaint(resume, "run") == (
        "error[other-data]: the run was trained on 60 images; there are 70 now\n"
        "  = a run continues with the data that it began with\n"
        "  = or continue with them: cnncalc train --resume run --accept-changes"
    )
    assert resume("run", accept=True).complete
    assert facts()["changes"][0]["images"] == [60, 70]


def test_other_data_have_the_same_classes(half: Path, complaint: Complaint) -> None:
    write_images(half / "pets", count=5, size="8x8x1")
    assert complaint(resume, "run", data={"data": "pets"}) == (
        "error[data-differs]: pets has 2 classes, and the network 10 outputs\n"
        "  = it was trained on other classes: name data that have the same"
    )


def test_a_run_that_is_older_than_fingerprints_goes_on(folder: Path) -> None:
    """It has none, and its validation images are the same as ever: not the same share of every class."""
    write_images(folder / "pets", count=20)
    spec, data = "input 8x8x3\nfc 2", DataRequest("pets")
    train(spec, "run", data=data, epochs=1)
    old = {key: value for key, value in facts().items() if key not in ("fingerprints", "changes")}
    Path("run/run.json").write_text(json.dumps(old))
    assert resume("run", epochs=2).complete
    assert facts()["fingerprints"] == {}


# ---- what may be changed


def test_a_smaller_learning_rate_leads_out_of_a_nan(folder: Path, complaint: Complaint) -> None:
    """The advice of the error is followed to the letter."""
    text = complaint(train, SPEC, "run", optimizer="sgd", learning_rate=1e30)
    assert "cnncalc train --resume run --learning-rate 0.1\n" in text
    heard = Heard()
    assert resume("run", heard, learning_rate="0.1").complete
    assert heard.all("note") == ["changed from step 0 on: learning-rate 1e+30 → 0.1"]
    assert facts()["changes"] == [{"step": 0, "learning-rate": [1e30, 0.1]}]
    assert RunFolder("run").recipe().learning_rate == 0.1


def test_a_run_with_a_change_is_the_run_that_began_with_it(folder: Path) -> None:
    """To the bit, where the change comes before the first step; and the change stays in the run."""
    train(SPEC, "whole", **RANDOM, weight_decay=0.1)
    signals = Signals()
    train(
        SPEC,
        "run",
        **RANDOM,
        signals=signals,
        heard=Heard(begin=lambda event: signals.receive(15, None)),
        time_limit=1e-9,
    )
    assert RunFolder("run").recipe().weight_decay != 0.1
    resume("run", weight_decay=0.1, time_limit=0)
    assert weights("run") == weights("whole")


def test_what_is_not_changed_is_not_written_down(half: Path) -> None:
    assert resume("run", learning_rate=RunFolder("run").recipe().learning_rate).complete
    assert facts()["changes"] == []


FIXED = {
    "batch": "the step at which it stands is counted in batches",
    "optimizer": "its state belongs to the optimizer",
    "ema": "its averaged weights began with the run",
    "normalise": "its weights have learned from images that are normalised as they are",
    "validation": "other images would be trained on",
    "folds": "other images would be trained on",
    "seed": "the order of the images is drawn from it",
}
OTHERS = {"batch": 16, "optimizer": "sgd", "ema": 0.5, "normalise": "none", "validation": 0.5, "folds": 3, "seed": 7}


@pytest.mark.slow
@pytest.mark.parametrize("name", FIXED)
def test_what_a_run_keeps(half: Path, complaint: Complaint, name: str) -> None:
    before = facts()
    assert complaint(resume, "run", **{name: OTHERS[name]}) == (
        f"error[fixed-setting]: --{name.replace('_', '-')} cannot be changed in a run that has begun: {FIXED[name]}\n"
        "  = leave it out, or begin a new run: cnncalc train SPEC … --out ANOTHER"
    )
    assert facts() == before


def test_a_change_is_kept_only_where_the_run_goes_on(half: Path, complaint: Complaint) -> None:
    """Not where its checkpoints are damaged."""
    before = Path("run/recipe.toml").read_bytes(), Path("run/run.json").read_bytes()
    for path in Path("run/checkpoints").iterdir():
        path.write_bytes(b"")
    assert complaint(resume, "run", learning_rate=0.5).startswith("error[bad-checkpoint]: ")
    assert (Path("run/recipe.toml").read_bytes(), Path("run/run.json").read_bytes()) == before


# ---- one process at a time

HOLDER = """
import sys
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.lock import held
from cnncalc.train.engine.distributed import Processes
with held(RunFolder("run"), Processes()):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(half: Path) -> Any:
    """Another process that holds the run."""
    root = str(Path(__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_a_run_that_another_process_writes_is_left_alone(holder: Any, complaint: Complaint) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in Path("run").rglob("*"))
    text = complaint(resume, "run", learning_rate=0.5)
    name = os.uname().nodename
    assert text == (
        f"error[run-in-use]: another process writes the run `run`: process {holder.pid} on {name}\n"
        "  = wait until it has ended, or stop it"
    )
    assert sorted((path, path.stat().st_mtime_ns) for path in Path("run").rglob("*")) == before


@pytest.mark.slow
def test_a_run_whose_process_was_killed_can_be_gone_on_with(holder: Any) -> None:
    """The lock goes with the process; its file does no harm."""
    holder.kill()
    holder.wait()
    assert Path("run/lock").exists()
    assert resume("run").complete
    assert not Path("run/lock").exists()


def test_a_lock_that_was_removed_meanwhile_is_taken_anew(half: Path) -> None:
    with held(RunFolder("run"), Processes()):
        assert Path("run/lock").read_text() == f"process {os.getpid()} on {os.uname().nodename}"
    assert not Path("run/lock").exists()


def test_a_folder_whose_name_is_no_text(half: Path) -> None:
    """A name of bytes that are no UTF-8, as a shell hands it over; the run goes on, and is what was typed."""
    name = os.fsdecode(b"a\xff")
    train(PLAIN, name, data=DATA, epochs=1)
    assert resume(name, epochs=2).complete
    assert facts(name)["changes"][0]["epochs"] == [1, 2]
