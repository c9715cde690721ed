"""`cnncalc import FILE` writes the spec of a file of another tool."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.commands.conftest import Cnncalc
from tests.commands.conftest import cnncalc as cnncalc  # the fixture
from tests.foreign.corpus import FILES

DARKNET = """\
[net]
width=32
height=32
channels=3

[convolutional]
batch_normalize=1
filters=8
size=3
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[route]
layers=-2

[convolutional]
filters=8
size=2
stride=2
activation=linear

[route]
layers=-1,-3
"""


def test_a_file_becomes_a_commented_spec(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """Every line has the number of its section, as routes have them."""
    (tmp_path / "net.cfg").write_text(DARKNET)
    done = cnncalc("import", str(tmp_path / "net.cfg"))
    assert done.out == (
        "# read from a Darknet cfg\n"
        "input 32x32x3\n"
        "rounding floor\n"
        "\n"
        "conv 3x3x8 p1 nobias - bn - leakyrelu 0.1  # 0 convolutional\n"
        "concat(\n"
        "  conv 2x2x8 s2  # 3 convolutional\n"
        "|\n"
        "  maxpool 2x2 s2 same  # 1 maxpool\n"
        ")  # 4 route\n"
    )
    assert done.err == f"note: {tmp_path / 'net.cfg'} is a Darknet cfg: 496 parameters, output 16x16x16\n"


def test_what_is_written_is_read_again(cnncalc: Cnncalc, tmp_path: Path) -> None:
    written = cnncalc("import", str(FILES / "caffe/googlenet.prototxt"), "-o", str(tmp_path / "net.txt"))
    assert (written.status, written.out) == (0, "")
    assert cnncalc("shapes", str(tmp_path / "net.txt")).err == ""


def test_a_size_that_a_file_does_not_say_is_given(cnncalc: Cnncalc) -> None:
    done = cnncalc("import", "nn.Conv2d(3, 8, 3)", "--input", "32x32x3")
    assert done.out == "# read from PyTorch calls\ninput 32x32x3\nrounding floor\n\nconv 3x3x8\n"


TWO_INPUTS = """\
input: "a" input_dim: 1 input_dim: 2 input_dim: 8 input_dim: 8
input: "b" input_dim: 1 input_dim: 2 input_dim: 8 input_dim: 8
layer { name: "y" type: "Concat" bottom: "a" bottom: "b" top: "y" }
"""


def test_several_inputs_are_given_by_their_names(cnncalc: Cnncalc) -> None:
    done = cnncalc("import", TWO_INPUTS, "--input", "a=6x6x3", "--input", "b=6x6x4")
    assert done.out == (
        "# read from a Caffe prototxt\ninput a 6x6x3\ninput b 6x6x4\nrounding floor\n\ny: concat( @a | @b )\n"
    )
    assert done.err == "note: text is a Caffe prototxt: 0 parameters, output 6x6x7\n"


def test_a_volume_without_a_name_for_several_inputs_is_an_error(cnncalc: Cnncalc) -> None:
    """It had no effect."""
    done = cnncalc("import", TWO_INPUTS, "--input", "6x6x3")
    message = "error[bad-name]: the network has several inputs, a and b: say which one this is for"
    assert (done.status, done.out, done.err.splitlines()[0]) == (1, "", message)


def test_without_a_size_the_spec_has_no_input(cnncalc: Cnncalc) -> None:
    """It is written all the same, with a note on what is missing."""
    done = cnncalc("import", "nn.Conv2d(3, 8, 3)")
    assert done.out == "# read from PyTorch calls\nrounding floor\n\nconv 3x3x8\n"
    assert done.err == "note: the size of an image is not said; write `input HxWx3` in front, or give --input\n"


def test_an_input_that_does_not_suit_is_an_error_of_the_file(cnncalc: Cnncalc) -> None:
    done = cnncalc("import", "nn.Conv2d(3, 8, 3)", "--input", "32x32x1")
    assert (done.status, done.err.splitlines()[:2]) == (
        1,
        ["error[claim-failed]: this takes 3 channels, but 32x32x1 arrives", "  --> text:1:1"],
    )


def test_a_spec_is_no_file_of_another_tool(cnncalc: Cnncalc, tmp_path: Path) -> None:
    (tmp_path / "net.txt").write_text("input 8x8x3\nconv 3x3x4\n")
    done = cnncalc("import", str(tmp_path / "net.txt"))
    assert (done.status, done.err.splitlines()[0]) == (
        1,
        f"error[not-foreign]: `{tmp_path / 'net.txt'}` is of no format that is known here",
    )


@pytest.mark.parametrize("command", ["shapes", "memory"])
def test_other_commands_name_the_line_for_a_model_of_timm(cnncalc: Cnncalc, command: str) -> None:
    done = cnncalc(command, "timm:resnet50d")
    assert "this writes its spec: cnncalc import timm:resnet50d -o resnet50d.txt" in done.err


@pytest.mark.slow
def test_a_name_of_timm_is_imported_alone(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch) -> None:
    """timm's callables are in `timm.models`, which also says the usual input."""
    from torch import nn

    models = ModuleType("timm.models")
    models.small = lambda pretrained=False: nn.Conv2d(3, 8, 3)  # type: ignore[attr-defined]
    models.get_pretrained_cfg = lambda name: type("Cfg", (), {"input_size": (3, 24, 32)})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "timm", ModuleType("timm"))
    monkeypatch.setitem(sys.modules, "timm.models", models)
    done = cnncalc("import", "timm:small")
    assert done.out.splitlines() == ["# timm:small", "input 24x32x3", "", "conv 3x3x8"]


def test_a_program_in_a_folder_is_named_as_python_imports_it(
    cnncalc: Cnncalc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From where the command runs, or else from its own folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    program = "from torch import nn\n\n\nclass Net(nn.Module):\n    pass\n"
    (tmp_path / "models" / "small.py").write_text(program)
    hint = "= import the module itself: cnncalc import {}:Net --input 224x224x3\n"
    assert cnncalc("shapes", "models/small.py").err.endswith(hint.format("models.small"))
    assert cnncalc("shapes", str(tmp_path / "models" / "small.py")).err.endswith(hint.format("small"))
