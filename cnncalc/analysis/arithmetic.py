"""The arithmetic behind every count, written out as a person would on a whiteboard.

The factors come from the layers, which count with the same ones, so that a sum and its result agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import prod
from typing import NamedTuple

from cnncalc.analysis.counts import Counts, LayerCounts
from cnncalc.analysis.receptive import Field, Fields, input_fields
from cnncalc.core.numbers import counted
from cnncalc.core.words import joined_by_and
from cnncalc.layers.dimension_names import axis_name, never_read
from cnncalc.network import Node, Operation


class ArithmeticStep(NamedTuple):
    """One line of a worked solution: ``parameters: (5·5·3 + 1)·10 = 760``.

    Attributes:
        quantity: what is computed, such as ``output height`` or ``MACs``.
        sum: how, without the result; "" where the result stands alone.
        result: the result as text, with its unit if it has one.

    """

    quantity: str
    sum: str
    result: str

    def __str__(self) -> str:
        return f"{self.sum} = {self.result}" if self.sum and self.result else self.sum or self.result


def output_sum(node: Node) -> str:
    """Return how the spatial output size comes about, once where all dimensions are alike; "" if unchanged."""
    sums = node.layer.size_sums(node.sources)
    results = [f"{text} = {size}" for text, size in zip(sums, node.output.spatial, strict=False)]
    return "; ".join(dict.fromkeys(results))


def parameter_sum(node: Node, *, biases: bool = True) -> str:
    """Return how the number of parameters comes about: ``(5·5·3 + 1)·10``; "" where it is no sum and no product."""
    factors = () if node.operation.again else node.layer.weight_factors(node.sources)
    shifts = node.biases if biases else 0
    if not factors:
        return ""
    if len(factors) == 1:
        return f"{factors[0]} + {shifts}" if shifts else ""
    *inner, outputs = factors
    for own in range(len(inner)):  # sizes of the output in front: weights that positions do not share
        if shifts == prod(inner[:own]) * outputs:
            bracket = f"({_product(inner[own:])} + 1)"
            return "·".join([*map(str, inner[:own]), bracket, str(outputs)])
    return f"{_product(factors)} + {shifts}" if shifts else _product(factors)


def mac_sum(node: Node) -> str:
    """Return how the number of MACs comes about: ``32·32·10·5·5·3``; "" where it is no product."""
    factors = node.layer.mac_factors(node.sources)
    return _product(factors) if len(factors) > 1 else ""


class WorkedSolution(NamedTuple):
    """The worked solution of a layer.

    Attributes:
        row: the layer.
        first, last: the steps that layers that are alike share; they have the very same lists.
        field: the steps of its receptive field, between the two.

    """

    row: LayerCounts
    first: list[ArithmeticStep]
    field: list[ArithmeticStep]
    last: list[ArithmeticStep]

    @property
    def steps(self) -> list[ArithmeticStep]:
        """All steps."""
        return [*self.first, *self.field, *self.last]


def worked_solutions(counts: Counts, chosen: Iterable[LayerCounts] | None = None) -> Iterator[WorkedSolution]:
    """Yield the worked solution of every layer, or of the chosen ones, in their order."""
    known: dict[Operation, tuple[list[ArithmeticStep], list[ArithmeticStep], int]] = {}
    at_the_input = input_fields(counts.network)
    for row in counts.rows if chosen is None else chosen:
        operation = row.node.operation
        if operation not in known:
            known[operation] = list(_first_steps(counts, row)), list(_last_steps(row.node)), _window(operation)
        first, last, window = known[operation]
        if row.fields:
            yield WorkedSolution(row, first, list(_fields_of_several(counts, row)), last)
            continue
        arriving = [counts.rows[index - 1].field if index else at_the_input for index in row.node.inputs]
        field = _grown(row.field, arriving[0], window) if window else None
        yield WorkedSolution(row, first, [field] if field else list(_receptive_field(row, arriving)), last)


def _fields_of_several(counts: Counts, row: LayerCounts) -> Iterator[ArithmeticStep]:
    """Yield the steps of the receptive field in each input that a layer sees; none for an input itself."""
    for name, fields in row.fields:
        read = [dict(counts.rows[index - 1].fields).get(name) for index in row.node.inputs if index]
        arriving = [each for each in read if each]
        for step in _receptive_field(row._replace(field=fields), arriving) if arriving else ():
            yield step._replace(quantity=f"{step.quantity} in {name}")


def _window(operation: Operation) -> int:
    """Return the positions that a window covers along every dimension; 0 where dimensions or windows differ."""
    reaches = operation.reaches
    if len(operation.sources) != 1 or not reaches or reaches[0] is None or reaches.count(reaches[0]) != len(reaches):
        return 0
    windows = reaches[0].windows
    return windows[0][1] - windows[0][0] + 1 if len(windows) == 1 else 0


def _grown(fields: Fields, before: Fields, window: int) -> ArithmeticStep | None:
    """Return the step of a receptive field that grows alike along all dimensions; None where it does not.

    It says what `_receptive_field` says, which most layers of a long network need not be asked.
    """
    field, seen = fields[0], before[0]
    if field is None or seen is None or len(seen.intervals) != 1 or len(field.intervals) != 1:
        return None
    if fields.count(field) != len(fields) or before.count(seen) != len(before):
        return None
    (first, last), (start, end) = seen.intervals[0], field.intervals[0]
    text = f"{last - first + 1} + ({window} − 1)·{_whole(seen.jump)}"
    return ArithmeticStep("receptive field", text, f"{end - start + 1}, stride {_whole(field.jump)}")


def _whole(jump: Fraction) -> Fraction | int:
    """Return a stride as a whole number where it is one, which is faster to write."""
    return jump.numerator if jump.denominator == 1 else jump


def _first_steps(counts: Counts, row: LayerCounts) -> Iterator[ArithmeticStep]:
    node = row.node
    if node.index in counts.network.inputs_at:
        yield ArithmeticStep("output", "", str(node.output))
        yield _memory(counts, row)
        return
    yield ArithmeticStep("input", "", " and ".join(map(str, node.sources)))
    yield from _output(node)
    counted = "0, since an earlier layer has its weights" if node.operation.again else f"{node.params:,}"
    yield ArithmeticStep("parameters", parameter_sum(node), counted)
    if node.macs:
        yield ArithmeticStep("MACs", mac_sum(node), f"{node.macs:,} for one image")
    yield _memory(counts, row)


def _last_steps(node: Node) -> Iterator[ArithmeticStep]:
    if (product := node.layer.matrix_product(node.sources)) is not None:
        times = f"{product.groups} times " if product.groups > 1 else ""
        sizes = f"[{product.rows} x {product.inner}] · [{product.inner} x {product.columns}]"
        yield ArithmeticStep("as a matrix product", "", times + sizes)


def _output(node: Node) -> Iterator[ArithmeticStep]:
    sums = node.layer.size_sums(node.sources)
    dimensions = node.output.dimensions
    distinct = set(sums)
    if len(distinct) == 1 and dimensions > 1:
        names = [axis_name(axis, dimensions) for axis in range(dimensions)]
        yield ArithmeticStep(joined_by_and(names), sums[0], str(node.output[0]))
    else:
        for axis, text in enumerate(sums):
            yield ArithmeticStep(axis_name(axis, dimensions), text, str(node.output[axis]))
    yield ArithmeticStep("output", "", str(node.output))
    if any(node.dropped):
        yield ArithmeticStep("not read", "", never_read(node.dropped))


def _memory(counts: Counts, row: LayerCounts) -> ArithmeticStep:
    values = f"{_product(row.node.output)} values"
    batch = f" · {counts.batch:,} images" if counts.batch > 1 else ""
    each = counted(counts.bytes_per_value, "byte")
    return ArithmeticStep("memory", f"{values} · {each}{batch}", counted(row.activation_bytes, "byte"))


def _receptive_field(row: LayerCounts, arriving: Sequence[Fields]) -> Iterator[ArithmeticStep]:
    dimensions = len(row.field)
    if all(fields.count(fields[0]) == dimensions for fields in (row.field, *arriving)) and _is_square(row):
        yield ArithmeticStep("receptive field", *_field_sum(row, [fields[0] for fields in arriving], 0))
        return
    sums = [_field_sum(row, [fields[axis] for fields in arriving], axis) for axis in range(dimensions)]
    if len(set(sums)) == 1:
        yield ArithmeticStep("receptive field", *sums[0])
        return
    for axis, (text, result) in enumerate(sums):
        yield ArithmeticStep(f"receptive field, {axis_name(axis, dimensions)}", text, result)


def _is_square(row: LayerCounts) -> bool:
    """Say whether a layer looks around alike along all dimensions."""
    reaches = row.node.operation.reaches
    return not reaches or reaches.count(reaches[0]) == len(reaches)


def _field_sum(row: LayerCounts, arriving: Sequence[Field | None], axis: int) -> tuple[str, str]:
    """Return the sum and the result of the receptive field along one dimension."""
    field = row.field[axis]
    if field is None:
        return "", "not known: the enlargement is too fine"
    result = f"{field.size}, stride {field.jump}"
    if len(arriving) > 1:
        sizes = [str(one.size) for one in arriving if one is not None]
        what = "its input and the pool" if row.node.layer.reads_places else "the branches"
        return f"{what} {', '.join(sizes)} together", result
    before = arriving[0]
    reach = row.node.operation.reaches[axis] if row.node.operation.reaches else None
    if before is None or reach is None or len(reach.windows) != 1 or len(before.intervals) != 1:
        return "", result
    first, last = reach.windows[0]
    return f"{before.size} + ({last - first + 1} − 1)·{before.jump}", result


def _product(factors: Iterable[int]) -> str:
    return "·".join(map(str, factors))
