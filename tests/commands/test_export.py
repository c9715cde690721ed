"""``cnncalc export``: a file that holds the network, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from safetensors.torch import load_file

import cnncalc as package
from tests.commands.conftest import Cnncalc

SPEC = "conv 3x3x4 p1 - relu - fc 5"


def files(folder: Path) -> list[str]:
    """Return the names of what lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_source_is_python_that_runs(cnncalc: Cnncalc, tmp_path: Path) -> None:
    target = tmp_path / "model.py"
    done = cnncalc("export", SPEC, "--input", "8x8x3", "-o", str(target))
    assert (done.status, done.out, done.err) == (0, "", "")
    names: dict[str, Any] = {}
    exec(target.read_text(), names)
    assert names["Network"]()(torch.zeros(2, 3, 8, 8)).shape == (2, 5)


def test_without_a_file_source_goes_to_the_terminal(cnncalc: Cnncalc) -> None:
    done = cnncalc("export", SPEC, "--input", "8x8x3")
    assert done.status == 0
    assert "class Network(nn.Module):" in done.out


@pytest.mark.slow
def test_onnx_and_pt2_hold_the_seeds_weights(cnncalc: Cnncalc, tmp_path: Path) -> None:
    state = package.build(package.load(SPEC, input="8x8x3"), seed=7).state_dict()
    for name in ("model.onnx", "model.pt2"):
        done = cnncalc("export", SPEC, "--input", "8x8x3", "--seed", "7", "-o", str(tmp_path / name))
        assert (done.status, done.out, done.err) == (0, "", "")
    weights = {w.name: onnx.numpy_helper.to_array(w) for w in onnx.load(tmp_path / "model.onnx").graph.initializer}
    loaded = torch.export.load(tmp_path / "model.pt2").state_dict
    for name, value in state.items():
        assert torch.equal(loaded[name], value)
        if value.any():  # zeros may be shared
            assert torch.equal(torch.from_numpy(weights[name].copy()), value)
    assert files(tmp_path) == ["model.onnx", "model.pt2"]


def test_the_format_can_be_said(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """The ending decides unless --format does."""
    target = tmp_path / "model.txt"
    assert cnncalc("export", "lenet5", "--format", "python", "-o", str(target)).status == 0
    assert "class Network" in target.read_text()


def test_parameters_of_the_spec_can_be_set(cnncalc: Cnncalc) -> None:
    assert "nn.Linear(512, 10)" in cnncalc("export", "resnet18", "--set", "classes=10").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["-o", "model.txt"],
            "the ending of 'model.txt' names no format: use .py, .onnx, .pt2, .pt, .json, .cfg, _keras.py, or --format",
        ),
        (["--format", "onnx"], "onnx is not for the terminal; name a file with -o"),
        (["--seed", "1"], "source holds no weights; --seed and --weights are for the other formats"),
        (["--weights", "x.pt"], "source holds no weights; --seed and --weights are for the other formats"),
        (
            ["--weights", "x.pt", "--seed", "1", "-o", "x_keras.py"],
            "--seed draws weights and --weights reads them; leave one of them out",
        ),
    ],
)
def test_wrong_calls_say_what_is_missing(cnncalc: Cnncalc, arguments: list[str], message: str) -> None:
    done = cnncalc("export", "lenet5", *arguments)
    assert done.status == 2
    assert done.err.splitlines()[0] == f"error[usage]: {message}"


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["py", "onnx", "pt2"])
def test_a_failed_write_leaves_the_old_file(
    cnncalc: Cnncalc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    target = tmp_path / f"model.{ending}"
    target.write_text("old")

    def no_space(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    done = cnncalc("export", "lenet5", "-o", str(target))
    assert done.status == 1
    assert done.err == f"error[cannot-write]: cannot write `{target}`: No space left on device\n"
    assert target.read_text() == "old"
    assert files(tmp_path) == [target.name]


@pytest.mark.slow
def test_what_onnx_cannot_say_leaves_no_file(cnncalc: Cnncalc, tmp_path: Path) -> None:
    done = cnncalc("export", "adaptivemaxpool 3", "--input", "8x8x3", "-o", str(tmp_path / "model.onnx"))
    assert done.status == 1
    assert done.err.startswith("error[not-in-onnx]: PyTorch cannot write `aten.adaptive_max_pool2d")
    assert files(tmp_path) == []


def test_four_dimensions_are_refused(cnncalc: Cnncalc, tmp_path: Path) -> None:
    for ending in ("py", "onnx", "pt2"):
        done = cnncalc("export", "relu", "--input", "2x2x2x2x3", "-o", str(tmp_path / f"model.{ending}"))
        assert done.err.startswith("error[not-in-pytorch]: PyTorch has layers for 3 spatial dimensions, not 4")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "ending", "extra"),
    [
        ("torch", "onnx", "train"),
        ("torch", "pt2", "train"),
        ("onnx", "onnx", "export"),
        ("onnxscript", "onnx", "export"),
    ],
)
def test_a_missing_package_is_named_with_what_installs_it(
    tmp_path: Path, package: str, ending: str, extra: str
) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        f"from cnncalc.commands.cli import run; sys.exit(run(['export', 'lenet5', '-o', 'model.{ending}']))"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert f'pip install "cnncalc[{extra}]"' in done.stderr
    assert files(tmp_path) == []


