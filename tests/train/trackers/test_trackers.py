"""Logs for other programs, read back by each program's own library; nothing leaves this machine."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnncalc.commands.cli import run as cnncalc
from cnncalc.train.events import Observers
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.run.history import read_history
from cnncalc.train.trackers import TRACKERS, make_trackers
from tests.train.runs import SPEC, Heard, train
from tests.train.runs import resume as resume_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::Warning"),  # those of the libraries are theirs
]


@pytest.fixture(autouse=True)
def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no connection leave this machine, and no file the folder of the test."""
    own = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        assert host in ("127.0.0.1", "::1", "localhost"), address
        own(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    for name in ("WANDB_MODE", "WANDB_API_KEY", "MLFLOW_TRACKING_URI", "TRACKIO_SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))


def logged(name: str, **changes: Any) -> list[EpochMetrics]:
    """Train with a tracker, and return what the epochs came to."""
    (tracker,) = make_trackers([name])
    train(SPEC, "run", heard=Observers(Heard(), tracker), **changes)
    return list(read_history("run/metrics.csv", "run/gradients.csv").rows)


def test_tensorboard_finds_every_epoch(folder: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    rows = logged("tensorboard")
    found = EventAccumulator(str(folder / "run" / "tensorboard"))
    found.Reload()
    seen = [(event.step, event.value) for event in found.Scalars("epoch/test_accuracy")]
    assert [step for step, _ in seen] == [row.step for row in rows]
    assert [value for _, value in seen] == pytest.approx([row.score for row in rows], abs=1e-6)


def test_mlflow_has_parameters_and_metrics_of_one_run(folder: Path) -> None:
    """In `mlflow.db` of the current folder; a run that goes on is the same one."""
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    logged("mlflow", epochs=2)
    path = folder / "run" / "recipe.toml"
    path.write_text(path.read_text().replace("epochs = 2\n", "epochs = 3\n"))
    (tracker,) = make_trackers(["mlflow"])
    resume_run("run", Observers(Heard(), tracker))
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("cnncalc")
    (run,) = client.search_runs([experiment.experiment_id])
    rows = read_history("run/metrics.csv", "run/gradients.csv").rows
    assert (run.info.run_name, run.info.status) == ("run", "FINISHED")
    assert (run.data.params["optimizer"], run.data.params["batch"]) == ("adamw", "32")
    seen = client.get_metric_history(run.info.run_id, "epoch/test_accuracy")
    assert [(one.step, one.value) for one in seen] == [(row.step, row.score) for row in rows]
    assert len(seen) == 3
    assert run.data.tags["best_accuracy"] == str(max(row.score or 0 for row in rows))


def chunks(data: bytes) -> Iterator[bytes]:
    """Yield the records of a log in the format of LevelDB (doc/log_format.md there), after W&B's 7 bytes."""
    place, whole = 7, b""
    while place + 7 <= len(data):
        left = 32_768 - place % 32_768
        if left < 7:
            place += left
            continue
        length, kind = struct.unpack_from("<HB", data, place + 4)
        whole += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # FULL and LAST; FIRST is 2 and MIDDLE 3
            yield whole
            whole = b""


def test_wandb_writes_offline_and_nothing_of_the_machine(folder: Path) -> None:
    """Its own messages have the metrics of every epoch, and the settings."""
    pytest.importorskip("wandb")
    from wandb.proto import wandb_internal_pb2

    rows = logged("wandb")
    (log,) = (folder / "run" / "wandb").glob("offline-run-*/*.wandb")
    records = [wandb_internal_pb2.Record.FromString(data) for data in chunks(log.read_bytes())]
    history = [
        {item.nested_key[0] if item.nested_key else item.key: json.loads(item.value_json) for item in one.history.item}
        for one in records
        if one.WhichOneof("record_type") == "history"
    ]
    seen = [(entry["step"], entry["epoch/test_accuracy"]) for entry in history if "epoch/test_accuracy" in entry]
    assert seen == [(row.step, row.score) for row in rows]
    (run,) = [one.run for one in records if one.WhichOneof("record_type") == "run"]
    settings = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert (run.project, run.display_name, settings["optimizer"]) == ("cnncalc", "run", "adamw")
    assert run.run_id == json.loads((folder / "run" / "tracking.json").read_text())["id"]
    assert (run.host, run.git.remote_url) == ("localhost", "")


def test_trackio_has_every_epoch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read from its database on this machine. The library is not in `dev`: it has many packages."""
    monkeypatch.setenv("TRACKIO_DIR", str(folder / "trackio"))
    pytest.importorskip("trackio")
    from trackio.sqlite_storage import SQLiteStorage

    rows = logged("trackio")
    name = f"run-{json.loads((folder / 'run' / 'tracking.json').read_text())['id']}"
    entries = SQLiteStorage.get_logs("cnncalc", name)
    seen = [(entry["step"], entry["epoch/test_accuracy"]) for entry in entries if "epoch/test_accuracy" in entry]
    assert seen == [(row.step, row.score) for row in rows]


@pytest.mark.parametrize("name", TRACKERS)
def test_a_log_that_cannot_begin_is_one_clear_error(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, complaint: Any
) -> None:
    pytest.importorskip(name)
    (tracker,) = make_trackers([name])

    def refuse(run: object) -> None:
        raise RuntimeError("the disk is full\nand more")

    monkeypatch.setattr(tracker, "open", refuse)
    assert complaint(train, SPEC, "run", heard=tracker) == (
        f"error[no-log]: {tracker.title} cannot log this run: the disk is full\n"
        "  = the run is saved: `--resume` continues it"
    )


def test_a_log_that_fails_later_does_not_end_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tracker,) = make_trackers(["tensorboard"])

    def refuse(*arguments: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(tracker, "add", refuse)
    assert train(SPEC, "run", heard=tracker).complete
    assert capsys.readouterr().err == "warning: TensorBoard stopped logging: no route to host; training continues\n"


def test_names_are_checked_before_anything_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cnncalc(["train", SPEC, "--data", "digits", "--log", "tensorbord,wandb", "--out", "run"]) == 2
    assert capsys.readouterr().err == (
        "error[usage]: Invalid value for '--log': 'tensorbord' is not one of tensorboard, wandb, mlflow, trackio, "
        "zeus; did you mean `tensorboard`?\n  = see `cnncalc train --help`\n"
    )
    assert not (folder / "run").exists()


def test_a_missing_package_is_named_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cnncalc.train.trackers.find_spec", lambda name: None)
    assert cnncalc(["train", SPEC, "--data", "digits", "--log", "mlflow", "--out", "run"]) == 1
    assert capsys.readouterr().err == (
        'error[not-installed]: this needs mlflow, which is not installed: pip install "cnncalc[mlflow]"\n'
    )
    assert not (folder / "run").exists()


def test_the_old_option_is_one_of_them(folder: Path) -> None:
    arguments = ["--data", "digits", "--limit", "64", "--epochs", "1", "--quiet", "--device", "cpu", "--out", "run"]
    assert cnncalc(["train", SPEC, *arguments, "--tensorboard", "--log", "tensorboard"]) == 0
    assert len(list((folder / "run" / "tensorboard").iterdir())) == 1
