"""Layers of PyTorch on tensors without memory: their sizes, parameters and multiplications."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cnncalc.quiz import Exercise


def empty(height: int, width: int, channels: int) -> Tensor:
    return torch.empty(1, channels, height, width, device="meta")


def meta(layer: Callable[..., nn.Module], *arguments: Any, **settings: Any) -> nn.Module:
    return layer(*arguments, device="meta", **settings)


def size_of(made: Tensor) -> str:
    _, channels, height, width = made.shape
    return f"{height}x{width}x{channels}"


def conv(channels: int, filters: int, kernel: int, stride: int = 1, padding: int = 0, **more: Any) -> nn.Module:
    return meta(nn.Conv2d, channels, filters, kernel, stride, padding, **more)


def params(*layers: nn.Module) -> int:
    return sum([parameter.numel() for layer in layers for parameter in layer.parameters()])


def products(layers: Sequence[nn.Module], arriving: Tensor) -> int:
    """Return the multiplications as PyTorch's own counter counts them: half of its FLOPs."""
    counter = FlopCounterMode(display=False)
    with counter:
        nn.Sequential(*layers)(arriving)
    return counter.get_total_flops() // 2


LAYERS: dict[str, Callable[..., Any]] = {
    r"(\d+)x\d+ convolution, (\d+) filters?, stride (\d+), padding (\d+)": lambda channels, kernel, filters, *rest: (
        conv(channels, filters, kernel, *rest),
        filters,
    ),
    r"(\d+)x\d+ max pooling, stride (\d+)": lambda channels, kernel, stride: (nn.MaxPool2d(kernel, stride), channels),
}


def layers_of(exercise: Exercise, size: int, channels: int) -> list[nn.Module]:
    """Return the layers that a question lists."""
    made: list[nn.Module] = []
    arriving = empty(size, size, channels)
    for layer in exercise.layers:
        if outputs := re.fullmatch(r"fully connected layer, (\d+) outputs", layer.en):
            length = arriving.numel()
            made += [nn.Flatten(), meta(nn.Linear, length, int(outputs[1]))]
            continue
        [(found, maker)] = [(m, maker) for text, maker in LAYERS.items() if (m := re.fullmatch(text, layer.en))]
        module, channels = maker(channels, *map(int, found.groups()))
        made.append(module)
        arriving = module(arriving)
    return made
