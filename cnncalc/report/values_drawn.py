"""What ``cnncalc compute`` shows to a person: grids, sums, windows, the way back and a step of learning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple

from cnncalc.report.number_grids import (
    grid_of,
    index_text,
    kernel_title,
    number_text,
    place_text,
    side_by_side,
    tensor_lines,
    volume_blocks,
    volume_lines,
)
from cnncalc.report.value_sums import added, products_text, sum_lines
from cnncalc.values import Computation, ComputedLayer, Numbers
from cnncalc.values.gradients import GradientSum
from cnncalc.values.learning import LearningStep, Loss
from cnncalc.values.matrices import MatrixValues
from cnncalc.values.sums import UnitSum
from cnncalc.values.tape import Cell, ChosenValue, Mapped, Products
from cnncalc.values.windows import WindowStep


class Learning(NamedTuple):
    """A step of learning, and what comes of it.

    Attributes:
        step: the step.
        after: what the network makes of the same input then.
        loss_after: the loss then; None where there is none.

    """

    step: LearningStep
    after: Computation
    loss_after: Loss | None


class ShownValues(NamedTuple):
    """What is shown of a computation.

    Attributes:
        computation: what was computed.
        digits: decimal places, in place of fractions; None for fractions.
        sums: the sums that are written out.
        windows: the windows that are walked through.
        matrices: a layer as a matrix product.
        gradient_sums: the sums of gradients that are written out.
        loss: the loss of the output; None without one.
        learning: a step of learning; None without one.
        remarks: sentences below.

    """

    computation: Computation
    digits: int | None = None
    sums: tuple[UnitSum, ...] = ()
    windows: tuple[WindowStep, ...] = ()
    matrices: tuple[MatrixValues, ...] = ()
    gradient_sums: tuple[GradientSum, ...] = ()
    loss: Loss | None = None
    learning: Learning | None = None
    remarks: tuple[str, ...] = ()


def drawn(shown: ShownValues, width: int) -> Iterator[str]:
    """Yield all of it within a width, in lines."""
    parts = [_forward, _windows, _matrices, _sums, _loss, _backward, _gradient_sums, _learning, _remarks]
    between = ""
    for part in parts:
        for line in part(shown, width):
            yield f"{between}{line}\n"
            between = ""
        between = "\n"


def _forward(shown: ShownValues, width: int) -> Iterator[str]:
    computation, digits = shown.computation, shown.digits
    if computation.input.flat:
        yield f"input {computation.network.input}"
        yield from volume_lines(computation.input, width, digits)
    for number, layer in enumerate(computation.layers):
        if number or computation.input.flat:
            yield ""
        yield _head(layer)
        for name, numbers in layer.state.items():
            yield f"  {name}"
            yield from tensor_lines(numbers, width, digits)
        if layer.state:
            yield "  output"
        yield from volume_lines(layer.output, width, digits)


def _head(layer: ComputedLayer) -> str:
    return f"{layer.name}: {layer.node.written} → {layer.node.output}"


def _between(groups: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of groups, with an empty line between two."""
    for number, group in enumerate(groups):
        if number:
            yield ""
        yield from group


# ---- sums and windows


def _sums(shown: ShownValues, width: int) -> Iterator[str]:
    return _between([_sum(unit, width, shown.digits) for unit in shown.sums])


def _sum(unit: UnitSum, width: int, digits: int | None) -> Iterator[str]:
    yield f"{unit.layer} at {place_text(unit.place)}"
    yield from _labelled(list(sum_lines(unit, digits)), width)


