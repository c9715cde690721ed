"""Networks with several outputs: `output @p3 @p4`, through every command, PyTorch both ways, and memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory
from cnncalc.commands.cli import run
from cnncalc.model.checkpointing import checkpointed
from cnncalc.model.export import onnx, pt2
from cnncalc.model.python import python_source
from cnncalc.model.verify import verify
from cnncalc.report.diagnostics import draw_error
from cnncalc.to_foreign import FORMATS
from tests.oracle.torch_memory import Tracker, fake_mode, images, labels, pytorchs, with_memory

PYRAMID = """\
input 32x32x3
rounding floor
c3: conv 3x3x16 s2 p1 - relu
c4: conv 3x3x32 s2 p1 - relu
c5: conv 3x3x64 s2 p1 - relu
p5: conv 1x1x16
p4: add( upsample x2 | @c4 - conv 1x1x16 )
p3: add( upsample x2 | @c3 - conv 1x1x16 )
output @p3 @p4, @p5
"""

HEADS = """\
input 16x16x3
stem: conv 3x3x64 p1 - relu
boxes: conv 1x1x4
@stem - gap
classes: fc 5
output @boxes @classes
"""

NETWORKS = {
    "a feature pyramid": PYRAMID,
    "two heads": HEADS,
    "a layer on the way": "input 8x8x3\na: conv 3x3x8 - relu\nb: fc 5\noutput @b @a",
}
every_network = pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)


def test_outputs_stand_in_the_order_in_which_they_are_named() -> None:
    network = cnncalc.load(PYRAMID)
    assert network.output_names == ("p3", "p4", "p5")
    assert network.outputs == ((16, 16, 16), (8, 8, 16), (4, 4, 16))
    assert network.output == (16, 16, 16)


def test_one_output_may_be_anywhere() -> None:
    """Then the network has one output, as without the statement."""
    network = cnncalc.load("input 8x8x3\na: conv 3x3x8\nfc 5\noutput @a")
    assert (network.output, network.outputs, network.outputs_at) == ((6, 6, 8), ((6, 6, 8),), ())


@every_network
def test_pytorch_makes_a_tuple(text: str) -> None:
    """PyTorch's shapes are the volumes, the written Python makes the same values, and so does checkpointing."""
    network = cnncalc.load(text)
    assert [check for check in verify(network) if not check.holds] == []
    built = cnncalc.build(network, seed=0).eval()
    names: dict[str, Any] = {}
    exec(compile(python_source(network), "model.py", "exec"), names)
    written = names["Network"]().eval()
    written.load_state_dict(built.state_dict())
    seen = torch.rand(2, network.input.channels, *network.input.spatial)
    made = built(seen)
    assert [output.numel() for output in made] == [2 * volume.values for volume in network.outputs]
    for other in (written, checkpointed(built, network)):
        for one, two in zip(made, other(seen), strict=True):
            torch.testing.assert_close(one, two, rtol=0, atol=0)


@every_network
def test_it_comes_back_from_pytorch(text: str) -> None:
    """The same volumes in the same order, and a second round gives the same text."""
    network = cnncalc.load(text)
    spec = cnncalc.from_torch(cnncalc.build(network, seed=0), tuple(network.input))
    back = cnncalc.load(spec)
    assert (back.outputs, back.params, back.macs) == (network.outputs, network.params, network.macs)
    assert cnncalc.from_torch(cnncalc.build(back, seed=0), tuple(back.input)) == spec


@every_network
def test_the_tracker_finds_the_peak_that_is_predicted(text: str) -> None:
    """Each output has a cross entropy, and the loss is their sum."""
    network = cnncalc.load(text)
    with fake_mode():
        module = with_memory(cnncalc.build(network, device="meta"))
        expected = tracked_peak(module, images(network, 3))
    setup = TrainingSetup(batch=3, optimizer="sgd", device="cpu", ema=False)
    assert predict_memory(network, setup).peak_bytes == expected


def tracked_peak(module: nn.Module, seen: torch.Tensor) -> int:
    """Return the peak of the second step of training."""
    stepper = pytorchs(module, "sgd", "foreach")
    with torch.no_grad():
        wanted = [labels(output) for output in module.eval()(seen)]
    module.train()
    tracker = Tracker()
    tracker.track_external(module, stepper, seen, *wanted)
    with tracker:
        for _ in range(2):
            outputs = module(seen)
            loss = nn.functional.cross_entropy(outputs[0], wanted[0])
            for place in range(1, len(outputs)):
                loss = loss + nn.functional.cross_entropy(outputs[place], wanted[place])
            loss.backward()
            tracker.reset_mod_stats()
            stepper.step()
            stepper.zero_grad()
            del outputs, loss
    (snapshot,) = tracker.get_tracker_snapshot("peak").values()
    return int(snapshot["Total"])


