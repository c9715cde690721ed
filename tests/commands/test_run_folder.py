"""A run's folder comes from a disk or a stranger: whatever is in it, it is a run or one clear error."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from cnncalc.train.checkpoints.tensor_file import pack, unpack
from tests.commands.conftest import Cnncalc, Finished
from tests.train.mutations import MUTATIONS, Mutation
from tests.train.runs import DIGITS, train

SPEC = "input 8x8x1\nconv 3x3x4 p1 - bn - relu - pool2\nfc 10"
pytestmark = pytest.mark.usefixtures("one_thread")
COMMANDS = (
    ("evaluate", "run", "--device", "cpu"),
    ("predict", "run", "seven.png", "--weights", "last", "--device", "cpu"),
    ("train", "--resume", "run", "--device", "cpu", "--quiet"),
    ("export", "run", "-o", "weights.pt"),
    ("report", "run", "--gradients"),
    ("report", "run", "-o", "page.html", "--limit", "8", "--device", "cpu"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that stopped after one of two epochs, and an image."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("made")
    train(SPEC, str(folder / "run"), data=DIGITS._replace(limit=64), epochs=1, ema=0.9)
    path = folder / "run" / "recipe.toml"
    path.write_text(path.read_text().replace("epochs = 1", "epochs = 2"))
    Image.new("L", (8, 8), 90).save(folder / "seven.png")
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that run in the folder in which the test runs."""
    monkeypatch.chdir(tmp_path)
    fresh(made, tmp_path)
    return tmp_path


def fresh(made: Path, place: Path) -> None:
    shutil.rmtree(place / "run", ignore_errors=True)
    shutil.copytree(made, place, dirs_exist_ok=True)


def is_clear(done: Finished) -> bool:
    """Say whether a command did its work, or said in one error what is wrong."""
    first, *rest = done.err.splitlines() or [""]
    notes = [line for line in (first, *rest) if line.startswith(("note", "warning"))]
    if done.status == 0:
        return len(notes) == len(done.err.splitlines())
    known = first.startswith("error[") and not first.startswith("error[internal]")
    return done.status == 1 and known and done.err.count("error[") == 1 and "Traceback" not in done.err


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_changed_run_is_a_run_or_one_clear_error(
    cnncalc: Cnncalc,
    made: Path,
    here: Path,
    mutation: Mutation,
) -> None:
    """Six changes of each kind, or as many as CNNCALC_FUZZ says, for every command that reads a run."""
    for seed in range(int(os.environ.get("CNNCALC_FUZZ", "6"))):
        fresh(made, here)
        mutation(random.Random(seed), here / "run")
        for command in COMMANDS:
            done = cnncalc(*command)
            assert is_clear(done), (mutation.__name__, seed, command, done)


PUT_BACK = "  = put back the file that `cnncalc train` wrote\n"
NOT_WRITTEN = "error[no-run]: `run/run.json` is not what cnncalc wrote: "
NO_OBJECT = NOT_WRITTEN + 'it is not an object with "schema": "cnncalc-run/1"\n' + PUT_BACK
CHANGED_FACTS = {
    "1": NO_OBJECT,
    "null": NO_OBJECT,
    "[1]": NO_OBJECT,
    "{}": NO_OBJECT,
    "no JSON": NOT_WRITTEN + "it is not JSON\n" + PUT_BACK,
    "[" * 100_000: NOT_WRITTEN + "it is not JSON\n" + PUT_BACK,
    '"mean": [NaN]': NOT_WRITTEN + "`mean` is [NaN]\n" + PUT_BACK,
    '"mean": [1e308]': NOT_WRITTEN + "`mean` is [1e+308]\n" + PUT_BACK,
    f'"mean": [1{"0" * 400}]': NOT_WRITTEN + f"`mean` is [1{'0' * 37}…\n" + PUT_BACK,
    '"deviation": [0]': NOT_WRITTEN + "`deviation` is [0]\n" + PUT_BACK,
    '"deviation": [1e-300]': NOT_WRITTEN + "`deviation` is [1e-300]\n" + PUT_BACK,
    '"deviation": [true]': NOT_WRITTEN + "`deviation` is [true]\n" + PUT_BACK,
    '"deviation": [0.5, 0.5]': (
        NOT_WRITTEN + "it has 10 classes, 1 means, 2 deviations, and the network goes from 8x8x1 to 1x1x10\n" + PUT_BACK
    ),
    '"classes": [1, 2]': NOT_WRITTEN + "`classes` is [1, 2]\n" + PUT_BACK,
    '"images": 0': NOT_WRITTEN + "`images` is 0\n" + PUT_BACK,
    '"extra": 3': NOT_WRITTEN + "`extra` is unknown\n" + PUT_BACK,
    '"data": {"data": "digits", "limit": true}': "error[no-run]: the run does not say what it was trained on\n",
    '"data": {"data": "digits", "workers": 100000}': "error[no-run]: the run does not say what it was trained on\n",
}


