"""Training, testing, predicting and inspecting from a program, as the command line does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_digits

import cnncalc
from cnncalc.commands.cli import run as command
from cnncalc.shown_run import TrainingRun

pytestmark = pytest.mark.slow

SPEC = "input 8x8x1\nparam width = 4\nconv 3x3x{width} p1 - bn - relu - pool2\nfc 10 - softmax"
SHORT = {"data": "digits", "limit": 200, "epochs": 2, "batch": 32, "speed": "plain", "device": "cpu", "quiet": True}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> TrainingRun:
    return cnncalc.train_network(SPEC, out="run", **SHORT)


def weights(name: str) -> bytes:
    return (Path(name) / "best.safetensors").read_bytes()


def test_it_trains_what_the_command_trains(folder: Path) -> None:
    """The same weights to the bit, for a text and for a network that was loaded."""
    cnncalc.train_network(SPEC, out="text", params={"width": 6}, **SHORT)
    cnncalc.train_network(cnncalc.load(SPEC, params={"width": 6}), out="loaded", **SHORT)
    options = [
        *("--data", "digits", "--limit", "200", "--epochs", "2", "--batch", "32"),
        *("--speed", "plain", "--device", "cpu", "--quiet"),
    ]
    assert command(["train", SPEC, "--set", "width=6", *options, "--out", "typed"]) == 0
    assert weights("text") == weights("loaded") == weights("typed")


def test_it_prints_a_line_for_every_epoch(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = cnncalc.train_network(SPEC, out="run", **{**SHORT, "quiet": False})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.strip().startswith(("1/2", "2/2"))] == ["1/2", "2/2"]
    assert repr(run).startswith("<TrainingRun run: 2 of 2 epochs, best accuracy ")


def test_evaluate_is_the_command_s_table(run: TrainingRun, capsys: pytest.CaptureFixture[str]) -> None:
    found = run.evaluate(device="cpu")
    assert command(["evaluate", "run", "--device", "cpu"]) == 0
    assert capsys.readouterr().out == f"{found!r}\n"
    assert f"accuracy  {found.metrics['accuracy']:.2%} " in repr(found)
    assert f"{found.metrics['accuracy']:.2%}" in Path("run/README.md").read_text()
    assert "100 of the 360 test images of digits" in repr(run.evaluate(limit=100, device="cpu"))


def test_predict_is_what_the_command_says(run: TrainingRun, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray((load_digits().images[7] * 255 / 16).round().astype("uint8")).save("seven.png")
    found = run.predict(Path("seven.png"), top=4, device="cpu")
    assert command(["predict", "run", "seven.png", "--top", "4", "--device", "cpu", "--format", "json"]) == 0
    assert found == json.loads(capsys.readouterr().out)["predictions"]
    with pytest.raises(cnncalc.DataError, match="there is no such file"):
        run.predict("missing.png")


def test_pictures_are_png_and_are_what_the_commands_draw(run: TrainingRun, folder: Path) -> None:
    """A notebook shows them as images, which are also seen where HTML is not."""
    seen = run.inspect(only=["filters"], device="cpu")
    assert command(["inspect", "run", "--only", "filters", "--device", "cpu", "-o", "look.png"]) == 0
    assert seen.png == seen._repr_png_() == Path("look.png").read_bytes()
    run.network.picture(style="volumes").save("net.png")
    assert command(["draw", "run/spec.txt", "--style", "volumes", "--theme", "light", "-o", "drawn.png"]) == 0
    run.curves().save("curves.png")
    with Image.open("net.png") as net, Image.open("drawn.png") as drawn, Image.open("curves.png") as curves:
        assert net.size == drawn.size
        assert (curves.format, curves.width) == ("PNG", 2 * (64 + 560 + 24))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cnncalc.train_network(SPEC, epoch=3), "there is no setting `epoch`\n  = did you mean `epochs`?"),
        (
            lambda: cnncalc.train_network(cnncalc.load(SPEC), input="9x9x1"),
            "a network that was loaded has its input and its parameters",
        ),
        (lambda: cnncalc.train_network(SPEC, epochs=0), "epochs is a whole number of at least 1, not 0"),
    ],
)
def test_wrong_arguments_are_refused(call: object, message: str) -> None:
    with pytest.raises(cnncalc.CnncalcError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value).startswith(message)
