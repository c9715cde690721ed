"""Another order of the operators, in which least is alive at once."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from cnncalc.microcontrollers.graph import Graph, Operator

MOST_STATES = 4096
"""How many sets of operators are tried between two places where one tensor alone is alive."""


def best_order(graph: Graph) -> list[Operator]:
    """Return the operators in the order whose most bytes that are alive at once are least.

    Between two places where one tensor alone is alive, every order is tried; where there are too many, the order stays.
    """
    return [operator for segment in _segments(graph) for operator in _Segment(segment, graph).ordered()]


def _segments(graph: Graph) -> Iterator[list[Operator]]:
    """Yield the operators between two places where one tensor alone is alive."""
    last = {id(tensor): step for step, operator in enumerate(graph.operators) for tensor in operator.inputs}
    last |= {id(tensor): len(graph.operators) for tensor in graph.outputs}
    alive = {id(tensor) for tensor in graph.inputs}
    segment: list[Operator] = []
    for step, operator in enumerate(graph.operators):
        segment.append(operator)
        alive = {each for each in (*alive, id(operator.output)) if last.get(each, step) > step}
        if len(alive) <= 1:
            yield segment
            segment = []
    if segment:
        yield segment


class _Segment:
    """Finds the best order of some operators: the state of a search is the set of those that have run, as bits."""

    def __init__(self, operators: Sequence[Operator], graph: Graph) -> None:
        self.operators = operators
        made = {id(operator.output): index for index, operator in enumerate(operators)}
        given = {id(each): each for op in operators for each in op.inputs if not each.constant and id(each) not in made}
        read_here = {id(tensor) for operator in operators for tensor in operator.inputs}
        behind = [op for op in graph.operators if op not in operators]
        kept = {id(tensor) for operator in behind for tensor in operator.inputs} | {id(each) for each in graph.outputs}
        self.needs = [_bits(made[id(each)] for each in op.inputs if id(each) in made) for op in operators]
        self.tensors = [
            (
                each.bytes,
                made.get(key, -1),
                _bits(at for at, op in enumerate(operators) if each in op.inputs),
                key in kept,
            )
            for key, each in ({id(op.output): op.output for op in operators} | given).items()
            if key in read_here or key in kept
        ]

    def ordered(self) -> Sequence[Operator]:
        """Return the order."""
        count = len(self.operators)
        waiting: list[tuple[int, int, int, tuple[int, ...]]] = [(0, 0, 0, ())]
        seen = set()
        while waiting and count > 2:
            most, _, done, order = heapq.heappop(waiting)
            if len(order) == count:
                return [self.operators[index] for index in order]
            if done in seen:
                continue
            seen.add(done)
            if len(seen) > MOST_STATES:
                break
            for index, needed in enumerate(self.needs):
                if not done >> index & 1 and needed & done == needed:
                    peak = max(most, self.alive(done, index))
                    heapq.heappush(waiting, (peak, -len(order) - 1, done | 1 << index, (*order, index)))
        return self.operators

    def alive(self, done: int, index: int) -> int:
        """Return the bytes that are alive while an operator runs, after others have."""
        now = done | 1 << index
        return sum(
            size
            for size, maker, readers, kept in self.tensors
            if (maker < 0 or now >> maker & 1) and (kept or readers & ~done or maker == index)
        )


def _bits(indices: Iterator[int]) -> int:
    """Return a set of numbers as bits."""
    bits = 0
    for index in indices:
        bits |= 1 << index
    return bits
