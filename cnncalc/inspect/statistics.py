"""What the numbers in a trained network are like: of the weights, and of what every layer makes of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from cnncalc.inspect.filters import layer_weight
from cnncalc.inspect.maps import activations, images_at_once
from cnncalc.inspect.subject import Subject
from cnncalc.network import Node

MOST_IMAGES = 256
"""Images whose activations are looked at."""

AT_ONCE = 64
"""Most images at a time."""


class LayerStatistics(NamedTuple):
    """What the numbers of a layer are like; None for what is not known, since it needs images or weights.

    Attributes:
        node: the layer.
        weights: standard deviation of its weights.
        mean, deviation: of its output, over all images, channels and positions.
        zeros: share of its output that is 0, in 0..1.
        dead: channels that are 0 everywhere for every image.

    """

    node: Node
    weights: float | None = None
    mean: float | None = None
    deviation: float | None = None
    zeros: float | None = None
    dead: int | None = None


def layer_statistics(subject: Subject, nodes: Sequence[Node], pixels: Tensor | None) -> list[LayerStatistics]:
    """Return the statistics of layers.

    Args:
        subject: the network.
        nodes: the layers.
        pixels: images, uint8 N x C x H x W; None where there are none.

    """
    sums = None if pixels is None else _sums(subject, nodes, pixels)
    return [_statistics(subject, node, None if sums is None else sums[node.index]) for node in nodes]


class _Sums(NamedTuple):
    """What is added up: the number of values, their sum, that of their squares, zeros, and channels that are not 0."""

    numbers: int
    total: float
    squares: float
    zeros: int
    alive: Tensor


def _sums(subject: Subject, nodes: Sequence[Node], pixels: Tensor) -> dict[int, _Sums]:
    found: dict[int, _Sums] = {}
    for batch in torch.split(pixels, images_at_once(subject.network, AT_ONCE)):
        with torch.no_grad():
            layers = activations(subject.module, subject.network, subject.seen(batch), [node.index for node in nodes])
        for index, value in layers.layers.items():
            numbers = value.double()
            zero = numbers == 0
            alive = ~zero.transpose(0, 1).flatten(1).all(1)
            new = _Sums(zero.numel(), float(numbers.sum()), float(numbers.square().sum()), int(zero.sum()), alive)
            found[index] = _added(new, found.get(index))
    return found


def _added(new: _Sums, old: _Sums | None) -> _Sums:
    if old is None:
        return new
    alive = new.alive | old.alive
    return _Sums(
        new.numbers + old.numbers, new.total + old.total, new.squares + old.squares, new.zeros + old.zeros, alive
    )


def _statistics(subject: Subject, node: Node, sums: _Sums | None) -> LayerStatistics:
    weight = layer_weight(subject.module, node)
    weights = None if weight is None or weight.numel() < 2 else float(weight.float().std(correction=0))
    if sums is None:
        return LayerStatistics(node, weights)
    mean = sums.total / sums.numbers
    deviation = max(0.0, sums.squares / sums.numbers - mean**2) ** 0.5
    return LayerStatistics(node, weights, mean, deviation, sums.zeros / sums.numbers, int((~sums.alive).sum()))
