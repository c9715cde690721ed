"""A layer of another package is one class in one file: with no other file touched, everything knows it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCE = Path(__file__).parent / "own" / "own_layers.py"
WORDS = "softshrink or blur or separable"


def install(folder: Path, module: str, entry: str) -> Path:
    """Write what `pip install` would: the distribution of a package that registers layers."""
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[cnncalc.layers]\nlayers = {entry}\n")
    return folder


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folder of an installed package with three layers: an activation, a fixed filter, and one of two modules."""
    shutil.copy(SOURCE, tmp_path)
    return install(tmp_path, "own_layers", "own_layers")


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where what is installed in a folder is found."""
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | paths)


def test_its_words_are_known(installed: Path) -> None:
    """From the command line, without a word on where they come from."""
    done = python(installed, "-m", "cnncalc", "shapes", "softshrink - blur 3 s2 - separable 3x8", "--input", "8x8x4")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(name in done.stdout for name in ("softshrink1", "blur1", "separable1", "4x4x8"))


@pytest.mark.slow
def test_all_that_holds_of_every_layer_holds_of_them(installed: Path) -> None:
    """Commands, PyTorch's counts, the written Python, the way back, memory, autocast; the docs ask for nothing."""
    plain = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    done = python(installed, *plain, "tests/layers/test_every_layer.py", "-k", WORDS)
    assert done.returncode == 0, done.stdout[-3000:]
    done = python(installed, *plain, "tests/test_docs.py", "-k", "documented")
    assert done.returncode == 0, done.stdout[-3000:]


EXPORT = """
import io, onnxruntime, torch, cnncalc
from cnncalc.model.export import onnx, pt2
network = cnncalc.load("conv 3x3x8 p1 - softshrink - blur 3 s2 - separable 3x6", input="8x8x4")
images = torch.randn(2, 4, 8, 8)
expected = cnncalc.build(network, seed=0).eval()(images).detach()
program = torch.export.load(io.BytesIO(pt2(network, seed=0))).module()
torch.testing.assert_close(program(images).detach(), expected)
(computed,) = onnxruntime.InferenceSession(onnx(network, seed=0)).run(None, {"images": images.numpy()})
torch.testing.assert_close(torch.tensor(computed), expected, rtol=1e-4, atol=1e-5)
"""


@pytest.mark.slow
def test_they_are_exported(installed: Path) -> None:
    """As .pt2 and as ONNX, whose runtime computes the same."""
    done = python(installed, "-W", "ignore", "-c", EXPORT)
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_package_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    """Where a word is not known without it."""
    (tmp_path / "broken_layers.py").write_text("import nothing_of_this_name\n")
    install(tmp_path, "broken_layers", "broken_layers")
    done = python(tmp_path, "-m", "cnncalc", "shapes", "softshrink", "--input", "8x8x4")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error[bad-package]: the layers of the package `broken_layers` cannot be loaded: "
        "ModuleNotFoundError: No module named 'nothing_of_this_name'\n"
        "  = mend its entry point `broken_layers` in the group cnncalc.layers, or uninstall it\n"
    )


def test_two_layers_of_one_word_are_said(tmp_path: Path) -> None:
    text = "from cnncalc.layers import Layer\nfrom cnncalc.layers.registry import register\nregister('conv')(Layer)\n"
    (tmp_path / "double_layers.py").write_text(text)
    install(tmp_path, "double_layers", "double_layers")
    done = python(tmp_path, "-m", "cnncalc", "shapes", "softshrink", "--input", "8x8x4")
    assert "the layers of the package `double_layers` cannot be loaded: ValueError: two layers are written 'conv'" in (
        done.stderr
    )


def test_known_words_ask_no_package(tmp_path: Path) -> None:
    """So that a table takes no longer: not even one that cannot be loaded is noticed."""
    install(tmp_path, "broken_layers", "broken_layers")
    done = python(tmp_path, "-m", "cnncalc", "shapes", "block b\n  relu\nend\nb - conv 3x3x4", "--input", "8x8x4")
    assert (done.returncode, done.stderr) == (0, "")


def test_its_values_are_computed_and_what_has_none_is_named(installed: Path) -> None:
    """A layer that does not say what its values are is named in one clear error."""
    values = ["--values", "-2 0.25 1", "--gradient", "1 1 1"]
    done = python(installed, "-m", "cnncalc", "compute", "softshrink", *values)
    assert "softshrink1: softshrink → 1x3x1\n  −3/2     0   1/2\n" in done.stdout
    assert done.stdout.endswith("  gradient of the input\n    1  0  1\n")
    done = python(installed, "-m", "cnncalc", "compute", "relu - blur 3", "--input", "5x5x1")
    assert done.stderr == (
        "error[no-values]: the values of `blur1` cannot be computed: `blur` does not say what they are\n"
        "  --> text:1:8\n"
        "   |\n"
        " 1 | relu - blur 3\n"
        "   |        ^^^^^^\n"
        "   |\n"
        "   = leave the layer out; sizes, parameters and MACs are known nevertheless: `cnncalc shapes`\n"
    )
