"""`cnncalc import`: a callable is named, its module becomes a text, and nothing ever ends in a traceback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import cnncalc as package
from tests.commands.conftest import Cnncalc

MODELS = '''
import torch
from torch import nn

print("imported")

def small(width=8, weights="DEFAULT"):
    """Fails if anybody lets it load weights."""
    assert weights is None
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU())

def summed():
    class Summed(nn.Module):
        def forward(self, x):
            return x.cumsum(1)
    return nn.Sequential(nn.ReLU(), Summed())

def unused():
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.head, self.aux = nn.Conv2d(3, 1, 1), nn.Conv2d(3, 1, 1)
        def forward(self, x):
            return self.head(x)
    return Unused()

def frozen():
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    module[0].requires_grad_(False)
    return module

def numberless():
    return nn.Conv2d(3, 8, 3, device="meta")

class picky(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        if type(x) is torch.Tensor:
            raise RuntimeError("no")
        return self.conv(x)

def failing():
    raise RuntimeError("no luck\\ntoday")

def leaving():
    raise SystemExit("goodbye")

def number():
    return 3

ready = nn.ReLU()
'''


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder that has a module of models."""
    (tmp_path / "models_to_import.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "models_to_import", raising=False)


def test_a_callable_becomes_a_text(cnncalc: Cnncalc) -> None:
    """It is called without weights; the text goes to standard output, and what its code prints does not."""
    done = cnncalc("import", "models_to_import:small", "--input", "8x8x3")
    assert done.out == "# models_to_import:small\ninput 8x8x3\n\nconv 3x3x8 - relu\n"
    assert (done.status, done.err) == (0, "imported\n")


def test_arguments_are_python_literals(cnncalc: Cnncalc) -> None:
    done = cnncalc("import", "models_to_import:small", "--input", "8x8x3", "--arg", "width=16")
    assert done.out == "# models_to_import:small(width=16)\ninput 8x8x3\n\nconv 3x3x16 - relu\n"


def test_a_module_may_be_there_already(cnncalc: Cnncalc) -> None:
    assert cnncalc("import", "models_to_import:ready", "--input", "8x8x3").out.endswith("\nrelu\n")


@pytest.mark.slow
def test_the_input_of_a_torchvision_model_is_known(cnncalc: Cnncalc) -> None:
    """Torchvision says which images its weights were trained on: Inception v3 takes 299x299."""
    arguments = ["--arg", "aux_logits=False", "--arg", "init_weights=False", "--no-proof"]
    out = cnncalc("import", "torchvision.models:inception_v3", *arguments).out
    assert "\ninput 299x299x3\n" in out


def test_what_is_left_out_is_said(cnncalc: Cnncalc) -> None:
    """Parameters that the output does not depend on are no part of the text."""
    done = cnncalc("import", "models_to_import:unused", "--input", "8x8x3")
    assert done.out.endswith("\nconv 1x1x1\n")
    assert "note: left out, since the output does not depend on it: aux" in done.err


def test_notes_go_to_standard_error(cnncalc: Cnncalc) -> None:
    """The text says neither that weights are frozen, nor that nothing has been proved."""
    done = cnncalc("import", "models_to_import:frozen", "--input", "8x8x3")
    assert done.out == "# models_to_import:frozen\ninput 8x8x3\n\nconv 3x3x8 - relu\n"
    assert "note: frozen in the module (requires_grad=False), and learned in the spec: 0\n" in done.err
    done = cnncalc("import", "models_to_import:numberless", "--input", "8x8x3")
    assert "note: not proved, since the module has no numbers to compute with\n" in done.err


def test_without_proof(cnncalc: Cnncalc) -> None:
    """What fails on numbers is said, and written if it is insisted on."""
    done = cnncalc("import", "models_to_import:picky", "--input", "8x8x3")
    message = r"\[cannot-prove\]: the module cannot compute on random images \(models_to_import.py:\d+\): RuntimeError"
    assert done.status == 1
    assert re.search(message, done.err)
    assert cnncalc("import", "models_to_import:picky", "--input", "8x8x3", "--no-proof").out.endswith("\nconv 3x3x8\n")


def test_the_text_is_a_file_that_the_other_commands_read(cnncalc: Cnncalc) -> None:
    assert cnncalc("import", "models_to_import:small", "--input", "8x8x3", "-o", "net.txt").status == 0
    assert package.load("net.txt").params == (3 * 3 * 3 + 1) * 8


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("models_to_import", "error[bad-target]: `models_to_import` names no callable in a module"),
        ("no_such_module:net", "error[no-such-callable]: there is no module `no_such_module`"),
        ("models_to_import:smal", "error[no-such-callable]: `models_to_import` has no `smal`"),
        ("models_to_import:number", "error[no-such-callable]: `models_to_import:number` makes no torch.nn.Module"),
        ("models_to_import:failing", "error[import-failed]: `models_to_import:failing` raised RuntimeError: no luck"),
        ("models_to_import:leaving", "error[import-failed]: `models_to_import:leaving` raised SystemExit: goodbye"),
        ("models_to_import:summed", "error[cannot-import]: a spec cannot express `cumsum` in `1`"),
    ],
)
def test_faults_are_lines_and_write_nothing(cnncalc: Cnncalc, model: str, message: str) -> None:
    """Whatever the code of others does, the answer is a message, and a file that is there stays as it is."""
    Path("net.txt").write_text("relu\n")
    done = cnncalc("import", model, "--input", "8x8x3", "-o", "net.txt")
    assert done.status == 1
    assert message in done.err
    assert "Traceback" not in done.err
    assert Path("net.txt").read_text() == "relu\n"


def test_weights_are_never_loaded(cnncalc: Cnncalc) -> None:
    done = cnncalc("import", "torchvision.models:resnet18", "--arg", "weights='DEFAULT'")
    assert (done.status, "downloads none" in done.err) == (1, True)


def test_without_an_input_it_is_asked_for(cnncalc: Cnncalc) -> None:
    done = cnncalc("import", "models_to_import:small")
    assert done.status == 1
    assert "= give it with --input 224x224x3" in done.err


def test_an_argument_that_is_no_literal(cnncalc: Cnncalc) -> None:
    """Values are read, never executed."""
    done = cnncalc("import", "models_to_import:small", "--input", "8x8x3", "--arg", "width=print(1)")
    assert "error[bad-argument]: `print(1)` is not a Python literal" in done.err


def test_debugging_shows_where_the_code_fails(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNCALC_DEBUG", "1")
    done = cnncalc("import", "models_to_import:failing", "--input", "8x8x3")
    assert "in failing" in done.err


def test_the_help_warns(cnncalc: Cnncalc) -> None:
    """Importing runs code, and the help says so."""
    assert "Importing runs its code" in " ".join(cnncalc("import", "--help").out.split())


def test_without_torch_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; from cnncalc.commands.cli import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "import", "torchvision.models:resnet18"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 1
    assert 'pip install "cnncalc[train]"' in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_page_shows_what_resnet18_becomes(cnncalc: Cnncalc) -> None:
    """The example of docs/import.md is current."""
    page = (Path(__file__).parents[2] / "docs" / "import.md").read_text()
    assert f"```spec\n{cnncalc('import', 'torchvision.models:resnet18').out}```" in page
