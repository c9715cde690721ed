"""What autocast casts on a graphics card, without one: fake tensors know their device and type, and hold no values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory
from cnncalc.analysis.memory.recording import record
from tests.oracle.torch_memory import fake_mode, tracked_peak, with_memory


@contextmanager
def autocast_on_a_card() -> Iterator[None]:
    """Switch autocast on for a card that need not be there; the context manager of PyTorch refuses that."""
    torch.set_autocast_enabled("cuda", True)
    torch.set_autocast_dtype("cuda", torch.bfloat16)
    try:
        yield
    finally:
        torch.set_autocast_enabled("cuda", False)


OTHER_DIMENSIONS = ["conv {1}x4", "maxpool {2}", "avgpool {2}", "lppool {2}", "adaptiveavgpool 2", "adaptivemaxpool 2"]
OTHER_DIMENSIONS += [
    "bn",
    "bn noscale",
    "gn 2",
    "ln",
    "instancenorm",
    "pad 1 replicate",
    "upsample x2",
    "upsample x2 {linear}",
]


@pytest.mark.parametrize("layer", OTHER_DIMENSIONS)
@pytest.mark.parametrize("dimensions", [1, 3])
def test_signals_and_clips(layer: str, dimensions: int) -> None:
    """The bytes of a value that a layer makes from bf16 are those of PyTorch's own type, as for images."""
    sizes = {
        "{1}": "x".join(["1"] * dimensions),
        "{2}": "x".join(["2"] * dimensions),
        "{linear}": {1: "linear", 3: "trilinear"}[dimensions],
    }
    for hole, size in sizes.items():
        layer = layer.replace(hole, size)
    kernel = "x".join(["3"] * dimensions)
    network = cnncalc.load(f"conv {kernel}x8 p1 - {layer}", input="x".join(["8"] * dimensions) + "x3")
    trace = record(network, TrainingSetup(precision="bf16"), loss=False)
    with fake_mode(), autocast_on_a_card():
        module = cnncalc.build(network, device="cuda").train()
        made = module(torch.zeros(2, 3, *[8] * dimensions, device="cuda"))
    assert trace.value(trace.outputs[0]).size == made.element_size()


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")  # PyTorch's, in bf16
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("16x8, sigmoid - fc 1 - fc 5", id="what is cast is held by the caller until a layer is done"),
        pytest.param("10x12x4, gn 2 - fc 5", id="an operand's gradient is cast before those of the parameters"),
        pytest.param("5x7x8, ln - fc 5", id="rows are made before they are cast"),
        pytest.param("16x8, fc 1 - fc 5", id="the loss holds its operand in float32"),
        pytest.param(
            "5x6x12, conv 1x1x5 - scale - gap - fc 5", id="a gradient in float32 is cast to its operand's type"
        ),
        pytest.param("5x6x12, conv 1x1x5 - mul( scale | ) - fc 5", id="a product of two types"),
        pytest.param("5x6x12, conv 1x1x5 - mul( scale | gap - conv 1x1x5 - sigmoid ) - fc 5", id="one is spread"),
        pytest.param("5x6x12, conv 1x1x5 - max( scale | ) - fc 5", id="a maximum of two types"),
        pytest.param("5x6x12, conv 1x1x5 - grn - fc 5", id="grn makes float32"),
        pytest.param("5x6x2x12, conv 1x1x1x5 - lrn 3 - fc 5", id="lrn makes float32"),
        pytest.param("4x10x3, conv 1x1x3 - rmsnorm - softmax - times 2 - gelu - fc 5", id="rmsnorm gives bf16 back"),
    ],
)
def test_the_peak_of_a_step_under_autocast(text: str) -> None:
    """On the CPU, where PyTorch's own tracker sees every tensor."""
    network = cnncalc.load("input " + text.replace(", ", "\n"))
    setup = TrainingSetup(batch=4, optimizer="sgd", device="cpu", precision="bf16")
    with fake_mode():
        expected = tracked_peak(with_memory(cnncalc.build(network, device="meta")), network, 4, low=True)
    assert predict_memory(network, setup).peak_bytes == expected
