"""What is larger than the machine's memory is refused before anything is made. The oracle is arithmetic."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cnncalc as library
from cnncalc.model import room
from cnncalc.model.export import onnx, pt2
from cnncalc.train.engine import step_memory
from tests.commands.conftest import Cnncalc
from tests.oracle.torch_memory import fake_mode

HUGE = 10**12


@pytest.fixture(autouse=True)
def four_gibibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (room, step_memory):
        monkeypatch.setattr(module, "machine_bytes", lambda: 4 * 2**30)


@pytest.mark.parametrize(
    ("text", "volume", "bytes_text"),
    [
        ("scale", f"1x1x{HUGE}", "3.6 TiB"),  # 4·10¹² = 3.638·2⁴⁰
        (f"conv 3x3x{HUGE} nobias", "3x3x1", "32.7 TiB"),  # 9·4·10¹² = 32.74·2⁴⁰
        ("fc 300000 nobias", "1x1x4000", "4.5 GiB"),  # 300,000·4,000·4 = 4.47·2³⁰
    ],
)
def test_weights_that_are_larger_than_the_memory(text: str, volume: str, bytes_text: str) -> None:
    network = library.load(text, input=volume)
    with pytest.raises(library.SpecError) as caught:
        library.build(network)
    assert caught.value.code == "out-of-memory"
    assert str(caught.value) == (
        f"the weights take {bytes_text}, and this machine has 4.0 GiB\n  = make the network or its input smaller"
    )


def test_tensors_without_memory_may_be_as_large_as_one_likes() -> None:
    network = library.load("scale", input=f"1x1x{HUGE}")
    with fake_mode():
        assert sum(weight.numel() for weight in library.build(network).parameters()) == HUGE
    assert sum(weight.numel() for weight in library.build(network, device="meta").parameters()) == HUGE


@pytest.mark.parametrize("write", [onnx, pt2])
def test_images_that_are_larger_than_the_memory(write: object) -> None:
    """Two are traced: 2·3·8·10¹²·4 bytes = 174.6·2⁴⁰."""
    with pytest.raises(library.SpecError) as caught:
        write(library.load("relu", input=f"{HUGE}x8x3"))  # type: ignore[operator]
    assert str(caught.value).splitlines()[0] == "2 images take 175 TiB, and this machine has 4.0 GiB"


@pytest.mark.parametrize("name", ["x.pt", "x_keras.py", "x.json"])
def test_export_writes_nothing(cnncalc: Cnncalc, tmp_path: Path, name: str) -> None:
    done = cnncalc("export", f"conv 3x3x{HUGE}", "--input", "3x3x1", "--seed", "0", "-o", str(tmp_path / name))
    assert (done.status, done.out, done.err) == (
        1,
        "",
        "error[out-of-memory]: the weights take 36.4 TiB, and this machine has 4.0 GiB\n"
        "  = make the network or its input smaller\n",
    )
    assert not list(tmp_path.iterdir())


def test_images_whose_bytes_pytorch_cannot_count_are_refused_by_verify(cnncalc: Cnncalc) -> None:
    done = cnncalc("verify", "relu", "--input", f"{HUGE}x{HUGE}x3")
    assert done.status == 1
    first, second = done.err.splitlines()
    assert first.startswith(f"error[not-in-pytorch]: PyTorch refuses 2 images of {HUGE}x{HUGE}x3: Storage size ")
    assert second == "  = its numbers are right nevertheless, but it cannot be trained or exported so"


@pytest.mark.parametrize("layers", [f"fc {HUGE} - fc 10", f"upsample x{10**8} - gap - fc 10"])
def test_training_is_refused_before_anything_starts(cnncalc: Cnncalc, layers: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = cnncalc("train", f"input 8x8x1\n{layers}", "--data", "digits", "--batch", "64", "--out", str(run))
    assert (done.status, done.out) == (1, "")
    first, second = done.err.splitlines()
    assert first.startswith("error[out-of-memory]: a step of 64 images takes ")
    assert first.endswith(" by prediction, and this machine has 4.0 GiB")
    assert second == "  = make the network or its input smaller"
    assert not run.exists()


def test_a_batch_that_is_too_large_says_which_would_fit(
    cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One more is refused, and so many are not."""
    monkeypatch.setattr(step_memory, "machine_bytes", lambda: 2**20)
    asked = ("train", "input 8x8x1\nconv 3x3x16 p1 - relu - gap - fc 10", "--data", "digits")
    shown = ("--show-batch", str(tmp_path / "batch.png"))
    done = cnncalc(*asked, *shown, "--batch", "512")
    first, second = done.err.splitlines()
    assert (done.status, first.split(" takes ")[0]) == (1, "error[out-of-memory]: a step of 512 images")
    found = re.fullmatch("  = give a smaller --batch: ([0-9]+) would fit by prediction", second)
    assert found is not None
    fits = int(found[1])
    assert cnncalc(*asked, *shown, "--batch", str(fits + 1)).err.splitlines()[1] == second
    assert cnncalc(*asked, *shown, "--batch", str(fits)).status == 0
