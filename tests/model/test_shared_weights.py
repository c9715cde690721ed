"""Weights that several layers have in common: counted once, one tensor in PyTorch, and the same on the way back."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory, saved_bytes
from cnncalc.commands.cli import run
from cnncalc.model.checkpointing import checkpointed
from cnncalc.model.python import python_source
from cnncalc.model.verify import verify
from cnncalc.report.diagnostics import draw_error
from tests.oracle.torch_memory import autograd_bytes, fake_mode, images, tracked_peak, with_memory

HEAD = "block head(n)\n  conv 3x3x{n} p1 - bn - relu\nend\n"

NETWORKS = {
    "a layer twice": "input 8x8x8\nconv 3x3x8 p1 weights=w - relu - conv 3x3x8 p1 weights=w - fc 5",
    "a repeat": "input 8x8x8\n(conv 3x3x8 p1 weights=w - relu)*3 - fc 5",
    "calls": f"input 8x8x8\n{HEAD}head(8) weights=h - pool2 - head(8) weights=h*2 - gap - fc 5",
    "other settings": "input 8x8x4\nconv 1x1x32\n"
    "add( conv 3x3x32 p1 weights=w | conv 3x3x32 p2 d2 weights=w ) - gap - fc 5",
    "vectors": "input 8x8x8\nfc 16 - fc 16 weights=f - relu - fc 16 weights=f - fc 5",
    "a siamese network": "input 8x8x6\nblock arm\nconv 3x3x4 - relu - gap\nend\n"
    "sub( slice 0:3 - arm() weights=a | slice 3:6 - arm() weights=a ) - fc 5",
}
every_network = pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)


def test_weights_are_counted_once_and_multiplications_as_often_as_they_are_made() -> None:
    """(3·3·8 + 1)·8 = 584 parameters, and 8·8·8·3·3·8 MACs for each of the three."""
    network = cnncalc.load("input 8x8x8\n(conv 3x3x8 p1 weights=w - relu)*3")
    assert (network.params, network.macs) == (584, 3 * 36_864)
    assert [node.params for node in network] == [584, 0, 0, 0, 0, 0]
    assert dict(network.weights_of) == {3: 1, 5: 1}


def test_a_call_shares_layer_by_layer() -> None:
    """Each layer of a call has the weights of its fellow in the first call, in calls inside too."""
    inner = "block inner\nconv 1x1x4 - bn\nend\nblock outer\n(inner)*2 - conv 1x1x4\nend\n"
    network = cnncalc.load(f"input 8x8x4\n{inner}outer() weights=o - outer - outer() weights=o")
    convolutions, norms = 4 * 4 + 4, 2 * 4
    assert network.params == 2 * (3 * convolutions + 2 * norms)
    assert [network.layers[index - 1].name for index in network.weights_of] == [
        "outer3.inner1.conv1",
        "outer3.inner1.bn1",
        "outer3.inner2.conv1",
        "outer3.inner2.bn1",
        "outer3.conv1",
    ]


def drawn(text: str) -> str:
    """Return the error of a spec as it is shown."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text)
    return draw_error(caught.value)


def test_weights_of_other_shapes_are_an_error_that_names_both() -> None:
    assert drawn("input 8x8x8\nconv 3x3x8 p1 weights=w - relu\nconv 3x3x4 p1 weights=w") == (
        "error[weights-differ]: layers that share the weights `w` have others: `conv1` has 3x3x8x8 + 8, "
        "`conv2` has 3x3x8x4 + 4\n"
        "  --> text:3:1\n"
        "   |\n"
        " 3 | conv 3x3x4 p1 weights=w\n"
        "   | ^^^^^^^^^^^^^^^^^^^^^^^\n"
        "   |\n"
        "   = give one of them another name"
    )


def test_names_of_weights_have_letters_of_any_script() -> None:
    """As labels do: here as one letter for each syllable, and as a syllable's parts."""
    parts = unicodedata.normalize("NFD", "공유")
    network = cnncalc.load(f"input 8x8x8\nconv 3x3x8 p1 weights=공유 - conv 3x3x8 p1 weights={parts}")
    assert [layer.params for layer in network.layers] == [3 * 3 * 8 * 8 + 8, 0]
    block = "block arm()\nconv 3x3x8 p1\nend\n"
    calls = cnncalc.load(f"input 8x8x8\n{block}arm() weights=팔 - arm() weights=팔")
    assert calls.params == 3 * 3 * 8 * 8 + 8


@pytest.mark.parametrize("name", ["1a", "a+b", "팔+1", "²", "x" * 65])
def test_what_is_no_name_of_weights(name: str) -> None:
    with pytest.raises(cnncalc.SpecError, match="is not a name for weights"):
        cnncalc.load(f"input 8x8x8\nconv 3x3x8 p1 weights={name}")


