"""Random networks of nested modules: whatever becomes a block, the text computes what the module computes."""

from __future__ import annotations

from random import Random

import pytest
import torch
from torch import Tensor, nn

from cnncalc.model.from_torch import convert
from tests.model.test_from_torch_texts import conv


class Gate(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.expand(torch.relu(self.reduce(x.mean((2, 3), keepdim=True)))))


class Inverted(nn.Module):
    """Widens, computes, gates and narrows, with a skip where nothing changes."""

    def __init__(self, channels: int, width: int, stride: int, expand: int, kernel: int, gated: bool) -> None:
        super().__init__()
        inner = channels * expand
        self.skips = channels == width and stride == 1
        widen = [conv(channels, inner, 1), nn.ReLU()] if expand > 1 else []
        gate = [Gate(inner, max(1, channels // 4))] if gated else []
        deep = nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner, bias=False)
        self.net = nn.Sequential(*widen, deep, nn.BatchNorm2d(inner), nn.ReLU(), *gate, conv(inner, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.net(x) if self.skips else self.net(x)


class Basic(nn.Module):
    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.one, self.two = conv(channels, width, 3, stride), conv(width, width)
        self.shortcut = conv(channels, width, 1, stride) if channels != width or stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.two(torch.relu(self.one(x))) + self.shortcut(x))


class Halves(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv(channels // 2, channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        kept, changed = x.chunk(2, 1)
        return torch.cat([kept, self.conv(changed)], 1)


def stage(draw: Random, channels: int, width: int) -> nn.Sequential:
    """Return a first block that may change the volume, and up to three that keep it."""
    stride, depth, kind = draw.choice([1, 1, 2]), draw.randint(0, 3), draw.choice(["inverted", "basic", "halves"])
    settings = draw.choice([1, 2, 4]), draw.choice([3, 5]), draw.random() < 0.4
    if kind == "halves":
        return nn.Sequential(conv(channels, width, 3, stride), *[Halves(width) for _ in range(depth)])
    if kind == "basic":
        return nn.Sequential(Basic(channels, width, stride), *[Basic(width, width, 1) for _ in range(depth)])
    more = [Inverted(width, width, 1, *settings) for _ in range(depth)]
    return nn.Sequential(Inverted(channels, width, stride, *settings), *more)


def network(draw: Random) -> nn.Module:
    channels = draw.choice([4, 8, 12])
    layers: list[nn.Module] = [conv(3, channels), nn.ReLU()]
    for _ in range(draw.randint(2, 6)):
        width = draw.choice([channels, channels, 2 * channels, channels + 4])
        layers.append(stage(draw, channels, width))
        channels = width
    return nn.Sequential(*layers, nn.Dropout(draw.choice([0.0, 0.5])), nn.AdaptiveAvgPool2d(1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_the_text_computes_what_the_module_computes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first text that is tried is the module, with all its blocks: none is given up for a plainer one."""
    tried = []

    def loaded(*arguments: object) -> object:
        tried.append(arguments)
        return load(*arguments)

    load = convert._loaded
    monkeypatch.setattr(convert, "_loaded", loaded)
    torch.manual_seed(seed)
    assert convert.import_module(network(Random(seed)), "32x32x3").proved
    assert len(tried) == 1
