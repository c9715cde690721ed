"""What the page knows of a network, as data that its script reads: each fact once, shared by layers that are alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cnncalc.analysis import Counts, LayerCounts
from cnncalc.analysis.arithmetic import ArithmeticStep, WorkedSolution, worked_solutions
from cnncalc.analysis.memory import MemoryPrediction
from cnncalc.core.cleaning import cell
from cnncalc.folding.groups import LayerGroup, groups_of
from cnncalc.network import Operation
from cnncalc.report.shapes import field_text

MOST_EXACT = 2**53
"""The largest whole number that a script can hold; what is larger is passed as a text."""

MOST_MOMENTS = 4000
"""Most points of a timeline; of a longer one the highest of each stretch is shown."""


def facts_of(
    counts: Counts, saved: Sequence[int] | None, memory: MemoryPrediction | None, *, steps: bool = True
) -> dict[str, Any]:
    """Return the facts of a network.

    Args:
        counts: of the network.
        saved: the bytes that each layer saves for its backward pass; None where they are not known.
        memory: of a training step; None where it is not known.
        steps: with the arithmetic of every layer.

    """
    network = counts.network
    operations: dict[Operation, int] = {}
    shared: list[list[Any]] = []
    rows: list[list[Any]] = []
    without = (WorkedSolution(row, [], [], []) for row in counts.rows)
    for solution in worked_solutions(counts) if steps else without:
        node = solution.row.node
        if node.operation not in operations:
            operations[node.operation] = len(shared)
            shared.append(_operation(solution))
        reads = [] if node.index in network.inputs_at else list(node.inputs)
        row = [cell(node.name), operations[node.operation], solution.row.line, reads]
        field = "" if node.index in network.inputs_at else _field(solution.row)
        rows.append([*row, field, _steps(solution.field), _exact(saved[node.index - 1]) if saved else 0])
    return {
        "operations": shared,
        "rows": rows,
        "groups": [_group(group) for group in groups_of(network)],
        "text": network.source.text.splitlines(),
        "timeline": _timeline(memory) if memory else [],
    }


def _group(group: LayerGroup) -> list[Any]:
    """Return what the script knows of a block or a repeat."""
    return [group.first, group.last, cell(group.name), cell(group.layer), group.times, int(group.opened)]


def _operation(solution: WorkedSolution) -> list[Any]:
    """Return what layers that are alike share."""
    row = solution.row
    node = row.node
    numbers = [_exact(number) for number in (node.params, node.macs, row.activation_bytes)]
    first, last = _steps(solution.first), _steps(solution.last)
    return [cell(node.written), node.layer.role, str(node.output), *numbers, first, last]


def _steps(steps: Iterable[ArithmeticStep]) -> list[list[str]]:
    return [list(map(cell, step)) for step in steps]


def _field(row: LayerCounts) -> str:
    return "" if None in row.field else field_text(row)


def _exact(number: int) -> int | str:
    return number if number <= MOST_EXACT else str(number)


def _timeline(memory: MemoryPrediction) -> list[list[Any]]:
    """Return phase, layer and bytes of the moments of a step; of a long step those that are highest."""
    moments = memory.timeline
    stretch = -(-len(moments) // MOST_MOMENTS)
    some = [max(moments[at : at + stretch], key=lambda moment: moment.bytes) for at in range(0, len(moments), stretch)]
    return [[moment.phase, moment.layer, moment.bytes] for moment in some]
