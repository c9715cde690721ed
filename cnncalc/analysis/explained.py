"""Worked solutions with more in them: formulas in letters, neurons, the backward pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cnncalc.analysis.arithmetic import ArithmeticStep, WorkedSolution, worked_solutions
from cnncalc.analysis.backward import backward_counts, backward_steps
from cnncalc.analysis.counts import Counts, LayerCounts
from cnncalc.analysis.field_places import place_steps
from cnncalc.analysis.neurons import neuron_steps
from cnncalc.analysis.traffic import forward_values
from cnncalc.analysis.unlearned import unlearned_of
from cnncalc.core.numbers import counted
from cnncalc.layers.dimension_names import axis_name
from cnncalc.network import Node, Operation


class Explanation(NamedTuple):
    """What a worked solution says beside the usual.

    Attributes:
        detail: formulas in letters, FLOPs, what is read and written, what is not learned, neurons and connections, what
            sharing saves, the padding that keeps the size, where the receptive fields lie.
        backward: the sizes and multiplications of the backward pass.

    """

    detail: bool = False
    backward: bool = False


def explained(counts: Counts, chosen: Iterable[LayerCounts], more: Explanation) -> Iterator[WorkedSolution]:
    """Yield the worked solution of each of the chosen layers."""
    back = backward_counts(counts.network) if more.backward else []
    known: dict[Operation, list[ArithmeticStep]] = {}
    for solution in worked_solutions(counts, chosen):
        node, first, field = solution.row.node, solution.first, solution.field
        if more.detail:
            if node.operation not in known:
                known[node.operation] = [*_lettered(first, node), *_more_counts(counts, node), *neuron_steps(node)]
            first = known[node.operation]
            if not solution.row.fields:  # in several inputs each has its own
                field = [*field, *place_steps(solution.row.field, node.output.spatial)]
        if back:
            field = [*field, *backward_steps(back[node.index - 1])]
        yield solution._replace(first=first, field=field)


def _more_counts(counts: Counts, node: Node) -> Iterator[ArithmeticStep]:
    """Yield the FLOPs of a layer, what it must read and write, and how many numbers it keeps and does not learn."""
    if node.macs:
        yield ArithmeticStep("FLOPs", f"2·{node.macs:,}", f"{2 * node.macs:,} for one image")
    moved = forward_values(node.operation)
    if moved:
        each, size = " + ".join([f"{name} {values:,}" for name, values in moved]), counts.bytes_per_value
        total = size * sum([values for _, values in moved])
        sum_of_values = f"({each}) values · {counted(size, 'byte')}"
        yield ArithmeticStep("read and written", sum_of_values, f"{counted(total, 'byte')} for one image")
    kept = unlearned_of(node.operation)
    if kept:
        yield ArithmeticStep("not learned", "", f"{kept:,} values")


def _lettered(steps: Iterable[ArithmeticStep], node: Node) -> list[ArithmeticStep]:
    """Return steps with their formulas in letters in front of the numbers."""
    letters = node.layer.letters(node.sources)
    dimensions = node.output.dimensions
    axes = {axis_name(axis, dimensions) for axis in range(dimensions)}
    formulas = {"parameters": letters.parameters, "MACs": letters.macs}

    def formula(step: ArithmeticStep) -> str:
        first = step.quantity.replace(",", " ").split()[0]
        return letters.size if first in axes else formulas.get(step.quantity, "")

    return [
        step._replace(sum=f"{found} = {step.sum}") if (found := formula(step)) and step.sum else step for step in steps
    ]