def test_source_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom cnncalc.commands.cli import run\n"
        "assert run(['export', 'resnet50', '-o', sys.argv[1]]) == 0\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "model.py")], check=True)


# ---- trained weights


def stored(folder: Path, name: str) -> dict[str, torch.Tensor]:
    """Read the weights of a run with safetensors itself."""
    return load_file(folder / name)


def test_a_runs_weights_come_out_as_a_state_dict(cnncalc: Cnncalc, first: Path) -> None:
    """They are those of the file of the best epoch, or of the last, and fit the module that is built."""
    for which in ("best", "last"):
        done = cnncalc("export", "first", "--weights", which, "-o", "weights.pt")
        assert (done.status, done.out, done.err) == (0, "", "")
        weights = torch.load("weights.pt", weights_only=True)
        expected = stored(first / "first", f"{which}.safetensors")
        assert weights.keys() == expected.keys()
        assert all(torch.equal(weights[name], expected[name]) for name in expected)
        package.build(package.load(first / "first" / "spec.txt")).load_state_dict(weights)


@pytest.mark.slow
def test_a_runs_network_comes_out_with_its_weights(cnncalc: Cnncalc, first: Path) -> None:
    assert cnncalc("export", "first", "-o", "trained.pt2", "--without-preprocessing").status == 0
    loaded = torch.export.load("trained.pt2").state_dict
    for name, value in stored(first / "first", "best.safetensors").items():
        assert torch.equal(loaded[name], value)


def test_the_first_weights_of_a_spec_are_a_state_dict_too(cnncalc: Cnncalc, tmp_path: Path) -> None:
    target = tmp_path / "first.pt"
    assert cnncalc("export", SPEC, "--input", "8x8x3", "--seed", "7", "-o", str(target)).status == 0
    expected = package.build(package.load(SPEC, input="8x8x3"), seed=7).state_dict()
    weights = torch.load(target, weights_only=True)
    assert all(torch.equal(weights[name], value) for name, value in expected.items())


def test_a_run_is_not_loaded_in_another_way(cnncalc: Cnncalc, first: Path) -> None:
    done = cnncalc("export", "first", "--seed", "1", "-o", "weights.pt")
    assert (done.status, done.out) == (2, "")
    message = "a run has its network and its weights; leave out --seed, --input, --set and --rounding"
    assert done.err == f"error[usage]: {message}\n  = see `cnncalc export --help`\n"


def test_a_runs_weights_are_best_or_last(cnncalc: Cnncalc, first: Path) -> None:
    done = cnncalc("export", "first", "--weights", "x.pt", "-o", "weights.pt")
    assert (done.status, done.err) == (
        2,
        "error[usage]: of a run, --weights is best or last, not 'x.pt'\n  = see `cnncalc export --help`\n",
    )


@pytest.mark.slow
def test_weights_of_a_file_go_into_every_format(cnncalc: Cnncalc, folder: Path) -> None:
    """What was written with a seed is read again by its file."""
    spec = ["conv 3x3x4 - bn - fc 5", "--input", "8x8x3"]
    assert cnncalc("export", *spec, "--seed", "7", "-o", "a.pt").status == 0
    assert cnncalc("export", *spec, "--weights", "a.pt", "-o", "b.pt").status == 0
    a, b = (torch.load(folder / name, weights_only=True) for name in ("a.pt", "b.pt"))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert cnncalc("export", *spec, "--weights", "missing.pt", "-o", "b.pt").status == 1
