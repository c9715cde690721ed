"""What is built works with the tools of PyTorch: compile, export, autocast, state dicts."""

from __future__ import annotations

import copy
import io
import warnings

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import cnncalc
from tests.model.test_build import BATCH, EVERY_STEP, images

# ---- torch's own tools


def test_it_can_be_built_without_memory() -> None:
    """On the meta device, with any seed, a network of a billion parameters has shapes and no values."""
    network = cnncalc.load("fc 30000 - fc 30000", input="4x4x64")
    module = cnncalc.build(network, device="meta", seed=0)
    assert {p.device.type for p in module.parameters()} == {"meta"}
    assert module(torch.empty(2, 64, 4, 4, device="meta")).shape == (2, 30000)


def test_it_can_be_built_and_run_inside_fake_tensor_mode() -> None:
    network = cnncalc.load(EVERY_STEP)
    with FakeTensorMode():
        module = cnncalc.build(network, seed=0)
        assert module(torch.empty(BATCH, 3, 16, 16)).shape == (BATCH, 4)


def test_the_default_device_is_where_it_is_built() -> None:
    with torch.device("meta"):
        assert cnncalc.build(cnncalc.load("fc 3", input="2x2x1")).fc1.weight.is_meta


@pytest.mark.slow
def test_compile_takes_it_as_one_graph() -> None:
    """No graph break, forward and backward, and the same values."""
    network = cnncalc.load(EVERY_STEP)
    module = cnncalc.build(network, seed=0).eval()
    x = images(network)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), module(x))
    compiled(x).sum().backward()
    assert module.conv1.weight.grad is not None


@pytest.mark.slow
def test_export_takes_it_with_any_batch() -> None:
    network = cnncalc.load(EVERY_STEP)
    module = cnncalc.build(network, seed=0).eval()
    exported = torch.export.export(module, (images(network),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    x = images(network, batch=5)
    torch.testing.assert_close(exported.module()(x), module(x))


def test_autocast_runs_convolutions_in_bfloat16() -> None:
    network = cnncalc.load(EVERY_STEP)
    module = cnncalc.build(network, seed=0)
    with torch.autocast("cpu", torch.bfloat16):
        module(images(network)).sum().backward()
        seen = module.conv1(images(network))
    assert seen.dtype == torch.bfloat16
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in module.parameters() if p.grad is not None)


def test_channels_last_gives_the_same_values() -> None:
    network = cnncalc.load(EVERY_STEP)
    module = cnncalc.build(network, seed=0).eval()
    x = images(network)
    expected = module(x)
    result = module.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(result, expected)


def test_a_copy_is_independent_and_the_same() -> None:
    network = cnncalc.load(EVERY_STEP)
    module = cnncalc.build(network, seed=0).eval()
    x = images(network)
    expected = module(x)
    other = copy.deepcopy(module)
    nn.init.zeros_(module.conv1.weight)
    assert torch.equal(other(x), expected)


def test_a_state_dict_goes_round() -> None:
    """Saved and strictly loaded into a network with other weights, it gives the same outputs."""
    network = cnncalc.load(EVERY_STEP)
    module, other = cnncalc.build(network, seed=0).eval(), cnncalc.build(network, seed=1).eval()
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file), strict=True)
    assert torch.equal(other(images(network)), module(images(network)))


def test_the_whole_module_can_be_saved_and_loaded() -> None:
    network = cnncalc.load(EVERY_STEP)
    module = cnncalc.build(network, seed=0).eval()
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(module, file)
        file.seek(0)
        other = torch.load(file, weights_only=False)
    assert torch.equal(other(images(network)), module(images(network)))
