"""Averaged weights, next to PyTorch's own averaging."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from cnncalc.train.engine.ema import AveragedWeights


def learned(module: nn.Module, seed: int) -> None:
    """Change everything that a module learns, as a step of training does."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))
    module(torch.randn(4, 3, 5, 5, generator=generator))  # moves the statistics of the norm


def test_the_average_is_pytorch_s() -> None:
    """With buffers; PyTorch's first update is a copy, and ours starts as one."""
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    ours, theirs = (
        AveragedWeights(module, 0.9),
        AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True),
    )
    theirs.update_parameters(module)
    for step in range(20):
        learned(module, step)
        ours.update(10_000 + step)
        theirs.update_parameters(module)
    for name, value in theirs.module.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(ours.module.state_dict()[name], value)


def test_the_first_weights_are_soon_forgotten() -> None:
    """After n steps the decay is at most (1 + n) / (10 + n): 1/10 of the old and 9/10 of the new at first."""
    module = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(0.0)
        average = AveragedWeights(module, 0.999)
        module.weight.fill_(1.0)
    average.update(0)
    assert average.module.weight.item() == torch.tensor(0.9).item()
    average.update(8)  # 9/18: half of the distance that is left
    torch.testing.assert_close(average.module.weight.item(), 0.95)


def test_numbers_that_are_counted_are_copied() -> None:
    """How many batches a norm has seen is no float; and the average itself learns nothing."""
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    average = AveragedWeights(module, 0.99)
    for step in range(3):
        learned(module, step)
        average.update(step)
    assert average.module.state_dict()["1.num_batches_tracked"].item() == 3
    assert not any(parameter.requires_grad for parameter in average.module.parameters())
    assert all(parameter.requires_grad for parameter in module.parameters())
