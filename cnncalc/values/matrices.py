"""A convolution as a matrix product (im2col): a row for each filter, a column for each window."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.words import listed
from cnncalc.network import Node
from cnncalc.values.arrays import Numbers
from cnncalc.values.compute import Computation
from cnncalc.values.tape import Cell, Products, number_of


class MatrixValues(NamedTuple):
    """``filters · windows``, of one group.

    Attributes:
        filters: a row for each filter: [K x F·F·D].
        windows: a column for each window, its values channel by channel: [F·F·D x positions].
        product: [K x positions], without the biases.
        biases: one for each filter; None where there are none.

    """

    filters: Numbers
    windows: Numbers
    product: Numbers
    biases: Numbers | None


def matrices(computation: Computation, layer: str | int) -> list[MatrixValues]:
    """Return the matrix product of a convolution or a fully connected layer, one for each of its groups.

    Raises:
        SpecError: for a layer that is no such product.

    """
    node = computation.layer(layer).node
    product = node.layer.matrix_product(node.sources)
    cells: list[Cell] = computation.cells[node.index]
    if product is None or any(not isinstance(cell, Products) or len(cell.xs) != product.inner for cell in cells):
        fitting = listed([each.name for each in computation.network.layers if _fits(each)])
        hints = [f"layers that are one: {fitting}"] if fitting else []
        raise SpecError("bad-option", f"`{node.name}` is not a product of filters and windows", hints=hints)
    size = product.rows * product.columns
    return [_group(cells[start : start + size], product.rows) for start in range(0, len(cells), size)]


def _fits(node: Node) -> bool:
    product = node.layer.matrix_product(node.sources)
    return product is not None and product.rows * product.columns * product.groups == node.output.values


def _group(cells: list[Cell], rows: int) -> MatrixValues:
    made: list[Products] = [cell for cell in cells if isinstance(cell, Products)]
    columns = len(made) // rows
    firsts = made[::columns]
    filters = [number_of(weight) for first in firsts for weight in first.weights]
    windows = [[number_of(x) for x in cell.xs] for cell in made[:columns]]
    inner = len(windows[0])
    biases = [number_of(first.plus) for first in firsts if isinstance(first.plus, Cell)]
    without = [cell.value - number_of(cell.plus) for cell in made]
    return MatrixValues(
        Numbers.of((rows, inner), filters),
        Numbers.of((inner, columns), [column[row] for row in range(inner) for column in windows]),
        Numbers.of((rows, columns), without),
        Numbers.of((rows, 1), biases) if biases else None,
    )
