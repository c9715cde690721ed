"""Run the command line in this process, as a pipe would see it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cnncalc.commands.cli import run


class Finished(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


Cnncalc = Callable[..., Finished]
Train = Callable[..., Finished]


@pytest.fixture
def cnncalc(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cnncalc:
    """Return a function that runs ``cnncalc`` with some arguments and a text on standard input."""

    def call(*arguments: str, stdin: bytes = b"") -> Finished:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run(list(arguments))
        return Finished(status, *capfd.readouterr())

    return call


@pytest.fixture(scope="session")
def one_thread() -> None:
    """Networks of the tests are small, and several tests run beside each other."""
    import torch  # the calculator's tests do without

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    """A run that tells most digits apart, and the image of a seven."""
    from PIL import Image
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("trained")
    spec = "input 8x8x1\nconv 3x3x8 p1 - bn - relu - pool2\nfc 10 - softmax"
    settings = ["--data", "digits", "--epochs", "4", "--batch", "32", "--learning-rate", "0.02", "--quiet"]
    assert run(["train", spec, *settings, "--device", "cpu", "--out", str(folder / "first")]) == 0
    seven = load_digits().images[7] * 255 / 16
    Image.fromarray(seven.round().astype("uint8")).save(folder / "seven.png")
    return folder


@pytest.fixture
def first(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the test runs, with a run of its own in `first`, and `seven.png`."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def train(cnncalc: Cnncalc, folder: Path) -> Train:
    """A function that runs ``cnncalc train`` in an empty folder."""
    return lambda *arguments: cnncalc("train", *arguments)
