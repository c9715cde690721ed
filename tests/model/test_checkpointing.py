"""Gradient checkpointing: the same values, gradients and statistics to the bit, in less memory."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory
from cnncalc.analysis.memory.segments import segments
from cnncalc.model.checkpointing import checkpointed
from tests.oracle.torch_memory import autograd_bytes, fake_mode, images, tracked_peak, with_memory

SPECS = {
    "blocks": """
        input 16x16x3
        block unit(width)
          conv 3x3x{width} p1 nobias - bn - relu - dropout 0.3
        end
        block stage(width)
          unit(width) - add( | unit(width) ) - relu
        end
        conv 3x3x8 p1 - relu
        stage(8) - pool 2x2
        stage(16) - gap - fc 5
    """,
    "without blocks": "input 16x16x3\n(conv 3x3x8 p1 - bn - relu - dropout 0.2)*6 - gap - fc 5",
    "starts in place": """
        input 16x16x3
        block late(width)
          leakyrelu 0.3 - conv 3x3x{width} p1 - elu - conv 3x3x{width} p1
        end
        conv 3x3x8 p1 - late(8) - late(8) - late(8) - gap - fc 5
    """,
    "skips over blocks": """
        input 16x16x3
        block half(width)
          conv 3x3x{width} s2 p1 floor - bn - relu - conv 3x3x{width} p1 - bn - relu
        end
        a: half(8) - b: half(16) - upsample x2 - concat( | @a ) - half(8)
        add( conv 1x1x8 | identity | conv 1x1x8 ) - mul( | gap - fc 8 - relu - conv 1x1x8 - sigmoid ) - gap - fc 5
    """,
}


def seen(batch: int = 4) -> torch.Tensor:
    """Return images."""
    return torch.randn(batch, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def stepped(module: nn.Module, passes: int = 2) -> list[torch.Tensor]:
    """Return the outputs of passes through a module, its gradients and its buffers afterwards."""
    torch.manual_seed(1)
    outputs = []
    for _ in range(passes):
        output = module(seen())
        output.square().sum().backward()
        outputs.append(output.detach())
    return [*outputs, *[value.grad for value in module.parameters() if value.grad is not None], *module.buffers()]


@pytest.mark.parametrize("name", SPECS)
def test_it_computes_the_same_to_the_bit(name: str) -> None:
    """Outputs, gradients and running statistics after two passes, with dropout."""
    network = cnncalc.load(SPECS[name])
    assert len(segments(network)) > 1
    plain = cnncalc.build(network, seed=0)
    again = checkpointed(cnncalc.build(network, seed=0), network)
    expected, found = stepped(plain), stepped(again)
    assert len(expected) == len(found)
    assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


@pytest.mark.parametrize("name", SPECS)
def test_it_has_the_names_and_the_tensors_of_the_module(name: str) -> None:
    """Whoever saves one can load the other; the parameters are shared."""
    network = cnncalc.load(SPECS[name])
    module = cnncalc.build(network, seed=0)
    again = checkpointed(module, network)
    assert list(again.state_dict()) == list(module.state_dict())
    assert [name for name, _ in again.named_parameters()] == [name for name, _ in module.named_parameters()]
    assert all(one is other for one, other in zip(again.parameters(), module.parameters(), strict=True))


def test_it_can_be_tested_copied_and_moved() -> None:
    """Eval mode and no_grad run plainly; a copy has parameters of its own, which its parts use."""
    network = cnncalc.load(SPECS["blocks"])
    module = cnncalc.build(network, seed=0)
    again = checkpointed(module, network)
    with torch.no_grad():
        assert torch.equal(again.eval()(seen()), module.eval()(seen()))
    twin = copy.deepcopy(again).double()
    with torch.no_grad():
        for value in twin.parameters():
            value.zero_()
        assert not twin(seen().double()).any()
        assert again(seen()).any()


def test_the_backward_pass_needs_less() -> None:
    """Autograd keeps what enters the blocks, and not what they make on the way."""
    network = cnncalc.load("resnet18", input="64x64x3")
    module = cnncalc.build(network, seed=0)
    kept = [autograd_bytes(part, images(network, 2)) for part in (module, checkpointed(module, network))]
    assert kept[1] < 0.6 * kept[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["resnet18", "resnet50", "mobilenet_v2", "vgg11", "alexnet", "densenet121", "googlenet"]
)
def test_the_peak_is_the_predicted_one(name: str) -> None:
    """PyTorch's tracker finds what is predicted for checkpointing, within 0.01%."""
    network = cnncalc.load(name)
    with fake_mode():
        module = with_memory(checkpointed(cnncalc.build(network, device="meta"), network))
        found = tracked_peak(module, network, 16)
    setup = TrainingSetup(batch=16, device="cpu", checkpointing=True)
    assert predict_memory(network, setup).peak_bytes == pytest.approx(found, rel=1e-4)


@pytest.mark.parametrize("norm", ["bn", "bn noaffine", "bn noscale", "bn fixed", "bn fixed noaffine"])
def test_copies_of_running_statistics_are_predicted(norm: str) -> None:
    """To the byte: norms change copies when they are computed again, and the backward pass reads these."""
    network = cnncalc.load(f"(conv 3x3x8 p1 - {norm} - relu)*6 - gap - fc 5", input="16x16x3")
    with fake_mode():
        module = with_memory(checkpointed(cnncalc.build(network, device="meta"), network))
        found = tracked_peak(module, network, 4)
    assert predict_memory(network, TrainingSetup(batch=4, device="cpu", checkpointing=True)).peak_bytes == found


def test_segments_are_blocks_at_the_depth_that_needs_the_least() -> None:
    """ResNet-50 has four stages of 16 blocks: the blocks."""
    network = cnncalc.load("resnet50")
    found = segments(network)
    assert len(found) == 16
    names = [{network.layers[index - 1].name.rpartition(".")[0].split(".")[1] for index in part} for part in found]
    assert all(len(blocks) == 1 for blocks in names)


def test_without_blocks_there_are_about_as_many_stretches_as_layers_in_each() -> None:
    """36 layers in a row: about 6, none of which begins with what would write over the one before."""
    network = cnncalc.load("(conv 3x3x8 p1 - relu)*18", input="16x16x8")
    found = segments(network)
    assert 4 <= len(found) <= 8
    assert all(network.layers[part.start - 1].layer.kind == "conv" for part in found)


def test_where_nothing_is_gained_there_are_none() -> None:
    """A single layer is what it is."""
    network = cnncalc.load("fc 10", input="8x8x3")
    assert segments(network) == ()
    module = checkpointed(cnncalc.build(network, seed=0), network)
    assert module(torch.zeros(1, 3, 8, 8)).shape == (1, 10)