def test_calls_that_differ_are_an_error_that_names_both() -> None:
    block = "block a(n)\n(conv 3x3x8 p1)*n\nend\n"
    assert drawn(f"input 8x8x8\n{block}a(1) weights=h\na(2) weights=h").startswith(
        "error[weights-differ]: calls that share the weights `h` differ: `a` has 1 layer with weights, "
        "`a` has 2 layers\n  --> text:6:1\n"
    )


def test_a_layer_without_weights_shares_none() -> None:
    assert drawn("input 8x8x8\nrelu weights=w") == (
        "error[bad-option]: relu has no weights to share\n"
        "  --> text:2:6\n"
        "   |\n"
        " 2 | relu weights=w\n"
        "   |      ^^^^^^^^^\n"
        "   |\n"
        "   = leave `weights=` out"
    )


@every_network
def test_pytorch_has_each_tensor_once(text: str) -> None:
    """PyTorch's own parameters and torchinfo agree, and so does the written Python, value by value."""
    network = cnncalc.load(text)
    assert [check for check in verify(network) if not check.holds] == []
    built = cnncalc.build(network, seed=0).eval()
    assert sum(parameter.numel() for parameter in built.parameters()) == network.params
    names: dict[str, Any] = {}
    exec(compile(python_source(network), "model.py", "exec"), names)
    written = names["Network"]().eval()
    assert sum(parameter.numel() for parameter in written.parameters()) == network.params
    written.load_state_dict(built.state_dict())
    seen = torch.rand(2, network.input.channels, 8, 8)
    torch.testing.assert_close(written(seen), built(seen), rtol=0, atol=0)
    torch.testing.assert_close(checkpointed(built, network)(seen), built(seen), rtol=0, atol=0)


@every_network
@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_tracker_finds_the_peak_that_is_predicted(text: str, passes: int, optimizer: str) -> None:
    """The gradients of all uses are added; parameters, gradients and the optimizer's state are there once."""
    network = cnncalc.load(text)
    setup = TrainingSetup(batch=3 * passes, optimizer=optimizer, device="cpu", ema=False, accumulate=passes)
    with fake_mode():
        module = with_memory(cnncalc.build(network, device="meta"))
        expected = tracked_peak(module, network, 3, optimizer, passes=passes)
    assert predict_memory(network, setup).peak_bytes == expected


@every_network
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_autograd_keeps_what_is_predicted(text: str, precision: str) -> None:
    """Autocast copies weights once, however many layers have them."""
    network = cnncalc.load(text)
    module = with_memory(cnncalc.build(network, device="meta"))
    expected = autograd_bytes(module, images(network, 3), low=precision == "bf16")
    assert sum(saved_bytes(network, TrainingSetup(batch=3, precision=precision, device="cpu"))) == expected


@every_network
def test_it_comes_back_from_pytorch(text: str) -> None:
    """The same network, and a second round gives the same text."""
    network = cnncalc.load(text)
    spec = cnncalc.from_torch(cnncalc.build(network, seed=0), tuple(network.input))
    back = cnncalc.load(spec)
    assert (back.output, back.params, back.macs) == (network.output, network.params, network.macs)
    assert cnncalc.from_torch(cnncalc.build(back, seed=0), tuple(back.input)) == spec


@every_network
@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory", "draw", "report"])
def test_every_command_answers(
    text: str, command: str, capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([command, text]) == 0
    assert not capsys.readouterr().err


class Heads(nn.Module):
    """One head on two levels, as RetinaNet has it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        return self.head(x) + nn.functional.interpolate(self.head(nn.functional.max_pool2d(x, 2)), scale_factor=2)


def test_a_module_that_is_called_twice_is_imported() -> None:
    """Its layers have names for their weights, and PyTorch's count of its parameters is the text's."""
    text = cnncalc.from_torch(Heads(), "16x16x3")
    assert text.count("weights=shared1") == text.count("weights=shared2") == 2
    assert cnncalc.load(text).params == sum(parameter.numel() for parameter in Heads().parameters())


def test_a_tensor_of_two_modules_is_imported_if_they_share_all() -> None:
    """Weights that are tied and a bias that is not have no word."""
    tied = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1))
    tied[2].weight, tied[2].bias = tied[0].weight, tied[0].bias
    assert cnncalc.from_torch(tied, "8x8x4") == (
        "input 8x8x4\n\nconv 1x1x4 weights=shared1 - relu\nconv 1x1x4 weights=shared1\n"
    )
    tied[2].bias = nn.Parameter(torch.zeros(4))
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.from_torch(tied, "8x8x4")
    assert caught.value.message == (
        "a spec cannot express `conv` in `2`: it uses `0.weight` again, and layers of a spec share all of their "
        "weights or none"
    )


def test_json_says_whose_weights_a_layer_has(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert run(["shapes", NETWORKS["a layer twice"], "--format", "json"]) == 0
    layers = json.loads(capsys.readouterr().out)["layers"]
    assert [layer.get("weights_of") for layer in layers] == [None, None, 1, None]
