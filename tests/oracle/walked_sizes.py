"""Which sizes of one side a network takes: the formulas of the lectures, walked over its flat list of layers.

This is independent of how sizes are tried: nothing is expanded or looked up, all sizes go through the layers together.
A layer's settings are those of the usual input, so it is only for networks whose layers have no sizes of their own
that follow from the input (`same` with a stride, `{H//2}`); where there is one, `Unwalkable` is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.network import Network

Sizes = list[int]
"""For every size of the input what arrives; 0 where the network does not take it."""

ONE = frozenset(("fc", "flatten", "gap", "gmp"))
"""Layers that leave one position."""

SAME = frozenset(
    (
        *("bn", "ln", "gn", "lrn", "grn", "scale", "times", "plus", "dropout", "dropout2d", "identity"),
        *("relu", "relu6", "leakyrelu", "prelu", "elu", "gelu", "silu", "mish", "softplus", "hardswish", "hardsigmoid"),
        *("sigmoid", "tanh", "softmax", "shuffle", "slice", "padchannels", "groupsum", "groupsoftmax"),
    )
)
"""Layers that keep every position."""


class Unwalkable(Exception):
    """A network with a layer that is not known here."""


def taken_along(network: Network, axis: int, most: int) -> set[int]:
    """Return the sizes from 1 to ``most`` of one side that a network takes."""
    along: list[Sizes] = [list(range(1, most + 1))]
    for node in network.layers:
        read = [along[index] for index in node.inputs]
        along.append(_leaving(node.layer, read, axis))
    # a size that one layer refuses is refused, also where nobody reads that layer
    return {size for size, *left in zip(*along, strict=True) if all(left)}


def _leaving(layer: Any, read: Sequence[Sizes], axis: int) -> Sizes:
    if layer.kind in SAME:
        return read[0]
    if layer.kind in ONE:
        return [min(size, 1) for size in read[0]]
    if layer.kind in _MERGES:
        return [_MERGES[layer.kind](sizes) if all(sizes) else 0 for sizes in zip(*read, strict=True)]
    if layer.kind not in _FORMULAS:
        raise Unwalkable(layer.kind)
    made = _FORMULAS[layer.kind](layer, axis)
    return [made(size) if size else 0 for size in read[0]]


def _alike(sizes: Sequence[int]) -> int:
    return sizes[0] if len(set(sizes)) == 1 else 0


def _stretched(sizes: Sequence[int]) -> int:
    """Return the common size of branches, of which those with one position are repeated."""
    return max(sizes) if len(set(sizes) - {1}) <= 1 else 0


_MERGES: dict[str, Callable[[Sequence[int]], int]] = {"concat": _alike, "add": _stretched, "mul": _stretched}


def _window(layer: Any, axis: int) -> Callable[[int], int]:
    """W′ = (W − F + 2P)/S + 1; with ceil, one more where that is not whole, unless it starts in the padding behind."""
    kernel, stride, before, after, dilation = layer.windows[axis]
    extent, rounding = dilation * (kernel - 1) + 1, layer.rounding

    def made(size: int) -> int:
        room = size - extent + before + after
        if room < 0 or (rounding == "strict" and room % stride):
            return 0
        outputs = room // stride + 1
        hangs_over = rounding == "ceil" and room % stride and outputs * stride < size + before
        return outputs + 1 if hangs_over else outputs

    return made


def _transposed(layer: Any, axis: int) -> Callable[[int], int]:
    """W′ = (W − 1)·S + F − 2P, and what is put in behind."""
    extent = layer.dilation[axis] * (layer.kernel[axis] - 1) + 1
    more = extent - 2 * layer.padding[axis] + layer.output_padding[axis]
    return lambda size: max(0, (size - 1) * layer.stride[axis] + more)


def _upsampled(layer: Any, axis: int) -> Callable[[int], int]:
    if not layer.factors:
        raise Unwalkable("upsample to sizes")
    factor = layer.factors[axis]
    return lambda size: int(size * factor)


def _unshuffled(layer: Any, axis: int) -> Callable[[int], int]:
    return lambda size: size // layer.factor if size % layer.factor == 0 else 0


_FORMULAS: dict[str, Callable[[Any, int], Callable[[int], int]]] = {
    "conv": _window,
    "dwconv": _window,
    "pool": _window,
    "avgpool": _window,
    "deconv": _transposed,
    "upsample": _upsampled,
    "adaptiveavgpool": lambda layer, axis: lambda size: layer.size[axis],
    "crop": lambda layer, axis: lambda size: max(0, size - sum(layer.sides[axis])),
    "pixelshuffle": lambda layer, axis: lambda size: size * layer.factor,
    "pixelunshuffle": _unshuffled,
}
