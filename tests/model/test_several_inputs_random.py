"""Networks with several inputs that nobody designed: PyTorch's shapes, values and memory, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory, saved_bytes
from cnncalc.draw.styles import DrawingOptions, picture_of
from cnncalc.model.python import python_source
from cnncalc.model.verify import verify
from tests.oracle.several_inputs import networks
from tests.oracle.torch_memory import autograd_bytes, fake_mode, inputs, learns, tracked_peak, with_memory

BATCH = 3


@pytest.mark.slow
@given(text=networks)
@settings(max_examples=15)
def test_volumes_parameters_and_values_are_pytorchs(text: str) -> None:
    """And the written Python computes the same, with the inputs by their names."""
    network = cnncalc.load(text)
    assert [check for check in verify(network) if not check.holds] == []
    names: dict[str, Any] = {}
    exec(compile(python_source(network), "model.py", "exec"), names)
    built, written = cnncalc.build(network, seed=0).eval(), names["Network"]().eval()
    written.load_state_dict(built.state_dict())
    arguments = [node.target for node in built.graph.nodes if node.op == "placeholder"]
    seen = {name: torch.randn(tensor.shape) for name, tensor in zip(arguments, inputs(network, BATCH), strict=True)}
    torch.testing.assert_close(built(**seen), written(**seen), rtol=0, atol=0, equal_nan=True)


@pytest.mark.slow
@given(text=networks)
@settings(max_examples=15)
def test_autograd_keeps_what_is_predicted(text: str) -> None:
    """To the byte."""
    network = cnncalc.load(text)
    module = with_memory(cnncalc.build(network, device="meta"))
    setup = TrainingSetup(batch=BATCH, device="cpu")
    assert sum(saved_bytes(network, setup)) == autograd_bytes(module, *inputs(network, BATCH))


@pytest.mark.slow
@given(text=networks)
@settings(max_examples=10)
def test_the_tracker_finds_the_peak_that_is_predicted(text: str) -> None:
    """To the byte, where there is anything to train."""
    network = cnncalc.load(text)
    assume(learns(network, BATCH))
    with fake_mode():
        theirs = tracked_peak(with_memory(cnncalc.build(network, device="meta")), network, BATCH)
    assert predict_memory(network, TrainingSetup(batch=BATCH, device="cpu")).peak_bytes == theirs


@pytest.mark.slow
@given(text=networks)
@settings(max_examples=10)
def test_the_text_comes_back_from_pytorch(text: str) -> None:
    """The same counts, and from the second round on the same text."""
    network = cnncalc.load(text)
    spec = _imported(network)
    again = cnncalc.load(spec)
    assert (again.params, again.macs, again.inputs, again.outputs) == (
        *(network.params, network.macs, network.inputs, network.outputs),
    )
    assert _imported(again) == spec


def _imported(network: cnncalc.Network) -> str:
    built = cnncalc.build(network, seed=0)
    arguments = [node.target for node in built.graph.nodes if node.op == "placeholder"]
    return cnncalc.from_torch(built, dict(zip(arguments, network.inputs, strict=True)))


@given(text=networks)
@settings(max_examples=20)
def test_every_style_draws_them(text: str) -> None:
    network = cnncalc.load(text)
    first = next(node.name for node in network if node.layer.kind != "input")
    for style in ("graph", "volumes", "field"):
        assert picture_of(network, style, DrawingOptions(name="net", layer=first)).shapes
