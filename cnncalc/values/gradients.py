"""The sum behind one gradient, term by term."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.core.errors import ArgumentError
from cnncalc.layers.operations import Number
from cnncalc.values.compute import Computation
from cnncalc.values.sums import flat_place, place_of
from cnncalc.values.tape import Cell


class GradientSum(NamedTuple):
    """Σ of a gradient times a slope, over all values that one value is part of.

    Attributes:
        layer: the layer that the value belongs to.
        tensor: what it is a value of: ``input``, ``weight``, ``bias``, …
        place: where: row, column and channel of the input, or the index in the tensor; counted from 0.
        products: pairs: the gradient of what was made, and by how much that changes with this value.
        result: the gradient.

    """

    layer: str
    tensor: str
    place: tuple[int, ...]
    products: tuple[tuple[Number, Number], ...]
    result: Number


def input_gradient_sum(computation: Computation, layer: str | int, at: Sequence[int]) -> GradientSum:
    """Return the sum of the gradient of one value that a layer reads; of a merge, from its first branch.

    Args:
        computation: what was computed, with a way back.
        layer: the layer's name or number.
        at: row and column, and perhaps the channel, counted from 0.

    Raises:
        SpecError: where there is no such layer, no such place or no gradient.

    """
    _check_back(computation)
    node = computation.reading_layer(layer).node
    place = place_of(node.sources[0], at)
    cell = computation.cells[node.inputs[0]][flat_place(node.sources[0], place)]
    return GradientSum(node.name, "input", place, _products(computation, cell), cell.gradient)


def tensor_gradient_sum(computation: Computation, layer: str | int, tensor: str, index: Sequence[int]) -> GradientSum:
    """Return the sum of the gradient of one value of a tensor; the index has a number for each dimension.

    Raises:
        SpecError: where there is no such layer, tensor or place, or no gradient.

    """
    _check_back(computation)
    computed = computation.layer(layer)
    shape = computed.state[tensor].shape if tensor in computed.state else ()
    if len(index) != len(shape) or any(not 0 <= at < size for at, size in zip(index, shape, strict=True)):
        raise ArgumentError("out-of-range", f"`{computed.name}.{tensor}` has no place {','.join(map(str, index))}")
    place = 0
    for at, size in zip(index, shape, strict=True):
        place = place * size + at
    owner = computation.network.weights_of.get(computed.node.index, computed.node.index)
    cell = computation.tensors[owner][tensor][place]
    return GradientSum(computed.name, tensor, tuple(index), _products(computation, cell), cell.gradient)


def _check_back(computation: Computation) -> None:
    if computation.input_gradient is None:
        raise ArgumentError("no-values", "no gradients were computed: compute with backward=True")


def _products(computation: Computation, cell: Cell) -> tuple[tuple[Number, Number], ...]:
    """Return gradient and slope of everything that a cell is part of."""
    return tuple(
        [(reader.gradient, slope) for reader in computation.tape.cells for x, slope in reader.slopes() if x is cell]
    )