@every_network
@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory", "draw", "report", "compare"])
def test_every_command_answers(
    text: str, command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([command, text, *([text] if command == "compare" else [])]) == 0
    assert not capsys.readouterr().err


def test_tables_and_json_name_every_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", HEADS]) == 0
    assert "boxes 16x16x4, classes 1x1x5" in capsys.readouterr().out
    assert json.loads(cnncalc.load(HEADS).to_json())["outputs"] == [
        {"name": "boxes", "layer": 3, "output": [16, 16, 4]},
        {"name": "classes", "layer": 5, "output": [1, 1, 5]},
    ]


@pytest.mark.slow
def test_exported_files_have_every_output() -> None:
    """ONNX by its labels; a program of torch.export makes what the module makes."""
    onnx_module = pytest.importorskip("onnx")
    network = cnncalc.load(HEADS)
    graph = onnx_module.load_from_string(onnx(network, seed=0)).graph
    assert [output.name for output in graph.output] == ["boxes", "classes"]
    import io

    program = torch.export.load(io.BytesIO(pt2(network, seed=0))).module()
    seen = torch.rand(3, 3, 16, 16)
    for one, two in zip(program(seen), cnncalc.build(network, seed=0).eval()(seen), strict=True):
        torch.testing.assert_close(one, two)


def test_training_refuses_several_outputs_by_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Before anything starts."""
    assert run(["train", HEADS, "--data", "digits", "--out", str(tmp_path / "run")]) == 1
    assert (
        "outputs of several sizes (@boxes 16x16x4, @classes 1x1x5); training learns one thing"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("form", ["darknet"])
def test_formats_of_one_output_say_so(form: str) -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        FORMATS[form](cnncalc.load(HEADS))
    what = FORMATS[form].what
    assert caught.value.message == f"{what} is written for one output, and the network has 2: @boxes, @classes"


def drawn(text: str) -> str:
    """Return the error of a spec as it is shown."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load("input 8x8x4\n" + text)
    return draw_error(caught.value)


def test_what_is_wrong_with_outputs_is_said() -> None:
    assert drawn("a: relu\noutput @a\nrelu") == (
        "error[misplaced]: this step follows the `output`\n"
        "  --> text:4:1\n   |\n 4 | relu\n   | ^^^^\n   |\n   = put the `output` last"
    )
    assert drawn("a: relu\nb: relu\noutput @a\noutput @b") == (
        "error[misplaced]: there is a second `output`\n"
        "  --> text:5:1\n   |\n 5 | output @b\n   | ^^^^^^^^^\n   |\n"
        "   = write all labels on one line: `output @p3 @p4`"
    )
    assert drawn("a: relu\nb: @a\noutput @a @b") == (
        "error[bad-name]: `@b` is an output already, as `@a`\n"
        "  --> text:4:11\n   |\n 4 | output @a @b\n   |           ^^\n   |\n   = leave one of them out"
    )
    assert drawn("a: relu\noutput @b").startswith("error[unknown-name]: there is no label `b` here\n  --> text:3:8\n")
    assert drawn("a: relu\n(output @a)*2").startswith("error[misplaced]: `output` may not stand here\n  --> text:3:2\n")


def test_a_block_may_be_called_output() -> None:
    """Its name is the block's where no label follows."""
    network = cnncalc.load("input 8x8x4\nblock output(n)\nfc {n}\nend\na: relu\nb: output(3)\noutput @a @b")
    assert network.outputs == ((8, 8, 4), (1, 1, 3))


class Pyramid(nn.Module):
    """As people write it: a dictionary, and lists inside."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        self.down = nn.Conv2d(8, 8, 3, 2, 1)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> dict[str, Any]:
        first = self.stem(x)
        second = self.down(first)
        return {"maps": [first, second], "logits": self.head(second.mean((2, 3)))}


def test_modules_that_return_several_tensors_are_imported() -> None:
    assert cnncalc.from_torch(Pyramid(), "32x32x3") == (
        "input 32x32x3\nrounding floor\n\n"
        "out1: conv 3x3x8 s2 p1\nout2: conv 3x3x8 s2 p1\ngap - out3: fc 5\noutput @out1 @out2 @out3\n"
    )


def test_outputs_that_cannot_be_said_are_named() -> None:
    class Twice(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x, x.relu()

    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.from_torch(Twice(), "8x8x4")
    assert caught.value.message == "a spec cannot express 2 outputs: one of them is the input"


class Mirrored(nn.Module):
    """A residual block whose branch is too long for one line."""

    def __init__(self) -> None:
        super().__init__()
        first = nn.ReflectionPad2d(1), nn.Conv2d(8, 8, 3), nn.InstanceNorm2d(8), nn.ReLU()
        self.branch = nn.Sequential(*first, nn.ReflectionPad2d(1), nn.Conv2d(8, 8, 3), nn.InstanceNorm2d(8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.branch(x)


class Codes(nn.Module):
    """Returns what residual blocks make of an image, and a code of it."""

    def __init__(self) -> None:
        super().__init__()
        self.content = nn.Sequential(nn.Conv2d(3, 8, 3), *[Mirrored() for _ in range(3)])
        self.style = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.content(x), self.style(x)


def test_repeated_blocks_that_take_several_lines_keep_the_label_of_an_output() -> None:
    branch = "| pad 1 reflect - conv 3x3x8 - instancenorm - relu - pad 1 reflect\n  conv 3x3x8 - instancenorm"
    text = (
        f"skip1: identity - conv 3x3x8\nout2: add(\n{branch}\n)*3\n@skip1 - conv 3x3x4\nout3: gap\noutput @out2 @out3\n"
    )
    assert cnncalc.from_torch(Codes(), "16x16x3") == f"input 16x16x3\n\n{text}"


class WithLoss(nn.Module):
    """Returns a loss beside its output when it trains, by way of lists and calls that change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        y = torch.stack([self.conv(x)]).mean(0)
        return torch.as_tensor(y), y.square().mean() if self.training else None


def test_what_is_none_is_no_output() -> None:
    assert cnncalc.from_torch(WithLoss(), "8x8x3") == "input 8x8x3\n\nconv 3x3x4\n"