@pytest.mark.parametrize("changed", CHANGED_FACTS, ids=lambda text: text[:30])
def test_facts_that_were_changed(cnncalc: Cnncalc, here: Path, changed: str) -> None:
    """A whole file, or one field of it."""
    path = here / "run" / "run.json"
    if changed.startswith('"'):
        name, _, value = changed.partition(":")
        found = {key: value for key, value in json.loads(path.read_text()).items() if key != json.loads(name)}
        path.write_text(json.dumps(found)[:-1] + f", {name}:{value}}}")
    else:
        path.write_text(changed)
    assert cnncalc("evaluate", "run", "--device", "cpu") == (1, "", CHANGED_FACTS[changed])


@pytest.mark.parametrize("name", ["spec.txt", "recipe.toml", "run.json", "best.safetensors", "metrics.csv"])
@pytest.mark.parametrize("what", ["folder", "device", "pipe"])
def test_what_is_no_file(cnncalc: Cnncalc, here: Path, name: str, what: str) -> None:
    """A device such as /dev/zero has no end, and nobody writes into the pipe."""
    path = here / "run" / name
    path.unlink()
    {"folder": path.mkdir, "device": lambda: path.symlink_to("/dev/zero"), "pipe": lambda: os.mkfifo(path)}[what]()
    for command in COMMANDS:
        if name == "run.json" and command[0] == "export":
            continue  # what has no run.json is a spec there
        done = cnncalc(*command)
        assert done == (1, "", f"error[no-run]: `run/{name}` is not a file, as a run has it\n")


def test_checkpoints_that_are_no_folder(cnncalc: Cnncalc, here: Path) -> None:
    shutil.rmtree(here / "run" / "checkpoints")
    (here / "run" / "checkpoints").write_text("")
    assert cnncalc(*COMMANDS[2]) == (
        1,
        "",
        "error[no-run]: `run/checkpoints` is not a folder, as a run has it\n",
    )


def test_recipes_that_are_no_recipes(cnncalc: Cnncalc, here: Path) -> None:
    path = here / "run" / "recipe.toml"
    hint = '  = a line of a recipe is for example: epochs = 30, or: optimizer = "adamw"\n'
    path.write_text("epochs = " + "[" * 3000 + "]" * 3000)
    assert cnncalc(*COMMANDS[0]).err == "error[bad-recipe]: run/recipe.toml is not TOML: it is nested too deep\n" + hint
    path.write_text("epochs = " + "9" * 5000)
    done = cnncalc(*COMMANDS[0])
    assert done.err.startswith("error[bad-recipe]: run/recipe.toml is not TOML: Exceeds the limit (4300 digits)")
    path.write_bytes(b'optimizer = "\xff"')
    assert cnncalc(*COMMANDS[0]).err == "error[bad-recipe]: `run/recipe.toml` is not a text in UTF-8\n"


def test_texts_that_are_no_texts(cnncalc: Cnncalc, here: Path) -> None:
    (here / "run" / "spec.txt").write_bytes(b"input 8x8x1\nfc 10 # \xff")
    assert cnncalc(*COMMANDS[0]).err.startswith("error[not-text]: `run/spec.txt` is not a text in UTF-8: byte 21 ")
    (here / "run" / "run.json").write_bytes(b'{"\xff": 1}')
    assert cnncalc(*COMMANDS[0]).err == NOT_WRITTEN + "it is not JSON\n" + PUT_BACK


def test_weights_without_their_epoch(cnncalc: Cnncalc, here: Path) -> None:
    path = here / "run" / "best.safetensors"
    tensors = unpack(path.read_bytes()).tensors
    path.write_bytes(pack(tensors, {"epoch": "last"}))
    assert cnncalc(*COMMANDS[0]).err == (
        "error[bad-weights]: `run/best.safetensors` does not say after which epoch it was written\n"
    )
    path.write_bytes(pack({name: value.double() for name, value in tensors.items()}, {"epoch": 1}))
    assert cnncalc(*COMMANDS[0]).err == (
        "error[other-weights]: run/best.safetensors holds the weights of another network: "
        "`conv1.weight` does not match\n"
    )
