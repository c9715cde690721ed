"""For every network of the zoo: the bytes kept for the backward pass are exactly autograd's."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.analysis.memory import TrainingSetup, saved_bytes
from tests.oracle.torch_memory import autograd_bytes, fake_mode, images, with_memory

BATCHES = (2, 5)


@pytest.mark.parametrize("inplace", [True, False])
@pytest.mark.parametrize("name", zoo.names())
def test_saved_bytes_are_those_of_autograd(name: str, inplace: bool) -> None:
    """In float32 to the byte, at two batch sizes; under autocast to bf16 within 1%."""
    network = cnncalc.load(name)
    module = cnncalc.build(network, device="meta", inplace=inplace)
    with fake_mode():
        with_memory(module)
        kept = [autograd_bytes(module, images(network, batch)) for batch in BATCHES]
        kept_low = autograd_bytes(module, images(network, BATCHES[0]), low=True)
    setups = [TrainingSetup(batch=batch, inplace=inplace, device="cpu") for batch in BATCHES]
    low = TrainingSetup(batch=BATCHES[0], inplace=inplace, device="cpu", precision="bf16")
    assert [sum(saved_bytes(network, setup)) for setup in setups] == kept
    # fake tensors round a norm's statistics to bf16, which real ones do not (tests/layers/test_kernels.py)
    assert sum(saved_bytes(network, low)) == pytest.approx(kept_low, rel=0.01)