def _labelled(lines: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Yield lines with what stands in front of each, wrapped within the width."""
    margin = max([len(label) for label, _ in lines])
    start = margin + 4 if margin else 2
    for label, text in lines:
        pieces = wrap(text, max(20, width - start), break_long_words=False)
        yield f"  {label:<{margin}}  {pieces[0]}" if margin else f"  {pieces[0]}"
        yield from [" " * start + piece for piece in pieces[1:]]


def _windows(shown: ShownValues, width: int) -> Iterator[str]:
    count = len(shown.windows)
    steps = enumerate(shown.windows, 1)
    return _between([_window(step, f"window {number} of {count}", width, shown.digits) for number, step in steps])


def _window(step: WindowStep, title: str, width: int, digits: int | None) -> Iterator[str]:
    yield f"{step.unit.layer}, {title}: {place_text(step.unit.place)}"
    blocks = []
    for name, grid in volume_blocks(step.grid, digits):
        columns, longest = len(grid[0]), max([len(cell) for cells in grid for cell in cells])
        padded = [cell.rjust(longest) for cells in grid for cell in cells]
        cells = [f"[{cell}]" if place in step.read else f" {cell} " for place, cell in enumerate(padded)]
        marked = [cells[start : start + columns] for start in range(0, len(cells), columns)]
        blocks.append((name, marked))
    yield from side_by_side(blocks, width)
    yield from _labelled(list(sum_lines(step.unit, digits)), width)


def _matrices(shown: ShownValues, width: int) -> Iterator[str]:
    several = len(shown.matrices) > 1
    for group, found in enumerate(shown.matrices):
        if group:
            yield ""
        (rows, inner), columns = found.filters.shape, found.windows.shape[1]
        title = f"group {group}: " if several else "as a matrix product: "
        yield f"{title}[{rows} x {inner}] · [{inner} x {columns}]"
        named = {"filters, a row for each": found.filters, "windows, a column for each": found.windows}
        for name, numbers in named.items():
            yield f"  {name}"
            yield from tensor_lines(numbers, width, shown.digits)
        with_bias = found.biases is not None
        yield "  product, without the biases" if with_bias else "  product"
        yield from tensor_lines(found.product, width, shown.digits)


# ---- the way back


def _loss(shown: ShownValues, width: int) -> Iterator[str]:
    if shown.loss is not None:
        yield f"{shown.loss.name}: {number_text(shown.loss.value, shown.digits)}"


def _backward(shown: ShownValues, width: int) -> Iterator[str]:
    computation, digits = shown.computation, shown.digits
    if computation.input_gradient is None:
        return
    yield from wrap("Gradients, from the last layer to the first; ∂y is that of an output y.", width)
    kinds = {type(cell) for box in computation.cells[1:] for cell in box}
    for rule in [rule for kind, rule in _RULES.items() if kind in kinds]:
        yield from wrap(rule, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
    for layer in reversed(computation.layers):
        assert layer.gradient is not None
        yield ""
        yield _head(layer)
        yield "  gradient of the output"
        yield from volume_lines(layer.gradient, width, digits, "    ")
        for name, numbers in layer.state_gradients.items():
            yield f"  gradient of {name}"
            yield from tensor_lines(numbers, width, digits)
    if not computation.input.flat:
        return
    yield ""
    yield f"input {computation.network.input}"
    yield "  gradient of the input"
    yield from volume_lines(computation.input_gradient, width, digits, "    ")


_RULES: dict[type[Cell], str] = {
    Products: "y = Σ w·x + b: a weight gets ∂w = Σ ∂y·x, a bias ∂b = Σ ∂y, an input ∂x = Σ ∂y·w",
    ChosenValue: "y = max(…): the largest x gets ∂y, the others 0",
    Mapped: "y = f(x): ∂x = ∂y·f′(x)",
}


def _gradient_sums(shown: ShownValues, width: int) -> Iterator[str]:
    return _between([_gradient_sum(each, width, shown.digits) for each in shown.gradient_sums])


def _gradient_sum(found: GradientSum, width: int, digits: int | None) -> Iterator[str]:
    of_input = found.tensor == "input"
    place = place_text(found.place) if of_input else index_text(found.place)
    name = f"the input of {found.layer}" if of_input else f"{found.layer}.{found.tensor}"
    yield f"gradient of {name} at {place}"
    text = products_text(found.products, digits) if found.products else "0"
    if found.tensor == "bias" and all(slope == 1 for _, slope in found.products):
        text = added([gradient for gradient, _ in found.products], digits)
    yield from _labelled([("", f"{text} = {number_text(found.result, digits)}")], width)


# ---- a step of learning


def _learning(shown: ShownValues, width: int) -> Iterator[str]:
    if shown.learning is None:
        return
    step, after, digits = shown.learning.step, shown.learning.after, shown.digits
    rate = number_text(step.rate, digits)
    descends = step.rule == "gradient descent"
    rule = "A step of gradient descent: w ← w − α·∂w" if descends else "The perceptron's rule: w ← w + α·(d − y)·x"
    yield f"{rule} with α = {rate}"
    changed = "gradient" if descends else "(d − y)·x"
    for name, change in step.changes.items():
        layer, _, tensor = name.rpartition(".")
        before = shown.computation.layer(layer).state[tensor]
        yield f"  {name}"
        yield from _moved(before, change, step.tensors[name], changed, width, digits)
    yield ""
    yield "output after the step"
    yield from volume_lines(after.output, width, digits)
    if shown.loss is not None and shown.learning.loss_after is not None:
        losses = [number_text(loss.value, digits) for loss in (shown.loss, shown.learning.loss_after)]
        yield f"{shown.loss.name}: {losses[0]} before, {losses[1]} after"


def _moved(
    before: Numbers, change: Numbers, after: Numbers, changed: str, width: int, digits: int | None
) -> Iterator[str]:
    """Yield each grid of a tensor three times: before, its gradient, and after."""
    groups = []
    for (index, old), (_, by), (_, new) in zip(before.grids(), change.grids(), after.grids(), strict=True):
        title = kernel_title(index, before.shape)
        names = [f"{title} {word}".strip() for word in ("before", changed, "after")]
        grids = [grid_of(grid, digits) for grid in (old, by, new)]
        groups.append(side_by_side(list(zip(names, grids, strict=True)), width, "    "))
    yield from _between(groups)


def _remarks(shown: ShownValues, width: int) -> Iterator[str]:
    for remark in shown.remarks:
        yield from wrap(remark, max(20, width))
