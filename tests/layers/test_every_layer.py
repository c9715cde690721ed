"""Every layer, with the examples of its class: what must hold of it everywhere.

`tests/layers/test_own_layers.py` runs this file again with layers of another package, so nothing here names a layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc import Network
from cnncalc.analysis.memory import TrainingSetup, predict_memory, saved_bytes
from cnncalc.analysis.memory.recording import record
from cnncalc.commands.cli import run
from cnncalc.counters.count import count_like
from cnncalc.counters.registry import COUNTERS
from cnncalc.layers import class_of, layers, words
from cnncalc.model.python import python_source
from cnncalc.model.verify import verify
from tests.analysis.test_autocast import autocast_on_a_card
from tests.layers.helpers import example, first_examples
from tests.oracle.foreign_counters import by_torchinfo, written_module
from tests.oracle.torch_memory import autograd_bytes, fake_mode, images, tracked_peak, with_memory

pytestmark = pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")  # PyTorch's, in bf16

EXAMPLES = [text for layer in layers() for text in layer.examples]
every_example = pytest.mark.parametrize("text", EXAMPLES)


@pytest.mark.parametrize("word", words())
def test_every_word_has_an_example(word: str) -> None:
    """Its class has one, and a docstring."""
    assert word in first_examples()
    assert class_of(word).__doc__


@every_example
@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory", "draw"])
def test_every_command_answers(
    text: str, command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # `draw` writes a file
    volume, _, layer = text.partition(": ")
    assert run([command, layer + "\n", "--input", volume]) == 0
    assert not capsys.readouterr().err


@every_example
def test_pytorch_counts_the_same(text: str) -> None:
    """Alone, and between two layers."""
    for around in ("{}", "conv {ones}8 - {}\n", "conv {ones}8 - {} - fc 3"):
        if network := placed(text, around):
            assert [check for check in verify(network) if not check.holds] == []


def placed(text: str, around: str) -> Network | None:
    """Return an example with layers around it, or None where it does not go there."""
    try:
        return example(text, around)
    except cnncalc.SpecError:
        return None


def state_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return random values for the tensors of a module."""
    return {name: torch.rand_like(value.float()).to(value.dtype) + 0.5 for name, value in module.state_dict().items()}


@every_example
def test_other_tools_counts_are_known(text: str) -> None:
    """Its calls come to its own parameters and size, else there is an error; what torchinfo finds is asked of it."""
    network = example(text)
    for counter in COUNTERS.values():
        count_like(network, counter)
    theirs = by_torchinfo(written_module(python_source(network)), images(network, 1))
    ours = count_like(network, COUNTERS["torchinfo"])
    assert (ours.total, ours.params) == (theirs.count, theirs.params)


@every_example
def test_the_written_python_computes_the_same(text: str) -> None:
    network = example(text)
    names: dict[str, Any] = {}
    exec(compile(python_source(network), "model.py", "exec"), names)
    built, written = cnncalc.build(network).eval(), names["Network"]().eval()
    state = state_of(built)
    built.load_state_dict(state)
    written.load_state_dict(state)
    seen = torch.rand(2, network.input.channels, *network.input.spatial) - 0.5
    with torch.no_grad():
        torch.testing.assert_close(written(seen), built(seen), rtol=0, atol=0, equal_nan=True)


@every_example
def test_it_comes_back_from_pytorch(text: str) -> None:
    """The import of what is built is the same network, and that of its own text is the same text."""
    network = example(text, "conv {ones}8 - {}" if placed(text, "conv {ones}8 - {}") else "{}")
    spec = cnncalc.from_torch(cnncalc.build(network, seed=0), tuple(network.input))
    back = cnncalc.load(spec)
    assert (back.output, back.params, back.macs) == (network.output, network.params, network.macs)
    assert cnncalc.from_torch(cnncalc.build(back, seed=0), tuple(back.input)) == spec


@every_example
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_autograd_keeps_what_is_predicted(text: str, precision: str) -> None:
    for around in ("{}", "conv {ones}8 - {}", "conv {ones}8 - {} - conv {ones}8"):
        if network := placed(text, around):
            module = with_memory(cnncalc.build(network, device="meta"))
            expected = autograd_bytes(module, images(network, 3), low=precision == "bf16")
            setup = TrainingSetup(batch=3, precision=precision, device="cpu")
            assert sum(saved_bytes(network, setup)) == expected


@every_example
def test_the_tracker_finds_the_peak_that_is_predicted(text: str) -> None:
    """For a step of training behind a convolution and in front of a classifier."""
    if network := placed(text, "conv {ones}8 - {} - fc 5"):
        setup = TrainingSetup(batch=3, optimizer="sgd", device="cpu", ema=False)
        with fake_mode():
            module = with_memory(cnncalc.build(network, device="meta"))
            assert predict_memory(network, setup).peak_bytes == tracked_peak(module, network, 3)


@every_example
def test_autocast_makes_the_type_that_is_predicted(text: str) -> None:
    """On a card, behind a layer that makes bf16."""
    if network := placed(text, "conv {ones}8 - {}"):
        trace = record(network, TrainingSetup(precision="bf16"), loss=False)
        with fake_mode(), autocast_on_a_card():
            module = cnncalc.build(network, device="cuda").train()
            made = module(torch.zeros(2, network.input.channels, *network.input.spatial, device="cuda"))
        assert trace.value(trace.outputs[0]).size == made.element_size()
