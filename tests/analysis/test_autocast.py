"""What autocast casts on a graphics card, without one: fake tensors know their device and type, and hold no values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

import cnncalc
from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.recording import record
from tests.oracle.torch_memory import fake_mode


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
