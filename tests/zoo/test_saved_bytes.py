"""For every network of the zoo: the bytes kept for the backward pass are exactly autograd's."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.analysis.memory import TrainingSetup, saved_bytes
from tests.oracle.torch_memory import autograd_bytes, fake_mode, images, with_memory

BATCHES = (2, 5)


@pytest.mark.slow
@pytest.mark.parametrize("inplace", [True, False])
@pytest.mark.parametrize("name", zoo.names())
def test_saved_bytes_are_those_of_autograd(name: str, inplace: bool) -> None:
    """In float32 to the byte, at two batch sizes."""
    network = cnncalc.load(name)
    module = cnncalc.build(network, device="meta", inplace=inplace)
    with fake_mode():
        with_memory(module)
        kept = [autograd_bytes(module, images(network, batch)) for batch in BATCHES]
    setups = [TrainingSetup(batch=batch, inplace=inplace, device="cpu") for batch in BATCHES]
    assert [sum(saved_bytes(network, setup)) for setup in setups] == kept


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.names())
def test_saved_bytes_under_autocast(name: str) -> None:
    """In bf16 within 1%: fake tensors round a norm's statistics to bf16, which real ones do not.

    Real tensors are compared layer by layer, and to the byte, in tests/layers/test_kernels.py.
    """
    network = cnncalc.load(name)
    module = cnncalc.build(network, device="meta")
    with fake_mode():
        kept = autograd_bytes(with_memory(module), images(network, 2), low=True)
    setup = TrainingSetup(batch=2, device="cpu", precision="bf16")
    assert sum(saved_bytes(network, setup)) == pytest.approx(kept, rel=0.01)
