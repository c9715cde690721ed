"""Computed values as LaTeX: matrices and sums for a worksheet. It needs the package amsmath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from cnncalc.core.cleaning import latex_cell
from cnncalc.layers.operations import Number
from cnncalc.report.latex_align import math_text
from cnncalc.report.number_grids import kernel_title, number_text, place_text
from cnncalc.report.value_sums import sum_lines
from cnncalc.report.values_drawn import ShownValues
from cnncalc.values import ComputedLayer, Numbers, UnitSum


def latex_pieces(shown: ShownValues) -> Iterator[str]:
    """Yield the values of every layer as matrices, the gradients likewise, and the sums as ``align*``."""
    computation, digits = shown.computation, shown.digits
    if computation.input.flat:
        yield _paragraph("input", str(computation.network.input))
        yield from _matrices("", computation.input, digits, volume=True)
    for layer in computation.layers:
        yield _paragraph(layer.name, f"{layer.node.written} → {layer.node.output}")
        for name, numbers in layer.state.items():
            yield from _matrices(name, numbers, digits, volume=False)
        yield from _matrices("output" if layer.state else "", layer.output, digits, volume=True)
    for unit in shown.sums:
        yield from _sum(unit, digits)
    for layer in reversed(computation.layers):
        yield from _gradients(layer, digits)
    if computation.input_gradient is not None and computation.input.flat:
        yield _paragraph("input", "gradient")
        yield from _matrices("", computation.input_gradient, digits, volume=True)


def _paragraph(name: str, text: str) -> str:
    return f"\\paragraph{{{latex_cell(name)}: \\texttt{{{latex_cell(text)}}}}}\n"


def _gradients(layer: ComputedLayer, digits: int | None) -> Iterator[str]:
    if layer.gradient is None:
        return
    yield _paragraph(layer.name, "gradients")
    yield from _matrices("output", layer.gradient, digits, volume=True)
    for name, numbers in layer.state_gradients.items():
        yield from _matrices(name, numbers, digits, volume=False)


def _matrices(name: str, numbers: Numbers, digits: int | None, *, volume: bool) -> Iterator[str]:
    """Yield the grids of an array, each as a matrix with its name."""
    for index, rows in numbers.grids() if len(numbers.shape) != 2 or not volume else _signal(numbers):
        title = _channel(index, numbers) if volume else kernel_title(index, numbers.shape)
        words = ", ".join([part for part in (name, title) if part])
        left = f"\\text{{{latex_cell(words)}}} = " if words else ""
        yield f"\\[ {left}{matrix(rows, digits)} \\]\n"


def _signal(numbers: Numbers) -> Iterator[tuple[tuple[int, ...], list[list[Number]]]]:
    """Yield the channels of a volume with one spatial dimension."""
    for place, row in enumerate(numbers.nested()):
        yield (place,), [row]


def _channel(index: Sequence[int], numbers: Numbers) -> str:
    return f"channel {', '.join(map(str, index))}" if numbers.shape[0] > 1 else ""


def matrix(rows: Sequence[Sequence[Number]], digits: int | None) -> str:
    """Return a grid as a matrix whose columns are set to the right."""
    lines = [" & ".join([_number(number, digits) for number in row]) for row in rows]
    apart = " \\\\[1.5ex] " if any("\\frac" in line for line in lines) else " \\\\ "  # fractions are higher than a line
    columns, body = "r" * len(rows[0]), apart.join(lines)
    return f"\\left[\\begin{{array}}{{{columns}}} {body} \\end{{array}}\\right]"


def _number(number: Number, digits: int | None) -> str:
    if isinstance(number, Fraction) and digits is None:
        sign = "-" if number < 0 else ""
        return f"{sign}\\frac{{{abs(number.numerator)}}}{{{number.denominator}}}"
    return number_text(number, digits).replace("−", "-")


def _sum(unit: UnitSum, digits: int | None) -> Iterator[str]:
    yield _paragraph(unit.layer, place_text(unit.place))
    lines = [f"\\text{{{latex_cell(label)}}} &: {math_text(text)}" for label, text in sum_lines(unit, digits)]
    yield "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n"
